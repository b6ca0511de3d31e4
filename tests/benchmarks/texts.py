"""How fast texts are cut, against LangChain's recursive splitter where it is installed.

30 MB of the standard library's Python, pieces of about 8,000 bytes, processor time, the best of
some rounds in alternation.
"""

from __future__ import annotations

import sysconfig
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

from rlmlang import plugins
from rlmlang.context import whole
from rlmlang.partitions.measure import Estimate
from rlmlang.sources.local import open_file

BYTES, ROUNDS, PIECE = 30_000_000, 5, 8_000
WAYS: dict[str, dict[str, Any]] = {
    "tokens": {"max": PIECE // 2, "overlap": 0, "slack": 0.1},
    "lines": {"per": 200, "max": None},
    "records": {"per": 20, "start": r"\S", "max": PIECE // 2},
    "headings": {"max": PIECE // 2, "slack": 0.1},
    "paragraphs": {"max": PIECE // 2, "slack": 0.1},
    "functions": {"max": PIECE // 2, "slack": 0.1},
    "stable": {"around": PIECE // 2},
    "tree": {"into": BYTES // PIECE, "slack": 0.1},
}


def source() -> str:
    """So much Python, the same files again where there is too little."""
    folder = Path(sysconfig.get_path("stdlib"))
    files = sorted(file for file in folder.rglob("*.py") if "site-packages" not in file.parts)
    found, size = list[str](), 0
    for file in cycle(files):
        if size > BYTES:
            break
        found.append(file.read_bytes().decode(errors="ignore"))
        size += len(found[-1])
    return "\n".join(found)


def table() -> list[tuple[str, str, str]]:
    """A row a partition: how many times as fast as LangChain, and MB a second."""
    text = source()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "library.txt"
        path.write_text(text, encoding="utf-8")
        subject = whole(open_file(str(path)))
        size = subject.parts[0].end / 1e6

        def cut(way: str) -> Callable[[], object]:
            made = plugins.partition(way, WAYS[way])
            return lambda: sum(1 for _ in made.split(subject, Estimate()))

        runs = {way: cut(way) for way in WAYS}
        if peer := langchain(text):
            runs["LangChain"] = peer
        best = fastest(runs)
    rows = []
    for way in WAYS:
        words = f"{size / best[way]:,.0f} MB/s"
        if peer:
            words = f"{best['LangChain'] / best[way]:.1f} × LangChain ({words})"
        rows.append((f"split {size:.0f} MB of Python by {way}", words, "≥ 2"))
    return rows


def langchain(text: str) -> Callable[[], object] | None:
    """LangChain's splitter, where it is installed."""
    try:
        from langchain_text_splitters import RecursiveCharacterTextSplitter
    except ImportError:
        return None
    splitter = RecursiveCharacterTextSplitter(chunk_size=PIECE, chunk_overlap=0)
    return lambda: splitter.split_text(text)


def fastest(runs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of each, the best of some rounds."""
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            begin = time.process_time()
            run()
            best[name] = min(best.get(name, 1e9), time.process_time() - begin)
    return best


if __name__ == "__main__":
    for row in table():
        print(*row, sep="   ")
