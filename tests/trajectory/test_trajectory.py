"""A run's trajectory as typed parts: what is in it, who began what, and the page about it."""

from __future__ import annotations

import pickle
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from rlmlang.runtime.kept import Run
from rlmlang.testing import ScriptedEngine
from rlmlang.trajectory.events import Event
from rlmlang.trajectory.kinds import KINDS, NAMES
from rlmlang.trajectory.parts import Attempt, Call, Cell, Part, Session, Step
from rlmlang.trajectory.trajectory import Trajectory
from tests.conftest import BOOK, ROOT, SIMPLE

RECIPE = """rlm 1
prompt size(page: Slice) -> Text { task: "How many?" retry <= 1 check: length(result) < 100 }
prompt look(page: Slice, sizes: [Text]) -> Text {
  task: "Look."
  repl { iters <= 3  calls <= 6  depth <= 1 }
}
recipe sizes(book: Text) -> Text {
  let found = map (split book by lines(per: 1)) with size()
  return look(book, found)
}
"""
LONG = "x" * 200
DEEP = "```python\nprint(rlm_query('deep?', page))\nprint(page[:3])\nboom\n```"
SUBMIT = "```python\nSUBMIT(llm_query('how?', 'x'))\n```"


class Answers:
    """A page that begins with `two` is answered too long at first; the session says nothing of
    use, then asks a session of its own, then submits."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, task: Any) -> str:
        given = task.inputs
        if "turn" not in given:
            self.seen += str(given.get("page", "")).startswith("two")
            return LONG if str(given.get("page", "")).startswith("two") and self.seen == 1 else "ok"
        turn = str(given["turn"])
        if "request" in str(given["variables"]):
            return SUBMIT
        return {"turn 1": "no code here", "turn 2": DEEP}.get(turn[:6], SUBMIT)


@pytest.fixture(params=["memory", "file"])
def outcome(request: pytest.FixtureRequest, tmp_path: Path) -> rlmlang.Outcome:
    (tmp_path / "sizes.rlm").write_text(RECIPE)
    (tmp_path / "book.txt").write_text("one\ntwo\nthree\n")
    found = rlmlang.run(
        tmp_path / "sizes.rlm",
        sources={"book": tmp_path / "book.txt"},
        store=tmp_path / "runs.db" if request.param == "file" else None,
        engine=ScriptedEngine(Answers()),
    )
    assert found.problem is None
    return found


def test_everything_that_was_asked_and_run_is_there(outcome: rlmlang.Outcome) -> None:
    found = outcome.trajectory
    call = found["found[1]"]
    assert isinstance(call, Call)
    first, second = call.attempts
    assert (first.code, first.answer.strip("[]# \n").count("x")) == ("check-failed", 200)
    assert (second.code, second.problem) == ("", "")
    assert "two" in second.prompt and "ok" in second.answer
    assert second.ranges[0][1:] == [4, 8]
    assert found.usage == outcome.usage
    assert (found.answer, found.problem) == (outcome.result, "")
    assert found["found"].usage.calls == 4


def test_code_is_there_with_all_that_it_did(outcome: rlmlang.Outcome) -> None:
    found = outcome.trajectory
    nothing, deep, last = (found[f"result.turn {n}.cell"] for n in range(3))
    assert isinstance(nothing, Cell) and isinstance(deep, Cell) and isinstance(last, Cell)
    assert (nothing.code, nothing.error_kind) == ("", "syntax")
    assert nothing.error.startswith("There was no code")
    assert deep.code.endswith("boom") and deep.output == "ok\none\n"
    assert "boom" in deep.problem and deep.error_kind == "python"
    assert (deep.tier, deep.submitted) == ("monty", False)
    assert (last.submitted, last.value) == (True, "ok")


def test_parents_are_what_began_a_part(outcome: rlmlang.Outcome) -> None:
    found = outcome.trajectory
    assert found["result.child 1"].parent == "result.turn 1.cell"
    assert found["result.child 1.turn 0"].parent == "result.child 1"
    assert found["result.child 1.query 1"].parent == "result.child 1.turn 0.cell"
    assert found["result"].parent == "sizes.result"
    assert found["sizes.result"].parent == found.run
    known = {part.id for part in found} | {found.run}
    assert {part.parent for part in found} <= known
    below: list[Part] = list(found.children)
    for part in below:
        below += part.children
    assert sorted(p.id for p in below) == sorted(p.id for p in found), "one tree holds them all"
    times = [part.at for part in found]
    assert times == sorted(times)


def test_an_outcome_may_be_sent_to_another_process(outcome: rlmlang.Outcome) -> None:
    found: rlmlang.Outcome = pickle.loads(pickle.dumps(outcome))  # noqa: S301
    assert found == outcome
    with pytest.raises(rlmlang.CodedError) as refused:
        assert found.trajectory
    assert refused.value.diagnostic.code == "unknown-run"


def test_a_tree_is_printed(outcome: rlmlang.Outcome) -> None:
    lines = outcome.trajectory.tree().splitlines()
    assert lines[0].startswith(outcome.run)
    assert any(line.endswith("result.turn 2.cell") for line in lines)
    assert len(lines) == len(outcome.trajectory) + 1


def test_what_code_reads_through_handles_is_told(tmp_path: Path) -> None:
    recipe = """rlm 1
