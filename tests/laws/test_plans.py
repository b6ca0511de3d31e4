"""Whatever is changed in a plan's document, it is refused in words or it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import rlmlang
from rlmlang import Plan, compiler
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.diagnostics.source import SourceFile
from rlmlang.ir.binding import Binding
from rlmlang.testing import ScriptedEngine

RECIPE = """rlm 1
prompt note(page: Slice, question: Text) -> Text? "What does the page say about the question?"
prompt good(note: Text) -> Bool "Is it good?"
prompt merge(notes: [Text], question: Text) -> Text "Answer the question from the notes."
recipe find(question: Text, book: Text) -> Text {
  let hits = search book for question by bm25(top: 3, window: 50tok)
  let notes = map hits with note(question)
  let long = filter notes where it != none
  let kept = filter long with good()
  let all = reduce kept with merge(question)
  let few = if question != "x" then merge([question], question) else all
  return join_text([all, few])
}
"""
Path = tuple[str | int, ...]
INFERRED = {"verb", "words", "type", "coverage", "prompt", "model", "within", "bound", "places"}
VALUES: list[Any] = [
    None, True, 0, -1, 3, 1.5, 10**30, "", "x", "result", "it", [], {}, ["x"], {"set": 5},
    {"set": ["x"]}, {"map": {"a": [1]}}, {"is": "Ref", "name": "result"}, {"is": "Facts"},
    {"is": "Ref", "name": "nobody"}, {"is": "Constant", "value": 3}, {"is": "Type", "kind": "Text"},
]  # fmt: skip


def document() -> dict[str, Any]:
    recipe = compiler.check(SourceFile("find.rlm", RECIPE), lambda *_: None).recipes["find"]
    found: dict[str, Any] = json.loads(compiler.plan(recipe, Binding()).to_json())
    return found


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """The places of a document that say what it does."""
    if at:
        yield at
    if isinstance(value, dict):
        for key in value:
            if not (len(at) == 2 and at[0] == "nodes" and key in INFERRED):
                yield from paths(value[key], (*at, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from paths(each, (*at, number))


WHOLE = document()
CONDITION: Path = ("nodes", 7, "when", "test", "left")
PARTS = [p for key in ("nodes", "edges", "interface") for p in paths(WHOLE[key], (key,))]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(at=CONDITION, value={"is": "Ref", "name": "result"})
@given(at=st.sampled_from(PARTS), value=st.sampled_from(["drop", "more", *VALUES]))
def test_an_edited_plan_is_refused_or_runs(at: Path, value: Any, folder: Any) -> None:
    edited = json.loads(json.dumps(WHOLE))
    place = edited
    for key in at[:-1]:
        place = place[key]
    if value == "drop":
        del place[at[-1]]
    elif value == "more" and isinstance(place, dict):
        place["more"] = 1
    else:
        place[at[-1]] = value
    given = {"question": "Where is the key?", "book": "The key hangs behind the bell. " * 9}
    try:
        plan = Plan.from_json(json.dumps(edited))
        assert Plan.from_json(plan.to_json()).hash == plan.hash
        plan._repr_html_()
        engine = ScriptedEngine(lambda task: "true")
        found = rlmlang.run(plan, values=given, store=None, engine=engine)
        assert found.problem is None or found.problem.diagnostic.code != "internal"
    except CodedError:
        return
