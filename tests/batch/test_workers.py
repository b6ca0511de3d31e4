"""Several processes go over one batch: each item once, one budget, whoever dies or stands still."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rlmlang.stores.address import address_of
from rlmlang.stores.databases import database_of
from tests.batch.test_run import RECIPE, answers, page_of, pages
from tests.conftest import ROOT
from tests.postgres import Cluster, cluster, programs
from tests.servers import Reply, Server, chat_server, field

pytestmark = pytest.mark.postgres
LEASE = ("--lease", "1.5")


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    pytest.importorskip("psycopg")
    if programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with cluster() as found:
        yield found


@pytest.fixture
def store(running: Cluster) -> str:
    return running.database()


def rlm(folder: Path, *args: str) -> subprocess.Popen[str]:
    """A process in a project's folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "rlmlang", *args],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def project(folder: Path, name: str, count: int, text: str = RECIPE) -> Path:
    """The project's files on a machine."""
    made = folder / name / "project"
    made.mkdir(parents=True)
    (made / "rlm.toml").write_text("")
    pages(made, count, text)
    return made


def batch(folder: Path, store: str, served: Server, *more: str) -> subprocess.Popen[str]:
    asking = ("--model", "m", "--api-base", served.base)
    return rlm(folder, "batch", "one.rlm", "--store", store, *asking, *LEASE, *more)


def work(folder: Path, store: str, *more: str) -> subprocess.Popen[str]:
    return rlm(folder, "work", "--store", store, *LEASE, *more)


class Gate:
    """Answers the first so many at once, and the others when it is opened."""

    def __init__(self, first: int) -> None:
        self.first, self.open = first, threading.Event()
        self.seen: Counter[int] = Counter()
        self.changed = threading.Condition()

    def __call__(self, body: dict[str, Any]) -> Reply:
        number = page_of(body)
        with self.changed:
            self.seen[number] += 1
            held = self.seen.total() > self.first
            self.changed.notify_all()
        if held:
            self.open.wait(60)
        return field(f"p{number}")

    def wait_for(self, asked: int) -> None:
        """Until so many requests came."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.seen.total() >= asked, 60), self.seen


def ended(process: subprocess.Popen[str], code: int = 0) -> str:
    """What a process said that ended with a code."""
    out, said = process.communicate(timeout=90)
    assert process.returncode == code, out + said
    return said


def test_three_machines_share_the_items_and_the_host_has_all_answers(
    folder: Path, store: str
) -> None:
    gate = Gate(4)
    with chat_server(gate) as served:
        here = project(folder, "a", 40)
        host = batch(here, store, served, "--items", "4", "--trust")
        gate.wait_for(5)
        others = [project(folder, name, 40) for name in "bc"]
        helpers = [work(f, store, "--batch", "all", "--items", "4") for f in others]
        gate.wait_for(4 + 3 * 4)  # each of the three has four on their way
        gate.open.set()
        said = [ended(p) for p in (host, *helpers)]
    assert answers(here) == {f"{n:03}": f"p{n}" for n in range(40)}
    assert set(gate.seen.values()) == {1}
    assert "40 done" in said[0]
    done = [int(s.split(": ")[1].split(" done")[0]) for s in said[1:]]
    assert all(n >= 4 for n in done)
    assert "no batch is open in postgresql://runs:***@" in ended(work(here, store))
    reader = database_of(address_of(store)).reader()
    told = json.loads(reader.execute("SELECT command FROM queue").fetchone()[0])
    reader.close()
    assert (told["file"], told["folder"], "trust" in told["flags"]) == ("one.rlm", ".", False)


def test_a_budget_is_exact_for_all_together(folder: Path, store: str) -> None:
    """The same command with a higher budget goes on, and pays for nothing again."""
    gate = Gate(3)
    with chat_server(gate) as served:
        here = project(folder, "a", 30, RECIPE.replace("calls <= 100", "calls <= 20"))
        host = batch(here, store, served, "--items", "4")
        gate.wait_for(4)
        helper = work(here, store)
        gate.wait_for(3 + 4 + 1)
        gate.open.set()
        assert "10 items are not done" in ended(host, 75)
        assert "of batch `all` does not hold the next one" in ended(helper, 75)
        assert gate.seen.total() == 20
        more = ended(batch(here, store, served, "--set", "batch.calls=30"))
    assert "20 kept" in more
    assert "with earlier times: 30 of 30 calls" in more
    assert (gate.seen.total(), set(gate.seen.values())) == (30, {1})
    assert len(answers(here)) == 30


def test_one_is_killed_and_one_stands_still(folder: Path, store: str) -> None:
    """What they had in work is done by others, and what was on their way is asked once more."""
    gate = Gate(6)
    with chat_server(gate) as served:
        here = project(folder, "a", 24)
        host = batch(here, store, served, "--items", "1")
        gate.wait_for(7)
        killed, still = (work(here, store, "--items", "2") for _ in range(2))
        gate.wait_for(6 + 1 + 2 + 2)
        killed.kill()
        still.send_signal(signal.SIGSTOP)
        gate.open.set()
        said = ended(host)
        assert "24 done" in said
        still.send_signal(signal.SIGCONT)
        woken = ended(still, 1)
        killed.communicate(timeout=30)
    assert "lease-lost" in woken
    assert answers(here) == {f"{n:03}": f"p{n}" for n in range(24)}
    assert len(gate.seen) == 24
    twice = [n for n, times in gate.seen.items() if times == 2]
    assert len(twice) <= 4 and gate.seen.total() == 24 + len(twice)


def test_other_files_are_no_help(folder: Path, store: str) -> None:
    gate = Gate(0)
    with chat_server(gate) as served:
        host = batch(project(folder, "a", 6), store, served)
        gate.wait_for(gate.first + 1)
        said = ended(work(project(folder, "b", 5), store), 1)
        gate.open.set()
        ended(host)
    assert "batch-differs" in said
    assert "bring the same files here" in said
