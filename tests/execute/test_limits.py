"""Limits of depth while a recipe runs, and receipts of runs that read little or nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import BOOK, Rlm

DEEP = """rlm 1

prompt read(part: Slice) -> Text "Read."
prompt put(said: [Text]) -> Text "Put."
prompt worth(part: Slice) -> Int "Worth?"

recipe deep(text: Text) -> Text {
  budget { depth <= %d calls <= 1_000 }
  return recurse text {
    leaf <= 60tok with read()
    branch by tree(into: 4)
    %s
    join with put()
    depth <= 8
  }
}
"""
ROWS = """rlm 1

record Row { id: Int, text: Text max 60tok }
prompt copy(row: Row) -> Text "Copy the text."
prompt odd(row: Row) -> Bool "Is it odd?"
prompt join(texts: [Text]) -> Text "Join."

recipe filtered(rows: [Row]) -> [Text] {
  let left = filter rows where it.id > 100
  return map left with copy()
}
recipe judged(rows: [Row]) -> [Text] {
  let left = filter rows with odd()
  return map left with copy()
}
recipe skipped(rows: [Row]) -> [Text] {
  return map rows with copy() { on_error: skip(at_most: 100%) }
}
recipe joined(rows: [Row]) -> Text {
  let texts = map rows with copy()
  return reduce texts with join()
}
recipe found(rows: [Row]) -> [Text] {
  let hits = search rows for "zebra" by regex(top: 5)
  return map hits with copy()
}
recipe assumed(rows: [Row]) -> Int {
  let two = take(rows, 2) { assume exact because "[two] are all" }
  let said = map two with copy()
  return count(said)
}
recipe counted(rows: [Row]) -> Int { return count(rows) }

