"""The same 200 texts with one question each: a shell loop of `rlm run`, `rlm batch`, and
`dspy.Parallel`; wall time, processor time, requests, and what a kill in the middle costs.

One server on loopback that answers after 250 ms.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.provider import Served, provider

ITEMS, LATENCY = 200, 0.25
RECIPE = """rlm 1

prompt tag(page: Text) -> Text { task: "What is the page about?" retry <= 0 }

recipe one(page: Text) -> Text {
  return tag(page)
}
"""
LOOP = (
    "for f in pages/*.txt; do {python} -m rlmlang run one.rlm --source page=$f --model my/model"
    " --api-base {base} --out out/$(basename $f .txt).json --quiet || exit 1; done"
)
PARALLEL = """
import sys; from pathlib import Path; import dspy
lm = dspy.LM("openai/my/model", api_base=sys.argv[1], api_key="none", cache=True)
dspy.configure(lm=lm)
tag = dspy.Predict("page -> about")
pages = sorted(Path("pages").glob("*.txt"))
pairs = [(tag, dspy.Example(page=p.read_text()).with_inputs("page")) for p in pages]
found = dspy.Parallel(num_threads=8, disable_progress_bar=True)(pairs)
Path("out").mkdir(exist_ok=True)
for page, answer in zip(pages, found):
    (Path("out") / f"{page.stem}.json").write_text(answer.about)
"""


def commands(base: str) -> dict[str, list[str]]:
    """The three ways."""
    batch = [sys.executable, "-m", "rlmlang", "batch", "one.rlm", "--each", "page=pages/*.txt"]
    batch += ["--out", "out/{name}.json", "--model", "my/model", "--api-base", base, "--quiet"]
    return {
        "rlm run in a shell loop": ["bash", "-c", LOOP.format(python=sys.executable, base=base)],
        "rlm batch, 8 items at a time": batch,
        "dspy.Parallel, 8 threads": [sys.executable, "-c", PARALLEL, base],
    }


def once(command: list[str], server: Served, *, kill_at: int = 0) -> tuple[float, float, int, int]:
    """Wall and processor seconds, requests, and of these those after a kill at so many."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pages").mkdir()
        (folder / "out").mkdir()
        for number in range(ITEMS):
            text = f"Page {number} of {server.base} tells of the harbour in {1800 + number}."
            (folder / f"pages/{number:04}.txt").write_text(text)
        (folder / "one.rlm").write_text(RECIPE)
        env = {**os.environ, "DSPY_CACHEDIR": str(folder / "cache")}
        before, after_kill = server.stats()["n"], 0
        if kill_at:
            with subprocess.Popen(command, cwd=folder, env=env, start_new_session=True) as run:
                while server.stats()["n"] < before + kill_at and run.poll() is None:
                    time.sleep(0.02)
                os.killpg(run.pid, signal.SIGKILL)
            after_kill = server.stats()["n"]
        used, began = _used(), time.monotonic()
        subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
        wall, total = time.monotonic() - began, server.stats()["n"]
        return wall, _used() - used, total - before, total - after_kill if kill_at else 0


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table() -> list[tuple[str, str, str]]:
    """A row a way: what is measured, and what was found."""
    rows = []
    for name in commands(""):
        with provider(latency=LATENCY) as server:
            wall, cpu, asked, _ = once(commands(server.base)[name], server)
        with provider(latency=LATENCY) as server:
            _, _, all_asked, _ = once(commands(server.base)[name], server, kill_at=ITEMS // 2)
        again = all_asked - ITEMS
        rows.append(
            (
                f"{ITEMS} items: {name}",
                f"{wall:.1f} s, {cpu:.1f} s of CPU, {asked} calls; killed at half: {again} again",
                "",
            )
        )
    return rows


if __name__ == "__main__":
    for row in table():
        print(*row)
