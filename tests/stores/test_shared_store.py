"""A store of several processes at once. They take their steps in turn, by pipes, so that each test
has the one order in which something could go wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from rlmlang.stores.journal import Memory
from rlmlang.stores.maintenance import collect, verify
from rlmlang.stores.rows import Batch
from rlmlang.stores.runs import RunRow, begin_run
from tests.conftest import ROOT

STORE = Path("runs.db")
OTHER = """
import sys
from pathlib import Path
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.opening import open_store

path, run, count = Path("runs.db"), int(sys.argv[1]), 0
store = open_store(path)
for step in sys.stdin:
    if step == "event\\n":
        count += 1
        row = [run << 40 | count, "run_started", "", 0.0, "{}"]
        store.journal.wait(lambda c: c.put("event", row))
    elif step == "run\\n":
        row = [run, f"r{run}", "", "", "", "", "running", 0.0, None, "{}"]
        store.journal.wait(lambda c: c.put("run", row))
    elif step == "read\\n":
        StoreReader(path).close()
    elif step == "close\\n":
        store.close()
    print("done", flush=True)
"""


class Other:
    """Another process with the store open, which does a step when told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def does(self, *steps: str) -> None:
        assert self.process.stdin and self.process.stdout
        for step in steps:
            self.process.stdin.write(f"{step}\n")
            self.process.stdin.flush()
            assert self.process.stdout.readline() == "done\n", step


@contextmanager
def other(run: int) -> Iterator[Other]:
    """A process that has opened the store."""
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(run)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT), "HOME": str(Path.cwd())},
    ) as process:
        found = Other(process)
        found.does("open")
        yield found
    assert process.returncode == 0


@pytest.fixture(autouse=True)
def store(folder: Path) -> None:
    """A store that was closed: from here on its file says that it has a log."""
    with other(1) as first:
        first.does("run", "event", "close")


def events() -> int:
    found = verify(STORE)
    assert found.wrong == ()
    return found.whole["event"]


@pytest.mark.parametrize("looks", [(), ("read",)])
def test_who_closes_first_leaves_the_log_to_who_goes_on(looks: tuple[str, ...]) -> None:
    with other(2) as second:
        with other(3) as third:
            second.does("event", *looks)
            third.does("event", *looks, "close")
        second.does("event")
        with other(4) as fourth:
            fourth.does("read", "event", "close")
        second.does("event", "close")
    assert sorted(p.name for p in Path().glob("runs.db*")) == ["runs.db", "runs.db.lock"]
    assert events() == 6


def test_who_is_killed_leaves_what_it_wrote() -> None:
    with ExitStack() as all_of_them:
        second, third = (all_of_them.enter_context(other(n)) for n in (2, 3))
        second.does("read", "event")
        third.does("event", "close")
        second.does("event")
        second.process.kill()
        second.process.wait()
        second.process.returncode = 0
    assert events() == 4


def test_a_run_that_goes_is_not_named_by_who_saw_it() -> None:
    with other(2) as second:
        second.does("run", "event")
        with other(3) as third:
            assert collect(STORE, seconds=0, keep=0)[0] == 2
            third.does("run")
            with other(4) as fourth:
                fourth.does("read", "close")
            third.does("close")
        second.does("close")
    assert events() == 0


def test_runs_that_begin_in_one_group_do_not_replace_each_other() -> None:
    memory = Memory()
    group, wanted = Batch(memory.connection), RunRow(0, "same", b"one")
    made = [
        begin_run(group, wanted, lambda number: True, str, lambda table, row: None, fresh=True)
        for _ in range(3)
    ]
    group.flush()
    assert [(row.id, row.name) for row, _ in made] == [(1, "same"), (2, "same-2"), (3, "same-3")]
    assert memory.connection.execute("SELECT COUNT(*) FROM run").fetchone() == (3,)
