"""Sets a small real model up on this machine, runs six jobs in each form of answer, and prints how
many of its first replies were read, repaired and refused, and whether tok and plans held.

`python -m tests.real` takes about 20 minutes of two cores, and some more the first time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlmlang.partitions.measure import Estimate
from tests.real.house import NAME, served
from tests.real.recipes import JOBS, Job, write

FORMS = ("plain", "fields", "json")
OUTCOMES = ("read", "repaired", "cut", "unreadable", "check")
"""What became of a first reply: read as it is, read with repairs, cut by the limit, unreadable, or
read and refused by a check (a quote that is in no page, a size)."""
ROOT = Path(__file__).parents[2]
MOST = 300  # calls of all jobs together
STORE = "store.db"


@dataclass
class Row:
    """What came of a job in a form: replies of first attempts, and calls against the plan."""

    job: str
    form: str
    first: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    most: int = 0
    tokens: int = 0
    most_tokens: int = 0
    estimated: int = 0
    seconds: float = 0.0
    ended: str = ""

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        shares = (str(self.first[k] or "–") for k in OUTCOMES)
        of = f"{self.tokens / self.most_tokens:.0%}" if self.most_tokens else "–"
        counted = f"{self.tokens / self.estimated:.2f}" if self.estimated else "–"
        return (
            self.job, self.form, *shares, f"{self.calls}/{self.most}", of, counted, f"{self.seconds:.0f}",
            self.ended,
        )  # fmt: skip


def rlm(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """The command line, in a folder."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "none", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "rlmlang", *args]
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=1200
    )


def events(folder: Path, store: str) -> Iterator[dict[str, Any]]:
    """What the runs of a store have recorded."""
    runs = json.loads(rlm(folder, "runs", "--all", "--json", "--store", store).stdout)
    for run in runs:
        for line in rlm(folder, "export", run["run"], "--store", store).stdout.splitlines():
            yield json.loads(line)


def book(row: Row, found: Iterator[dict[str, Any]]) -> None:
    """Counts what the events say: of each call its first attempt."""
    repaired, attempts, measure = set(), [], Estimate()
    for event in found:
        if event["event"] == "call_read" and event.get("repairs"):
            repaired.add((event["run"], event["call"]))
            row.repairs.update(event["repairs"])
        elif event["event"] in ("call_finished", "call_failed"):
            attempts.append(event)
            row.calls += 1
            row.tokens += event.get("tokens_in") or 0
            row.estimated += measure.tok(event.get("request") or "")
    for event in attempts:
        if event.get("attempt", 0) == 0:
            row.first[outcome(event, repaired)] += 1


def outcome(event: dict[str, Any], repaired: set[tuple[str, str]]) -> str:
    """What became of a reply."""
    if event["event"] == "call_finished":
        return "repaired" if (event["run"], event["call"]) in repaired else "read"
    return {"check-failed": "check", "answer-cut": "cut"}.get(event["code"], "unreadable")


def carried_out(folder: Path, job: Job, form: str, base: str) -> Row:
    """One job in one form."""
    store = f"{job.name}-{form}.db"
    given = [f"--source={s}" for s in job.sources] + [f"--set={v}" for v in job.values]
    given += ["--api-base", base, "--set", f"small.answer={form}"]
    row, began = Row(job.name, form), time.monotonic()
    planned = rlm(folder, "plan", f"{job.name}.rlm", *given, "--json")
    done = rlm(
        folder, "run", f"{job.name}.rlm", *given, "--store", store, "--parallel", "1",
        "--timeout", "300", "--json",
    )  # fmt: skip
    row.seconds = time.monotonic() - began
    row.ended = "ok" if done.returncode == 0 else done.stderr.split("error[")[-1].split("]")[0]
    if planned.returncode == 0:
        worst = json.loads(planned.stdout)["totals"]["worst"]
        row.most, row.most_tokens = int(worst["calls"]), int(worst["tokens_in"])
    book(row, events(folder, store))
    return row


def trained(folder: Path, command: str, form: str, base: str) -> Row:
    """An eval or a tuning of the labels."""
    store = f"{command}-{form}.db"
    row, began = Row(command, form), time.monotonic()
    done = rlm(
        folder, command, "labels.rlm", "--api-base", base, "--store", store, "--at-once", "1",
        "--timeout", "300",
    )  # fmt: skip
    row.seconds = time.monotonic() - began
    row.ended = " ".join(done.stdout.split())[-60:] or done.stderr.strip()[:60]
    book(row, events(folder, store))
    return row


def main() -> None:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as base:
        folder = Path(name)
        write(folder)
        for form in FORMS:
            for job in JOBS:
                rows.append(carried_out(folder, job, form, base))
                print(" | ".join(rows[-1].cells()), file=sys.stderr)
        for command, form in (("eval", "json"), ("tune", "json")):
            rows.append(trained(folder, command, form, base))
            print(" | ".join(rows[-1].cells()), file=sys.stderr)
    show(rows)


def show(rows: list[Row]) -> None:
    """The table, as the documentation has it."""
    print(f"{NAME}, {time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores\n")
    print(
        f"| job | form | {' | '.join(OUTCOMES)} | calls of plan | tok in of plan | tok counted ÷ estimated | s | end |"
    )
    print("|---" * (7 + len(OUTCOMES)) + "|")
    for row in rows:
        print(f"| {' | '.join(row.cells())} |")
    repairs = sum((row.repairs for row in rows), Counter[str]())
    print("\nrepairs:", ", ".join(f"{n} {c}" for n, c in repairs.most_common()) or "none")
    calls = sum(row.calls for row in rows)
    print(f"calls: {calls} of {MOST}")


if __name__ == "__main__":
    main()
