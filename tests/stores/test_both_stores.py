"""One behaviour over both kinds of store: a file, and a database of a server."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import rlmlang
from rlmlang.stores.address import address_of
from rlmlang.stores.databases import database_of
from rlmlang.stores.maintenance import verify
from rlmlang.stores.opening import open_store
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.runs import RunRow
from rlmlang.testing import Raw, ScriptedEngine
from tests.conftest import Rlm
from tests.provider import Served, provider
from tests.stores.test_durable import ARGS, rows

RUN = ("run", "tags.rlm", "--model", "my/model", "--quiet")
HELD = """
import sys
from rlmlang.stores.address import address_of
from rlmlang.stores.opening import open_store
from rlmlang.stores.runs import RunRow
store = open_store(address_of(sys.argv[1]))
store.begin(RunRow(0, "held", b"held"))
print("begun", flush=True)
sys.stdin.read()
"""


def command(served: Served, *more: str) -> list[str]:
    return [sys.executable, "-m", "rlmlang", *RUN, "--api-base", served.base, *more]


def test_what_is_kept_is_used_again_and_read(place: str, book: Path, rlm: Rlm) -> None:
    first = json.loads(rlm("run", "find.rlm", *ARGS, "--json").out)
    again = json.loads(rlm("run", "find.rlm", *ARGS, "--json").out)
    assert (again["result"], again["reused"]) == (first["result"], 4)
    assert again["receipt"] == first["receipt"]
    listed = json.loads(rlm("runs", "--json").out)
    assert [r["state"] for r in listed] == ["finished"] * 2
    shown, exported = rlm("show").out, rlm("export").out
    assert first["result"] in shown
    assert len(exported.splitlines()) == len(set(exported.splitlines())) > 10
    runs = [r["run"] for r in listed]
    assert rlm("diff", *runs).code == 0
    assert verify(address_of(place)).wrong == ()
    assert json.loads(rlm("store", "ls", "--json").out)["runs"] == 2
    gone = json.loads(rlm("store", "gc", "--older", "0d", "--keep", "1", "--json").out)
    assert gone["removed"] == 0  # the second run has the answers of the first
    gone = json.loads(rlm("store", "gc", "--older", "0d", "--keep", "0", "--json").out)
    assert (gone["removed"], json.loads(rlm("runs", "--json").out)) == (2, [])
    assert set(verify(address_of(place)).whole.values()) == {0}


def test_a_batch_begins_and_goes_on(place: str, book: Path, rlm: Rlm) -> None:
    batch = ("batch", "find.rlm", "--each", "book=lines:book.txt", "--set", "question=q", "--json")
    (book / "book.txt").write_text("one\ntwo\nthree\n")
    assert [rlm(*batch).code for _ in range(2)] == [0, 0]
    listed = json.loads(rlm("runs", "--json").out)
    assert [(run["state"], run["calls"] > 0) for run in listed] == [
        ("finished", True),
        ("finished", False),
    ]


def test_a_budget_goes_on_where_it_was(place: str, folder: Path) -> None:
    rows(folder, 50, "calls <= 60", retry=1)
    engine = ScriptedEngine(lambda t: "x" if "problem" in t.inputs else Raw(t.inputs["row"]))
    first = rlmlang.run("tags.rlm", engine=engine, parallel=8, store=place)
    assert first.problem is not None
    assert (first.problem.diagnostic.code, len(engine.requests)) == ("budget-spent", 60)
    again = rlmlang.run("tags.rlm", engine=engine, parallel=8, store=place)
    assert (again.resumed, again.usage.calls, again.now.calls) == (True, 60, 0)
    more = rlmlang.run("tags.rlm", engine=engine, sets={"budget.calls": "100"}, store=place)
    assert (more.problem, more.result, more.usage.calls) == (None, 50, 100)


def test_two_processes_ask_once(place: str, folder: Path) -> None:
    rows(folder, 60)
    with provider(latency=0.02, jitter=0.02) as served:
        both = [
            subprocess.Popen(command(served, "--parallel", "8"), stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        assert [p.communicate()[0].strip() for p in both] == ["60", "60"]
        stats = served.stats()
        assert (stats["n"], stats["unique"], stats["twice"]) == (60, 60, 0)


def test_a_run_is_held_by_one_process_until_it_dies(place: str, folder: Path) -> None:
    wanted = RunRow(0, "held", b"held")
    with subprocess.Popen(
        [sys.executable, "-c", HELD, place],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "begun\n"
        with closing(open_store(address_of(place))) as store:
            begun = store.begin(wanted)
            assert (begun.resumed, begun.beside, begun.name) == (False, "held", "held-2")
            with closing(store.lent()) as lent:  # nor twice in this process
                assert not lent.begin(wanted).resumed
        with closing(StoreReader(address_of(place))) as reader:
            states = [reader.state(run) for run in reader.runs()]
            assert states == ["running", "killed", "killed"]
        other.kill()
    with closing(open_store(address_of(place))) as store:
        assert store.begin(wanted).resumed


def test_a_session_is_held_by_one_call(place: str) -> None:
    database = database_of(address_of(place))
    held = database.session("case 7")
    assert held is not None
    assert database.session("case 7") is None
    held.drop()
    again = database.session("case 7")
    assert again is not None
    again.drop()


def test_a_store_moves_to_another_kind_and_back(place: str, folder: Path, rlm: Rlm) -> None:
    rows(folder, 5)

    def answer(task: Any) -> Any:
        return Raw("no form") if task.inputs["row"] == "line 3" else "a \x00 \x01b of \U0001f511"

    engine = ScriptedEngine(answer)
    first = rlmlang.run("tags.rlm", engine=engine, store="first.db")
    assert first.problem is not None
    for source, target in (("first.db", place), (place, "last.db")):
        copied = rlm("store", "copy", source, target, "--json")
        assert (copied.code, json.loads(copied.out)["left"]) == (0, 0)
    with (
        closing(StoreReader(Path("first.db"))) as old,
        closing(StoreReader(Path("last.db"))) as new,
    ):
        assert list(new.events(new.choose(""))) == list(old.events(old.choose("")))
    refused = rlm("store", "copy", "first.db", "last.db")
    assert (refused.code, "[file-exists]" in refused.err) == (2, True)
    sent = len(engine.requests)
    again = rlmlang.run("tags.rlm", engine=engine, store="last.db")
    assert (again.resumed, len(engine.requests)) == (True, sent)
