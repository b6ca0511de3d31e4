"""`rlm runs`: which runs are listed, and what they used is added up to the last cent."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from rlmlang.cli.runs import AMOUNTS
from tests.conftest import Rlm
from tests.servers import Server, chat_server, field

RECIPES = """rlm 1
prompt says(page: Text) -> Text max 60tok { task: "What does it say?" model: cheap }
prompt judges(page: Text) -> Text max 60tok { task: "Is it so?" model: dear }
model cheap { context <= 8ktok output <= 200tok }
model dear { context <= 8ktok output <= 200tok }
recipe one(page: Text) -> Text { return says(page) }
recipe both(page: Text) -> Text {
  let said = says(page)
  return judges(said)
}
recipe sum(words: [Text] = ["a"]) -> Int { return count(words) }
batch nightly for one {
  each page in ["first", "second", "third"]
  name: "{page}"
}
"""
PRICES = """
[prices]
small = { input = 1, output = 10 }
large = { input = 10, output = 100 }
"""


@pytest.fixture
def asked(folder: Path, rlm: Rlm) -> Iterator[Server]:
    """A project in which recipes and a batch were run; six requests in all."""
    (folder / "all.rlm").write_text(RECIPES)
    (folder / "rlm.toml").write_text(PRICES)
    with chat_server(lambda body: field("yes")) as server:
        models = ("--model", "cheap=small", "--api-base", server.base)
        for recipe, more in (("one", ()), ("both", ("--model", "dear=large"))):
            done = rlm("run", "all.rlm", "--recipe", recipe, "--set", f"page={recipe}", *models,
                       *more, "--fresh")  # fmt: skip
            assert done.code == 0, done.err
        assert rlm("batch", "all.rlm", *models).code == 0
        assert rlm("run", "all.rlm", "--recipe", "sum").code == 0
        yield server


def values(rlm: Rlm, *args: str) -> list[dict[str, Any]]:
    done = rlm("runs", "--json", *args)
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = json.loads(done.out)
    return found


def test_every_way_of_adding_up_has_the_same_total(asked: Server, rlm: Rlm) -> None:
    """It is what the server was asked, and what the runs say one by one."""
    runs, sent = values(rlm), len(asked.requests)
    assert sorted((r["recipe"], r["calls"]) for r in runs) == [
        ("batch nightly", 3), ("both", 2), ("one", 1), ("sum", 0)
    ]  # fmt: skip
    for by in ("recipe", "model", "day", "batch", "package"):
        groups = values(rlm, "--by", by)
        amounts = ("calls", "answers", "tok_in", "tok_out")
        own = {"last_run"} if by == "batch" else set()
        assert all(set(g) == {by, "runs", "usd", *amounts} | own for g in groups)
        for amount in amounts:
            assert sum(g[amount] for g in groups) == sum(r[amount] for r in runs), (by, amount)
        assert sum(g["calls"] for g in groups) == sent == 6
        assert sum(g["usd"] for g in groups) == pytest.approx(sum(r["usd"] for r in runs))


def test_each_model_has_its_own_price(asked: Server, rlm: Rlm) -> None:
    small, large = sorted(values(rlm, "--by", "model"), key=lambda g: -g["calls"])
    assert (small["model"], small["calls"], large["model"], large["calls"]) == (
        "small", 5, "large", 1
    )  # fmt: skip
    for group, into, out in ((small, 1, 10), (large, 10, 100)):
        paid = (group["tok_in"] * into + group["tok_out"] * out) / 1e6
        assert group["usd"] == pytest.approx(paid) and paid > 0


def test_runs_are_chosen_by_recipe_model_state_and_number(asked: Server, rlm: Rlm) -> None:
    assert [r["recipe"] for r in values(rlm, "--recipe", "both")] == ["both"]
    (dear,) = values(rlm, "--model", "large")
    assert (dear["recipe"], dear["calls"], dear["models"]) == ("both", 1, ["large"])
    assert values(rlm, "--state", "failed") == []
    assert [r["recipe"] for r in values(rlm, "--limit", "2")] == ["batch nightly", "sum"]
    (batch,) = values(rlm, "--recipe", "batch nightly")
    assert (batch["calls"], len(values(rlm, "--all"))) == (3, 7)
    assert {g["batch"]: g["calls"] for g in values(rlm, "--by", "batch", "--recipe", "one")} == {
        g["batch"]: g["calls"] for g in values(rlm, "--by", "batch") if g["batch"] != "none"
    } | {"none": 1}


def test_runs_since_a_moment(asked: Server, rlm: Rlm) -> None:
    assert len(values(rlm, "--since", "1d")) == len(values(rlm, "--since", "2000-01-01")) == 4
    assert values(rlm, "--since", "2999-01-01T00:00") == []
    began = [r["started"] for r in values(rlm)]
    at = datetime.fromtimestamp(began[1]).isoformat(timespec="microseconds")
    assert 2 <= len(values(rlm, "--since", at)) <= 3  # to the microsecond
    for wrong in ("yesterday", "7 days", "2026-13-01", "-3d", ""):
        done = rlm("runs", "--since", wrong)
        assert (done.code, "such as 7d, 12h or 2026-11-01" in done.err) == (2, True), wrong


def test_csv_has_the_values_of_json(asked: Server, rlm: Rlm) -> None:
    for more in ((), ("--by", "model"), ("--by", "day")):
        rows = list(csv.DictReader(StringIO(rlm("runs", "--csv", *more).out, newline="")))
        found = values(rlm, *more)
        assert len(rows) == len(found)
        for row, value in zip(rows, found, strict=True):
            assert list(row) == list(value)
            assert [float(row[n]) for n in AMOUNTS] == [value[n] for n in AMOUNTS]
    assert rlm("runs", "--csv", "--json").code == 2


def test_no_cell_is_a_formula(folder: Path, rlm: Rlm) -> None:
    (folder / "=1+1.rlm").write_text('rlm 1\nrecipe one() -> Text { return "x" }\n')
    assert rlm("run", "=1+1.rlm").code == 0
    (row,) = csv.DictReader(StringIO(rlm("runs", "--csv").out))
    assert row["path"] == "'=1+1.rlm"


def test_several_stores_are_read_together(folder: Path, rlm: Rlm) -> None:
    (folder / "one.rlm").write_text('rlm 1\nrecipe one() -> Text { return "x" }\n')
    for name in ("a", "b", "c [x]"):
        (folder / name).mkdir()
        assert rlm("run", "one.rlm", "--store", f"{name}/runs.db").code == 0
    both = values(rlm, "--store", "a/*.db", "--store", "b/runs.db", "--store", "./a/runs.db")
    assert sorted(r["store"] for r in both) == ["a/runs.db", "b/runs.db"], "each file once"
    assert [g["runs"] for g in values(rlm, "--store", "*/runs.db", "--by", "recipe")] == [3]
    assert len(values(rlm, "--store", "c [x]/runs.db")) == 1, "a name that looks like a glob"
    done = rlm("runs", "--store", "a/runs.db", "--store", "none/*.db")
    assert (done.code, "[unknown-run]" in done.err) == (1, True)


def test_people_see_the_total(asked: Server, rlm: Rlm) -> None:
    lines = rlm("runs", "--by", "model").out.splitlines()
    assert [line.split()[0] for line in lines] == ["model", "large", "small", "in"]
    assert lines[-1].split()[2] == "6"


def test_gc_says_what_it_would_do_and_then_does_it(folder: Path, rlm: Rlm) -> None:
    (folder / "one.rlm").write_text("rlm 1\nrecipe one(n: Int) -> Int { return n }\n")
    for number in range(4):
        assert rlm("run", "one.rlm", "--set", f"n={number}").code == 0
    names = [r["run"] for r in values(rlm)]
    before = (folder / ".rlm" / "store.db").read_bytes()
    gc = ("store", "gc", "--older", "0d", "--keep", "1")
    would = json.loads(rlm(*gc, "--dry-run", "--json").out)
    assert sorted(would["would_remove"]) == sorted(names[:3])
    assert "3 runs would be removed" in rlm(*gc, "--dry-run").out
    assert (folder / ".rlm" / "store.db").read_bytes() == before
    assert "0 runs would be removed" in rlm("store", "gc", "--dry-run").out
    assert "3 runs removed" in rlm(*gc).out
    assert [r["run"] for r in values(rlm)] == names[3:]
    for wrong in ("30", "x", "-1d"):
        done = rlm("store", "gc", "--older", wrong)
        assert (done.code, "such as 90min, 12h, 30d or 8w" in done.err) == (2, True)
