"""What is seen of a batch afterwards: its items and why some have no answer, what it used, its bar."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlmlang.batch.items import Item
from rlmlang.batch.result import Ended
from rlmlang.budget import Usage
from rlmlang.cli.batch_bar import BatchBar
from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.ir.calls import CallId
from rlmlang.ir.recipe import Budget
from rlmlang.trajectory.events import NOT_TAKEN, CallFailed, CallFinished
from tests.batch.test_run import RECIPE, answers, asking, pages, rows_of, server
from tests.conftest import Rlm
from tests.servers import Server

__all__ = ["server"]


@pytest.fixture
def done(folder: Path, rlm: Rlm, server: Server) -> Server:
    """Five pages: one refused by the server, one that cannot be read."""
    pages(folder, 5, RECIPE.replace("budget", "on_error: skip\n  budget"))
    (folder / "pages/001.txt").write_text("This is page 1, refuse it.")
    (folder / "pages/003.txt").write_text("")
    assert rlm("batch", "one.rlm", *asking(server)).code == 1
    return server


def test_a_batch_is_shown_with_its_items_failures_first(
    folder: Path, rlm: Rlm, done: Server
) -> None:
    lines = rlm("show").out.splitlines()
    assert lines[0].startswith("batch all  ") and lines[0].endswith("  parked")
    assert lines[2] == "  5 items: 3 finished, 2 failed"
    assert lines[3].startswith("  4 calls, ")
    table = [line.split()[:2] for line in lines[5:10]]
    assert table == [
        ["001", "failed"],
        ["003", "failed"],
        *([f"00{n}", "finished"] for n in (0, 2, 4)),
    ]
    assert "empty-source" in lines[6]
    assert lines[10].startswith("an item: rlm show ") and lines[10].endswith(" 001")
    found = [json.loads(x) for x in rlm("show", "last", "--json").out.splitlines()]
    assert [x["item"] for x in found] == ["001", "003", "000", "002", "004"]


def test_an_item_is_shown_by_its_name(folder: Path, rlm: Rlm, done: Server) -> None:
    assert '"p2"' in rlm("show", "last", "002", "--answer", "--format", "json").out
    assert "finished" in rlm("show", "last", "002").out
    assert "is empty" in rlm("show", "last", "003").out
    unknown = rlm("show", "last", "02")
    assert unknown.code == 1 and "`002` is near" in unknown.err
    for command in (
        ("show", "last", "--answer"),
        ("show", "--plan"),
        ("graph", "last"),
        ("export",),
    ):
        told = rlm(*command)
        assert told.code != 0 and "is a batch" in told.err, command


def test_what_cannot_be_read_is_known_and_selected_like_what_failed(
    folder: Path, rlm: Rlm, done: Server
) -> None:
    assert {r["item"]: r["problem"] for r in rows_of(folder)}["003"] == "empty-source"
    other = rlm("batch", "one.rlm", *asking(done), "--select", "002")
    assert (other.code, "1 kept, 4 not selected" in other.err) == (0, True), other.err
    assert len(json.loads(rlm("runs", "--json").out)) == 1  # what is left goes on in the same run
    (folder / "pages/003.txt").write_text("This is page 3.")
    dry = rlm("batch", "one.rlm", *asking(done), "--select", "failed", "--dry-run").out
    assert dry.splitlines()[1] == "003  no answer yet"
    rlm("batch", "one.rlm", *asking(done), "--select", "failed")
    assert answers(folder)["003"] == "p3"
    assert " 5 items: 4 finished, 1 failed\n  6 calls" in rlm("show").out


def test_a_later_run_of_it_shows_what_earlier_ones_answered(
    folder: Path, rlm: Rlm, done: Server
) -> None:
    for name in ("001", "003"):
        (folder / f"pages/{name}.txt").write_text(f"This is page {name}.")
    assert rlm("batch", "one.rlm", *asking(done)).code == 0  # goes on with the same run of it
    (folder / "pages/004.txt").write_text("This is page 44.")
    assert rlm("batch", "one.rlm", *asking(done)).code == 0
    assert "  5 items: 5 finished (4 of an earlier run)\n  1 calls" in rlm("show").out
    first = min(json.loads(rlm("runs", "--json").out), key=lambda run: run["started"])
    assert "  5 items: 5 finished\n" in rlm("show", first["run"]).out


def test_a_batch_counts_for_the_recipe_of_its_items(folder: Path, rlm: Rlm, done: Server) -> None:
    (found,) = json.loads(rlm("runs", "--recipe", "one", "--json").out)
    assert (found["recipe"], found["calls"]) == ("batch all", 4)
    assert len(json.loads(rlm("runs", "--recipe", "one", "--all", "--json").out)) == 6
    assert json.loads(rlm("runs", "--recipe", "other", "--json").out) == []
    (group,) = json.loads(rlm("runs", "--by", "batch", "--json").out)
    assert (group["runs"], group["calls"], group["last_run"]) == (5, 4, found["run"])
    assert rlm("runs", "--by", "batch").out.splitlines()[1].startswith("one.rlm all ")


def test_refused_answers_count_in_what_was_spent() -> None:
    bar = BatchBar("all", 3, Budget(calls=10, usd=1.0), quiet=True)
    bar.begun(Usage(calls=4))
    call = CallId.of("result")
    bar.heard("a", CallFinished(call=call, prompt="p", usd=0.25))
    bar.heard("a", CallFailed(call=call, prompt="p", usd=0.5, code="answer-refused"))
    bar.heard("a", CallFailed(call=call, prompt="p", code=NOT_TAKEN))
    bar.heard("b", CallFinished(call=call, prompt="p", usd=0.0, reused=True))
    bar.take(Ended(Item(1, "a"), "failed", problem=Diagnostic("answer-refused", "no")))
    assert bar.spent() == "6 of 10 calls  $0.7500 of $1.00"
    bar.heard("b", CallFinished(call=call, prompt="p", usd=None))
    assert bar.so_far() == "1 of 3 items: 1 failed  7 of 10 calls  price unknown"
