"""Prints the table of ratios: start-up, splitting and rows, or with `all` everything (half an hour)."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import (
    batches,
    calls,
    checking,
    editing,
    edits,
    pages,
    rows,
    scale,
    sessions,
    texts,
)

REPEATS = 15
RECIPE = Path(__file__).parents[2] / "examples" / "counting" / "counting.rlm"
MEMORY = """
import resource, sys
from rlmlang import plugins
from rlmlang.context import whole
from rlmlang.partitions.measure import Estimate
from rlmlang.sources.local import open_file
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
document = open_file(sys.argv[1])
count = sum(1 for _ in plugins.partition("tokens", {"max": 4000, "overlap": 0, "slack": 0.1})
            .split(whole(document), Estimate()))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(count, (after - before) // 1024)
"""


def seconds(*commands: tuple[str, ...]) -> list[float]:
    """The median processor time of each command in fresh processes, measured in alternation once
    their bytecode is there."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    times: list[list[float]] = [[] for _ in commands]
    for _ in range(1 + REPEATS):
        for command, taken in zip(commands, times, strict=True):
            start = children()
            subprocess.run([sys.executable, *command], check=True, capture_output=True, env=env)
            taken.append(children() - start)
    return [statistics.median(taken[1:]) for taken in times]


def children() -> float:
    """The processor time of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def start_up(folder: Path) -> list[tuple[str, str, str]]:
    """Commands that send nothing, over 200 lines, against importing click."""
    text = RECIPE.read_text()
    body = text.split("recipe who_asks")[1]
    path = folder / "long.rlm"
    path.write_text(text + "".join(f"\nrecipe who_asks{i}{body}" for i in range(10)))
    lines = len(path.read_text().splitlines())
    wanted = {
        ("--help",): "≤ 1.2",
        ("check", str(path)): "≤ 3",
        ("fmt", "--check", str(path)): "",
    }
    click, *found = seconds(("-c", "import click"), *(("-m", "rlmlang", *c) for c in wanted))
    return [
        (
            f"rlm {command[0]}, {lines} lines",
            f"{taken / click:.2f} × import click ({taken * 1e3:.0f} ms)",
            most,
        )
        for (command, most), taken in zip(wanted.items(), found, strict=True)
    ]


def memory(folder: Path) -> tuple[str, str, str]:
    """Splitting a file of 1 GB."""
    path = folder / "large.txt"
    line = b"The road was wet and nobody sang on the way to the harbour. " * 16 + b"\n"
    with path.open("wb") as file:
        for _ in range(1_000):
            file.write(line * 1_042)
    size = path.stat().st_size / 1e9
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)], check=True, capture_output=True, text=True
    )
    count, grown = done.stdout.split()
    took = time.perf_counter() - start
    words = f"{grown} MB more memory, {count} pieces, {took:.1f} s"
    return f"split {size:.2f} GB by tokens", words, "≤ 100 MB"


def main() -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [*start_up(folder), memory(folder), *rows.table(), *texts.table()]
    if "all" in sys.argv[1:]:
        lines += [
            *batches.table(),
            *calls.table(),
            *checking.table(),
            *editing.table(),
            *edits.table(),
            *pages.table(),
            *scale.table(),
            *sessions.rows(),
        ]
    print(f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, Python {platform.python_version()}")  # noqa: T201
    for what, found, wanted in lines:
        print(f"| {what} | {found} | {wanted} |")  # noqa: T201


if __name__ == "__main__":
    main()