prompt look(page: Slice) -> Text { task: "Look."  repl { iters <= 1 } }
recipe sizes(book: Text) -> Text { return look(book) }
"""
    (tmp_path / "sizes.rlm").write_text(recipe)
    (tmp_path / "book.txt").write_text("0123456789\n" * 100_000)
    code = "```python\nprint(page[11:22], page[20:30])\nSUBMIT('done')\n```"
    outcome = rlmlang.run(
        tmp_path / "sizes.rlm",
        sources={"book": tmp_path / "book.txt"},
        store=None,
        engine=ScriptedEngine(lambda task: code if "turn" in task.inputs else "ok"),
    )
    (cell,) = outcome.trajectory.cells
    assert [found[1:] for found in cell.ranges] == [[11, 30]]


def test_a_frame_has_a_row_for_each_part(
    outcome: rlmlang.Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(rlmlang.CodedError) as refused:
        outcome.trajectory.to_pandas()
    assert refused.value.diagnostic.code == "extra-missing"
    assert "pip install pandas" in refused.value.diagnostic.hint


def test_kept_runs_are_found_by_their_names(folder: Path) -> None:
    (folder / "find.rlm").write_text(SIMPLE)
    (folder / "book.txt").write_text(BOOK)
    given: dict[str, Any] = {
        "values": {"question": "Where does the key hang?"},
        "sources": {"book": Path("book.txt")},
    }
    outcome = rlmlang.run("find.rlm", store="runs.db", **given)
    (run,) = rlmlang.runs(store="runs.db")
    assert (run.name, run.state, run.recipe) == (outcome.run, "finished", "find")
    assert (run.calls, run.answers) == (outcome.usage.calls, outcome.usage.calls)
    for found in (run.trajectory, rlmlang.trajectory_of("last", store="runs.db")):
        assert found.answer == outcome.result
        assert [c.id for c in found.calls] == [c.id for c in outcome.trajectory.calls]
    with pytest.raises(rlmlang.CodedError) as unknown:
        rlmlang.trajectory_of("2031", store="runs.db")
    assert unknown.value.diagnostic.code == "unknown-run"


# ── documented ───────────────────────────────────────────────────────────────

TYPES = (Run, Trajectory, Part, Step, Session, Call, Attempt, Cell)
HIDDEN = {"within", "record", "event", "texts", "children_of", "opening"}


def public(kind: type) -> set[str]:
    """What a program has of a type, without what all parts have."""
    above = kind.__mro__[1:] if kind is not Part and issubclass(kind, Part) else ()
    names = {*vars(kind), *getattr(kind, "__annotations__", {})}
    names -= {n for k in above for n in (*vars(k), *getattr(k, "__annotations__", {}))}
    hidden = HIDDEN - {"within"} if kind is Run else HIDDEN
    return {n for n in names if not n.startswith("_")} - hidden


def told(page: str, heading: str) -> set[str]:
    """The fields in the table below a heading."""
    section = re.split(r"\n#+ ", page.split(f"# {heading}\n", 1)[1])[0]
    cells = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)(?:\(\))?`", cell)}


@pytest.mark.parametrize("kind", TYPES, ids=lambda k: k.__name__)
def test_the_page_has_each_field_of_a_type_and_no_other(kind: type) -> None:
    page = (ROOT / "docs" / "trajectory.md").read_text()
    assert told(page, "Parts" if kind is Part else kind.__name__) == public(kind)


def test_the_page_has_each_event_with_its_fields() -> None:
    page = (ROOT / "docs" / "trajectory.md").read_text()
    common = {f.name for f in fields(Event)} | {"call"}
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page.split("## Events")[1], re.MULTILINE))
    found = {name: re.findall(r"`(\w+)`", row) for name, row in rows.items()}
    assert found == {n: [f for f in NAMES[k] if f not in common] for n, k in KINDS.items()}


def test_the_example_of_the_page_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "trajectory.md").read_text()
    (folder / "find.rlm").write_text(SIMPLE)
    (folder / "book.txt").write_text(BOOK)
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(example, {})  # noqa: S102
    assert "notes[0] find.notes" in capsys.readouterr().out