test "every item is skipped" for skipped {
  given rows: rows("rows.jsonl")
  mock copy returns fails("no")
  expect result == []
  expect skipped == 3
  expect coverage(rows) == 0.0
}
test "a join that fails ends the run" for joined {
  given rows: rows("rows.jsonl")
  mock copy returns "x"
  mock join returns fails("no")
  expect problem == "mocked-failure"
}
"""


@pytest.mark.parametrize("prune", ["", "prune with worth() { keep: 1..2 }"])
@pytest.mark.parametrize("most", [1, 2])
def test_a_recursion_goes_no_deeper_than_the_budget(
    folder: Path, rlm: Rlm, most: int, prune: str
) -> None:
    (folder / "deep.rlm").write_text(DEEP % (most, prune))
    (folder / "book.txt").write_text(BOOK)
    done = rlm("run", "deep.rlm", "--source", "text=book.txt", "--json")
    found = json.loads(done.out)
    assert done.code == 75
    assert found["problem"]["code"] == "budget-spent"
    assert most > 1 or found["usage"]["calls"] == 0
    again = rlm("run", "deep.rlm", "--source", "text=book.txt", "--set", "budget.depth=9")
    assert again.code == 0, again.err


def test_a_depth_that_no_call_has_cannot_fit(folder: Path, rlm: Rlm) -> None:
    (folder / "deep.rlm").write_text(DEEP % (0, ""))
    (folder / "book.txt").write_text(BOOK)
    done = rlm("run", "deep.rlm", "--source", "text=book.txt")
    assert done.code == 75
    assert "error[budget-cannot-fit]" in done.err


def test_a_limit_set_from_outside_lies_in_its_range(folder: Path, rlm: Rlm) -> None:
    (folder / "deep.rlm").write_text(DEEP % (1, ""))
    (folder / "book.txt").write_text(BOOK)
    for wrong in ("budget.parallel=0", "budget.depth=-1", "budget.wall=0"):
        done = rlm("plan", "deep.rlm", "--source", "text=book.txt", "--set", wrong)
        assert done.code == 2, wrong
        assert "error[wrong-input]" in done.err


def receipt(folder: Path, rlm: Rlm, recipe: str) -> tuple[list[dict[str, Any]], str]:
    """The receipt of a run as values and as text."""
    (folder / "rows.rlm").write_text(ROWS)
    rows = [{"id": i, "text": f"row {i} says so"} for i in range(1, 4)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(x) + "\n" for x in rows))
    args = ("run", "rows.rlm", "--recipe", recipe, "--source", "rows=rows.jsonl", "--no-store")
    return json.loads(rlm(*args, "--json").out)["receipt"], rlm(*args).err


def test_a_condition_that_lets_nothing_through_has_decided_all(folder: Path, rlm: Rlm) -> None:
    lines, text = receipt(folder, rlm, "filtered")
    judged, line = lines
    assert (judged["passed"], judged["items"]) == (0, 3)
    assert (line["promised"], line["read"], line["decided"]) == ("exact", 0, line["total"])
    assert "decided before" in text
    assert "not exhaustive" not in text


def test_a_run_that_read_nothing_says_so(folder: Path, rlm: Rlm) -> None:
    lines, text = receipt(folder, rlm, "found")
    assert [(x["step"], x["promised"], x["read"]) for x in lines] == [("result", "some", 0)]
    assert lines[0]["total"] > 0
    assert "0 of " in text
    assert "not exhaustive" in text


def test_a_model_that_let_nothing_through_has_read_all(folder: Path, rlm: Rlm) -> None:
    lines, _ = receipt(folder, rlm, "judged")
    read = {x["step"]: x["read"] / x["total"] for x in lines}
    assert read["left"] == 1.0


def test_code_alone_says_that_no_model_was_asked(folder: Path, rlm: Rlm) -> None:
    lines, text = receipt(folder, rlm, "counted")
    assert not lines
    assert "no model was asked" in text


def test_what_was_assumed_stays_in_the_receipt(folder: Path, rlm: Rlm) -> None:
    lines, text = receipt(folder, rlm, "assumed")
    assert [(x["step"], x["promised"], x["assumed"]) for x in lines] == [
        ("two", "exact", "[two] are all"),
        ("said", "exact", "[two] are all"),
    ]
    assert lines[1]["read"] < lines[1]["total"]
    assert text.count("[two] are all") == 2


def test_every_item_skipped_and_a_join_that_fails(folder: Path, rlm: Rlm) -> None:
    receipt(folder, rlm, "counted")
    done = rlm("test", "rows.rlm")
    assert done.code == 0, done.out + done.err


@pytest.mark.parametrize(
    ("recipe", "prompt", "lost"),
    [
        ("skipped", "copy", True),
        ("joined", "join", False),
    ],
)
def test_only_what_may_be_lost_is_advised_to_be(
    folder: Path, rlm: Rlm, recipe: str, prompt: str, lost: bool
) -> None:
    receipt(folder, rlm, "counted")
    text = ROWS.replace(" { on_error: skip(at_most: 100%) }", "")
    text = text.split('test "', 1)[0].replace(
        f'-> Text "{prompt.title()}', f'-> Text {{ check: result != "" task: "{prompt.title()}'
    )
    text = re.sub(r'(check: .* task: "[^"]*")', r"\1 }", text)
    other = 'mock copy returns "x"' if prompt == "join" else ""
    test = f"""test "hint" for {recipe} {{
  given rows: rows("rows.jsonl")
  mock {prompt} returns ""
  {other}
  expect calls == 99
}}
"""
    (folder / "rows.rlm").write_text(text + test)
    done = rlm("test", "rows.rlm")
    assert "answer-refused" in done.out + done.err
    assert ("on_error" in done.out + done.err) is lost, done.out + done.err


@pytest.mark.parametrize(
    ("recipe", "code"),
    [
        ("recipe r(rows: [Row]) -> [Row] max 2 { return rows }", "result-too-large"),
        ("recipe r(rows: [Row]) -> [Row] max 3 { return take(rows, 3) }", ""),
        ("recipe r(rows: [Row]) -> [Int] { return twice(rows) }", "code-failed"),
    ],
)
def test_what_is_returned_keeps_to_its_most(folder: Path, rlm: Rlm, recipe: str, code: str) -> None:
    receipt(folder, rlm, "counted")
    (folder / "twice.py").write_text("def twice(rows):\n    return [1] * 2 * len(rows)\n")
    (folder / "r.rlm").write_text(f"""rlm 1
record Row {{ id: Int, text: Text max 60tok }}
code twice(rows: [Row]) -> [Int] max 5 from "twice.py:twice"
{recipe}
""")
    done = rlm("run", "r.rlm", "--source", "rows=rows.jsonl", "--no-store")
    assert done.code == (1 if code else 0), done.err
    assert f"error[{code}]" in done.err if code else "error" not in done.err
