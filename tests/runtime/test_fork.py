"""A run goes on from any point of another, and pays for what follows alone."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from rlmlang.ir.calls import CallId
from rlmlang.plan.point import Point, point_of
from rlmlang.runtime import execute
from rlmlang.runtime.beginning import row_of
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Fork, Options
from rlmlang.stores.opening import open_store
from rlmlang.testing import ScriptedEngine
from tests.conftest import Rlm

RECIPE = """rlm 1
prompt note(page: Slice) -> Text "Note."
prompt fact(note: Text) -> Text { task: "Fact."  check: length(result) < 100 }
prompt merge(notes: [Text], facts: [Text]) -> Text "Merge."
recipe find(book: Text) -> Text {
  let notes = map (split book by lines(per: 1)) with note()
  let facts = map notes with fact()
  return merge(notes, facts)
}
"""
REPL = """rlm 1
prompt look(page: Text) -> Text {
  task: "Look."
  repl { iters <= 4  calls <= 8 }
}
recipe see(book: Text) -> Text { return look(book) }
"""
BOOK = {"book": "one\ntwo\nthree\n"}


class Asked:
    """Answers with what was shown; counts what was asked, by the first words of each task."""

    def __init__(self, word: str = "A") -> None:
        self.word, self.calls = word, list[str]()

    def __call__(self, task: Any) -> str:
        shown = "/".join(str(v).replace("\n", " ").strip() for v in task.inputs.values())
        self.calls.append(next(iter(task.inputs)))
        return f"{self.word}<{shown}>"


@pytest.fixture(params=["memory", "file"])
def first(request: pytest.FixtureRequest, folder: Path) -> tuple[rlmlang.Outcome, Asked]:
    (folder / "find.rlm").write_text(RECIPE)
    asked = Asked()
    store = "runs.db" if request.param == "file" else None
    outcome = rlmlang.run("find.rlm", values=BOOK, store=store, engine=ScriptedEngine(asked))
    assert outcome.problem is None and len(asked.calls) == 7
    asked.calls.clear()
    return outcome, asked


def test_another_answer_is_paid_for_where_it_matters(first: tuple[rlmlang.Outcome, Asked]) -> None:
    outcome, asked = first
    fork = outcome.fork("notes[1]", answer="BY HAND")
    assert fork.problem is None
    assert asked.calls == ["note", "notes"], "the fact of that note, and the merge"
    assert fork.usage.calls == 2, "an account of its own"
    assert "A<BY HAND>" in str(fork.result) and "A<A<one>>" in str(fork.result)
    told = fork.trajectory.started
    assert told is not None and fork.run != outcome.run
    assert (told.forked_from, told.forked_at, told.given) == (outcome.run, "notes[1]", True)
    given = fork.trajectory["notes[1]"]
    assert "BY HAND" in given.answer and "two" in given.prompt
    assert (given.usage.calls, given.cost) == (0, 0.0)


def test_a_fork_in_a_running_loop_is_the_same(first: tuple[rlmlang.Outcome, Asked]) -> None:
    outcome, asked = first
    fork = asyncio.run(outcome.afork("notes[1]", answer="BY HAND"))
    assert (fork.problem, asked.calls) == (None, ["note", "notes"])
    assert fork.result == outcome.fork("notes[1]", answer="BY HAND").result


def test_an_answer_by_hand_is_no_other_runs(first: tuple[rlmlang.Outcome, Asked]) -> None:
    outcome, asked = first
    fork = outcome.fork("notes[1]", answer="BY HAND")
    asked.calls.clear()
    again = outcome.fork("notes[1]")
    assert (again.result, asked.calls) == (outcome.result, []), "nothing was changed"
    further = fork.fork("facts[1]", answer="TOO")
    assert "BY HAND" in str(further.result) and "TOO" in str(further.result)


def test_another_model_is_asked_from_the_point_on(first: tuple[rlmlang.Outcome, Asked]) -> None:
    outcome, asked = first
    fork = outcome.fork("facts", model="openai/gpt-5-mini")
    assert fork.problem is None
    assert asked.calls == ["note"] * 3 + ["notes"]
    models = {c.step: c.attempts[0].model for c in fork.trajectory.calls}
    assert models["facts"] == models["result"] == "openai/gpt-5-mini"
    asked.calls.clear()
    one = outcome.fork("facts[1]", model="openai/gpt-5")
    assert one.problem is None and asked.calls == ["note", "notes"]


def test_a_changed_prompt_is_asked_again(
    first: tuple[rlmlang.Outcome, Asked], folder: Path
) -> None:
    outcome, asked = first
    changed = RECIPE.replace('"Note."', '"Another."').replace('"Fact."', '"Other."')
    (folder / "find.rlm").write_text(changed)
    fork = outcome.fork("facts")
    assert fork.problem is None
    assert asked.calls == ["note"] * 3, "notes are as they were, though their prompt has changed"
    assert fork.result == outcome.result
    asked.calls.clear()
    outcome.fork("result", recipe=RECIPE.replace('"Merge."', '"Join."'))
    assert asked.calls == ["notes"]


def test_what_shows_something_else_is_asked_again(
    first: tuple[rlmlang.Outcome, Asked], folder: Path
) -> None:
    outcome, asked = first
    changed = RECIPE.replace("lines(per: 1)", "lines(per: 2)")
    fork = outcome.fork("result", recipe=changed)
    assert fork.problem is None
    assert "A<one two>" in str(fork.result), "no answer is taken for another page"
    assert asked.calls.count("page") == 1, "but the page that is as it was has its answer"


def test_an_answer_that_is_refused_is_no_answer(first: tuple[rlmlang.Outcome, Asked]) -> None:
    outcome, asked = first
    fork = outcome.fork("facts[0]", answer="x" * 200)
    assert fork.problem is not None and "facts[0]" in str(fork.problem)
    assert "fact" not in asked.calls


# ── sessions ─────────────────────────────────────────────────────────────────

CODE = {
    "turn 1": "a = llm_query('first?', page)\nprint(a)",
    "turn 2": "b = llm_query('second?', page)\nprint(b)",
    "turn 3": "SUBMIT(a + b)",
}


def session(task: Any) -> str:
    if "turn" in task.inputs:
        return f"```python\n{CODE[str(task.inputs['turn'])[:6]]}\n```"
    return f"<{task.inputs['request']}>"


def test_a_session_goes_on_from_a_turn_with_other_code(folder: Path) -> None:
    (folder / "see.rlm").write_text(REPL)
    engine = ScriptedEngine(session)
    outcome = rlmlang.run("see.rlm", values=BOOK, store="runs.db", engine=engine)
    assert outcome.result == "<first?><second?>"
    before = len(engine.requests)
    fork = outcome.fork("result.turn 1", answer="b = llm_query('other?', page)\nprint(b)")
    assert fork.result == "<first?><other?>"
    assert len(engine.requests) == before + 2, "the other sub-call and the last turn"
    sub = outcome.fork("result.query 1", answer="BY HAND")
    assert sub.result == "BY HAND<second?>"
    turn = outcome.fork("result.turn 2", model="openai/gpt-5-mini")
    asked = {c.id: c.usage.calls for c in turn.trajectory.calls}
    assert asked == {
        "result.turn 0": 0,
        "result.query 1": 0,
        "result.turn 1": 0,
        "result.query 2": 0,
        "result.turn 2": 1,
    }


# ── the command ──────────────────────────────────────────────────────────────


def test_the_command_goes_on_from_a_run(folder: Path, rlm: Rlm) -> None:
    (folder / "find.rlm").write_text(RECIPE)
    (folder / "book.txt").write_text("one\ntwo\nthree\n")
    rlm("run", "find.rlm", "--source", "book=book.txt", "--json")
    (folder / "said.txt").write_text("BY HAND")
    made = rlm("run", "--from", "last", "--at", "notes[1]", "--answer", "@said.txt", "--json")
    assert made.code == 0, made.err
    answer = json.loads(made.out)
    runs = json.loads(rlm("runs", "--json").out)
    assert [r["forked_at"] for r in runs] == ["", "notes[1]"]
    assert runs[1]["forked_from"] == runs[0]["run"]
    assert runs[1]["calls"] == answer["usage"]["calls"] < runs[0]["calls"]
    assert f"goes on from {runs[0]['run']} at notes[1]" in rlm("runs").out
    assert f"from {runs[0]['run']} at notes[1] with an answer given by hand" in rlm("show").out
    assert "BY HAND" in rlm("show", "last", "notes[1]").out
    exported = [json.loads(line) for line in rlm("export").out.splitlines()]
    assert exported[0]["forked_from"] == runs[0]["run"]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--from", "2031", "--at", "notes"), "unknown-run"),
        (("--from", "last", "--at", "nots"), "unknown-node"),
        (("--from", "last", "--at", "notes[9]"), "unknown-node"),
        (("--from", "last", "--at", "notes", "--answer", "x"), "fork-no-call"),
        (("other.rlm", "--from", "last", "--at", "notes"), "fork-other-recipe"),
        (("--from", "last"), "--at"),
        (("find.rlm", "--at", "notes"), "--from"),
        (("--from", "last", "--at", "notes", "--no-store"), "--no-store"),
        ((), "FILE"),
    ],
)
def test_what_stands_in_the_way_is_told(
    folder: Path, rlm: Rlm, args: tuple[str, ...], code: str
) -> None:
    (folder / "find.rlm").write_text(RECIPE)
    (folder / "other.rlm").write_text(RECIPE.replace("recipe find", "recipe other"))
    rlm("run", "find.rlm", "--set", "book=one\ntwo")
    told = rlm("run", *args, "-q")
    assert told.code != 0 and code in told.err, told.err


def test_a_run_that_goes_on_is_not_gone_on_from(folder: Path) -> None:
    (folder / "find.rlm").write_text(RECIPE)
    given = Options(values=BOOK, store=Path("runs.db"))
    store = open_store(folder / "runs.db")
    going = store.begin(row_of(prepare("find.rlm", given, need_all=True), str, {}))
    again = replace(given, fork=Fork(going.name, "notes"))
    with pytest.raises(rlmlang.CodedError) as refused:
        execute(prepare("find.rlm", again, need_all=True))
    store.close()
    assert refused.value.diagnostic.code == "fork-running"


# ── what comes before ────────────────────────────────────────────────────────

NESTED = """rlm 1
prompt note(page: Slice) -> Text "Note."
prompt mend(note: Text) -> Text "Mend."
prompt merge(notes: [Text]) -> Text "Merge."
recipe find(book: Text) -> Text {
  let parts = split book by lines(per: 1)
  let mended = map parts with one()
  return reduce mended with merge() { fanin: 2 }
}
recipe one(page: Slice) -> Text {
  let said = note(page)
  return mend(said)
}
"""


def test_what_does_not_depend_on_a_point_is_before_it(folder: Path) -> None:
    (folder / "find.rlm").write_text(NESTED)
    plan = prepare("find.rlm", Options(recipe="find"), need_all=False).plan
    said = next(n.id for n in plan.nodes if n.prompt == "note")
    mend = next(n.id for n in plan.nodes if n.prompt == "mend")

    def before(at: str, call: CallId) -> bool:
        point = point_of(plan, at)
        assert point is not None
        return Point(plan, point, lambda call: []).before(call)

    assert before(f"{said}[1]", CallId(said, "[0]"))
    assert before(f"{said}[1]", CallId(mend, "[0]")), "another item's"
    assert not before(f"{said}[1]", CallId(said, "[1]"))
    assert not before(f"{said}[1]", CallId(mend, "[1]"))
    assert not before(f"{said}[1]", CallId("result", "[0.0]"))
    assert before(f"{mend}[1]", CallId(said, "[1]"))
    assert not before(said, CallId(said, "[0]"))
    assert before("result[1.0]", CallId("result", "[0.3]"))
    assert not before("result[1.0]", CallId("result", "[2.0]"))
    assert not before("result[1.0]", CallId("result", "[end.0]"))
    assert point_of(plan, "nothing[3]") is None
