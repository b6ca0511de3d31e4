"""How fast rows are read, against the `csv` and `json` modules over the same file, in alternation;
and how much memory that takes. What is opened is held against its record from end to end."""

from __future__ import annotations

import csv
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS, ROUNDS = 300_000, 5
PEERS = {
    "csv": "sum(1 for _ in csv.reader(open(path, newline='', encoding='utf-8')))",
    "jsonl": "sum(1 for _ in map(json.loads, open(path, encoding='utf-8')))",
}
OURS = """
from rlmlang.ir.types import FLOAT, INT, TEXT, Field, list_of, record
from rlmlang.plugins import opened
from rlmlang.sources.place import Place
fields = {"id": INT, "name": TEXT, "kind": TEXT, "amount": FLOAT, "note": TEXT}
item = record(*(Field(n, t) for n, t in fields.items()), name="Row")
def rows():
    return opened(kind, Place(path, list_of(item)))
"""
OPENED, READ = "len(rows())", "sum(1 for _ in rows())"
CODE = """
import csv, json, resource, sys, time
kind, path, what, ours = sys.argv[1:]
exec(ours)
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
count = eval(what)
taken = time.process_time() - start
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
print(count, taken, grown // 1024)
"""


def write(folder: Path, count: int) -> None:
    """The same rows as CSV and as JSON lines."""
    chance = random.Random(1)
    names = ("id", "name", "kind", "amount", "note")
    with (folder / "a.csv").open("w", newline="") as table, (folder / "a.jsonl").open("w") as lines:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(names)
        for number in range(count):
            kind = chance.choice(["alpha", "beta", "gamma"])
            note = "the quick brown fox " * chance.randrange(1, 4)
            row = (number, f"name {number % 999}", kind, round(chance.random(), 4), note)
            writer.writerow(row)
            lines.write(json.dumps(dict(zip(names, row, strict=True))) + "\n")


def measured(kind: str, path: Path, what: str, ours: str = OURS) -> tuple[float, int]:
    """Processor seconds in a fresh process, and the megabytes that it grew by."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, kind, str(path), what, ours],
        check=True,
        capture_output=True,
        text=True,
    )
    count, taken, grown = done.stdout.split()
    assert int(count) in (ROWS, ROWS + 1)
    return float(taken), int(grown)


def table() -> list[tuple[str, str, str]]:
    """Rows of the benchmark."""
    out = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, ROWS)
        for kind, peer in PEERS.items():
            path = folder / f"a.{kind}"
            found = [
                (
                    measured(kind, path, peer, ""),
                    measured(kind, path, OPENED),
                    measured(kind, path, READ),
                )
                for _ in range(ROUNDS)
            ]
            base = statistics.median(x[0][0] for x in found)
            for at, words, most in ((1, "opened and checked", "≤ 2"), (2, "and each row made", "")):
                taken = statistics.median(x[at][0] for x in found)
                grown = max(x[at][1] for x in found)
                what = f"{ROWS:,} rows of {kind}, {words}"
                ratio = f"{taken / base:.2f} × the {'csv' if kind == 'csv' else 'json'} module ({taken:.2f} s)"
                out.append((what, f"{ratio}, {grown} MB more memory", most))
    return out


if __name__ == "__main__":
    for row in table():
        print(*row, sep="   ")
