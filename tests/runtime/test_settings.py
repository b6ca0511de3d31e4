"""What a program says of a run is held against what each setting takes, before anything is asked."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import rlmlang
from rlmlang.runtime.exploring import OWN
from rlmlang.runtime.python_settings import Inputs
from rlmlang.runtime.setting_kinds import KINDS, QUESTION
from rlmlang.testing import ScriptedEngine

SAY = """rlm 1
prompt say(q: Text) -> Text max 20tok "Say."
recipe one(q: Text) -> Text { return say(q) }
"""
ROWS = """rlm 1
record Row { id: Int?, score: Float? }
recipe same(rows: [Row] max 9) -> [Row] { return filter rows where it.id != 7 }
"""
READER = "offline/reader"
WRONG: dict[str, tuple[object, ...]] = {
    "timeout": (0, -1, "5", True, None, float("nan")),
    "max_wait": (0, "x"),
    "parallel": (0, True, "3", 2.0),
    "fresh": ("no", 1),
    "trust": ("yes", None),
    "sandbox": (5,),
    "api_base": (5,),
    "recipe": (5,),
    "store": (True, 5),
    "model": (5, ["openai/gpt-5"]),
    "models": ("offline/reader", {"": 5}, [5]),
    "sets": ("a=b", {1: 2}),
    "values": ("x", {1: "x"}),
    "sources": ({"q": 5},),
    "within": (5,),
}


def test_each_setting_is_in_the_table() -> None:
    assert {*KINDS} == {*Inputs.__annotations__}
    assert {*QUESTION} - {"prompt", "budget", "model", "sub_model"} < OWN


@pytest.mark.parametrize(("name", "value"), [(k, v) for k, vs in WRONG.items() for v in vs])
def test_a_setting_takes_nothing_else(name: str, value: Any) -> None:
    given = {"model": READER, "values": {"q": "x"}, "store": None, name: value}
    with pytest.raises(rlmlang.CodedError, match=f"^`{name}` takes ") as told:
        rlmlang.plan_recipe(SAY, **given)
    assert told.value.diagnostic.code == "wrong-input"


def test_what_is_left_out_by_none_is_not_given() -> None:
    left_out: Any = dict.fromkeys(("models", "api_base", "profile", "within", "parallel", "sets"))
    assert rlmlang.run(SAY, model=READER, values={"q": "x"}, store=None, **left_out).problem is None


def test_a_name_that_is_no_setting_is_told_with_the_one_that_is_near() -> None:
    wrong: Any = {"modl": READER}
    for call in (rlmlang.load, rlmlang.run, rlmlang.tune_recipe):
        with pytest.raises(TypeError, match="no setting `modl`: is `model` meant"):
            call(SAY, **wrong)
    wrong = {"max_iteration": 3}
    with pytest.raises(TypeError, match="is `max_iterations` meant"):
        rlmlang.completion("Who?", "x", model=READER, **wrong)


def test_an_input_is_given_once() -> None:
    with pytest.raises(
        rlmlang.CodedError, match="`q` is given twice, in `values` and in `sources`"
    ):
        rlmlang.run(SAY, model=READER, values={"q": "x"}, sources={"q": "book.txt"}, store=None)
    with pytest.raises(rlmlang.CodedError, match="`q` is given twice, in `values` and in `sets`"):
        rlmlang.load(SAY, model=READER, sets={"q": "x"}, store=None)(q="y")


def test_what_is_missing_is_asked_for_as_the_caller_gives_it() -> None:
    with pytest.raises(rlmlang.CodedError) as told:
        rlmlang.load(SAY, model=READER, store=None)()
    assert told.value.diagnostic.hint == "q=…; a Path there is a file to read"
    with pytest.raises(rlmlang.CodedError) as told:
        rlmlang.run(SAY, model=READER, store=None)
    assert told.value.diagnostic.hint.startswith('values={"q": …}; a Path')


@pytest.mark.parametrize("given", ["", None, 5])
def test_what_is_no_recipe(given: Any) -> None:
    with pytest.raises(rlmlang.CodedError, match="a recipe is a path or its text, not"):
        rlmlang.load(given)


@pytest.mark.parametrize(
    "wrong", [{"prompt": None}, {"budget": 5}, {"sub_models": ["a"]}, {"on_event": 5}, {"model": 5}]
)
def test_a_question_takes_nothing_else(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"prompt": "Who?", "context": "x", "model": READER, "store": None}
    with pytest.raises(rlmlang.CodedError, match=f"^`{next(iter(wrong))}` takes "):
        rlmlang.completion(**{**given, **wrong})


def test_a_type_is_no_name_of_one() -> None:
    named: Any = "Note"
    with pytest.raises(rlmlang.CodedError, match="the name of a type, and not a type"):
        rlmlang.load(SAY, model=READER, result=named)


def test_a_limit_is_a_number() -> None:
    for wrong in ("1", True, float("nan"), float("inf")):
        given: Any = {"usd": wrong}
        with pytest.raises(rlmlang.CodedError, match="`usd` of a shared budget is"):
            rlmlang.SharedBudget(**given)


def test_rules_answer_nobody_unnoticed(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "rlmlang"):
        rlmlang.run(SAY, model=READER, values={"q": "x"}, store=None)
        rlmlang.run(SAY, values={"q": "x"}, store=None, engine=ScriptedEngine(lambda task: "y"))
        assert caplog.messages == []
        rlmlang.load(SAY, store=None)(q="x")
    assert "offline/reader is a rule-based reader, no language model" in caplog.text


def test_whole_numbers_of_pandas_stay_whole_beside_a_missing_one() -> None:
    frame = pd.DataFrame({"id": [1, None, 7], "score": [0.5, None, 2.0]})
    found = rlmlang.run(ROWS, values={"rows": frame}, store=None).result
    assert found == [{"id": 1, "score": 0.5}, {"id": None, "score": None}]
    column = "rlm 1\nrecipe all(xs: [Int] max 9) -> Int { return sum(xs) }\n"
    assert rlmlang.run(column, values={"xs": pd.Series([1, 2])}, store=None).result == 3
