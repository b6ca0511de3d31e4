"""A store of ten million calls in one run: how long it takes to open it, to go on with the run, and
to read a part of it, and how much memory. `python -m tests.benchmarks.stores [CALLS]`

The store begins with a real run; its rows are multiplied by the store's own writer, each packed and
sealed as any other. A million take 320 MB of disk and six minutes
to make on a busy machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import rlmlang
from rlmlang.ir.calls import CallId
from rlmlang.stores import rows as sealed
from rlmlang.stores import schema
from rlmlang.stores.calls import CallRow, row_from
from rlmlang.stores.rows import Batch
from rlmlang.stores.sqlite_writer import FileWriter
from rlmlang.stores.told import Told, row_of
from rlmlang.testing import ScriptedEngine
from tests.benchmarks.calls import rows

BEGUN, GROUP, TOGETHER = 100, 20_000, 100  # calls of the real run, of a commit, of a row of told
PEAK = """
import atexit, re, runpy, sys
from pathlib import Path
def note():
    found = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
    Path("peak").write_text(found[1])
atexit.register(note)
"""  # of the process alone: the kernel's ru_maxrss counts what its parent had before
RLM = "runpy.run_module('rlmlang', run_name='__main__', alter_sys=True)"
OPEN = "from rlmlang.stores.opening import open_store; open_store(Path('s.db')).close()"
RESUME = "from tests.benchmarks.scale import resume; print(resume(Path('s.db')))"
COMMANDS = {
    "open": (OPEN,),
    "rlm runs": (RLM, "runs"),
    "rlm store gc --dry-run": (RLM, "store", "gc", "--dry-run", "--older", "0d", "--keep", "0"),
    "rlm show, ten calls": (RLM, "show", "last", "said[70..79]"),
    "rlm show": (RLM, "show", "last"),
    "rlm view --texts none": (RLM, "view", "last", "--texts", "none", "--out", "v.html"),
    "resume scan": (RESUME,),
}


@dataclass
class Growing:
    """A run that gets more calls, with ids behind those that it has."""

    like: CallRow
    next: int
    item: int = BEGUN

    def add(self, c: Batch, count: int) -> None:
        """So many calls more, as they were begun and told."""
        told = list[Told]()
        for _ in range(count):
            row, at = self.next, self.like.started + self.item / 100
            call = CallId.parse(self.like.step, f"{self.like.step}[{self.item}]", 0)
            made = replace(self.like, id=row, item=str(call), started=at)
            made.key = self.item.to_bytes(32, "little")[::-1]
            made.asked = sealed.pack(f"row: line {self.item}: the quick brown fox jumps")
            made.answer = sealed.pack(f"[[ ## result ## ]]\nfox {self.item}")
            c.put("call", made.values())
            told += Told(row + 1, at, row, False), Told(row + 2, at + 1, row, True)
            self.next, self.item = row + 3, self.item + 1
            if len(told) >= TOGETHER:
                c.put("event", row_of(told))
                told = []
        if told:
            c.put("event", row_of(told))


def begun(folder: Path) -> None:
    """A real run of a few calls."""
    rows(folder, BEGUN)
    outcome = rlmlang.run(
        str(folder / "tags.rlm"), store=str(folder / "s.db"), engine=ScriptedEngine(lambda _: "fox")
    )
    assert outcome.problem is None, outcome.problem


def grown(path: Path, calls: int) -> None:
    """The store's run with so many calls."""
    with closing(FileWriter(path)) as writer:
        with writer.transaction() as c:
            like = row_from(c.execute("SELECT * FROM call ORDER BY id DESC").fetchone())
            last = c.execute("SELECT * FROM event ORDER BY id DESC").fetchone()
            c.execute("DELETE FROM event WHERE id = ?", (last[0],))
        growing = Growing(like, last[0])
        while growing.item < calls:
            with writer.transaction() as c:
                growing.add(c, min(GROUP, calls - growing.item))
        with writer.transaction() as c:
            c.put("event", [growing.next, *last[1:-1]])
    assert growing.next <= schema.span(1)[1]


def measured(folder: Path, code: str, *args: str) -> tuple[float, int]:
    """Seconds of a command in a process of its own, and the most MB that it had."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "RLM_STORE": "s.db"}
    begin = time.perf_counter()
    with (folder / "out").open("w") as out:
        command = (sys.executable, "-c", PEAK + code, *args)
        subprocess.run(command, cwd=folder, stdout=out, env=env, check=True)
    return time.perf_counter() - begin, int((folder / "peak").read_text()) >> 10


def table(calls: int = 10_000_000) -> list[tuple[str, str, str]]:
    """Rows of the benchmark."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun(folder)
        begin = time.perf_counter()
        grown(folder / "s.db", calls)
        size = (folder / "s.db").stat().st_size
        found = [(f"{calls:,} calls: made", f"{time.perf_counter() - begin:.0f} s", "")]
        found.append(("bytes of store a call", f"{size / calls:.0f}", ""))
        for words, command in COMMANDS.items():
            taken, most = measured(folder, *command)
            if command == (RESUME,):  # without what the benchmark imports
                taken = float((folder / "out").read_text())
            found.append((words, f"{taken:.1f} s, {most} MB", ""))
            print(*found[-1], flush=True)
    return found


if __name__ == "__main__":
    for row in table(*map(int, sys.argv[1:])):
        print(*row, sep="   ")
