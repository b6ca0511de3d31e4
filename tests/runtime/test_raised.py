"""One rule for all calls from Python: what is wrong with a recipe, what stands in the way of a run,
and what stopped one, is raised in the same form."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from tests.tuning.test_tune import REPL, repl_folder

BAD = "rlm 1\nrecipe r(text: Text) -> Text {\n  return txet\n}\n"
GOOD = """rlm 1
prompt note(text: Text) -> Text max 8tok "Note."
recipe r(text: Text max 50tok) -> Text { return note(text) }
"""
Call = Callable[[str, Any], object]


def loaded(recipe: str, given: Any) -> object:
    return rlmlang.load(recipe, **given)(text="a")


def awaited(recipe: str, given: Any) -> object:
    return asyncio.run(rlmlang.load(recipe, **given).acall(text="a"))


def run(recipe: str, given: Any) -> object:
    return rlmlang.run(recipe, values={"text": "a"}, **given)


def arun(recipe: str, given: Any) -> object:
    return asyncio.run(rlmlang.arun(recipe, values={"text": "a"}, **given))


def plan(recipe: str, given: Any) -> object:
    return rlmlang.plan_recipe(recipe, values={"text": "a"}, **given)


def tuned(recipe: str, given: Any) -> object:
    Path("amounts.rlm").write_text(recipe)
    return rlmlang.tune_recipe("amounts.rlm", **given)


def completed(recipe: str, given: Any) -> object:
    return rlmlang.completion("Who?", "Bees.", **given)


def acompleted(recipe: str, given: Any) -> object:
    return asyncio.run(rlmlang.acompletion("Who?", "Bees.", **given))


@pytest.mark.parametrize("call", [loaded, awaited, run, arun, plan, tuned])
def test_a_bad_recipe_is_raised_with_its_place(folder: Path, call: Call) -> None:
    with pytest.raises(rlmlang.BadRecipe) as bad:
        call(BAD, {})
    assert "txet" in str(bad.value) and ".rlm:3" in str(bad.value)
    assert [d.code for d in bad.value.diagnostics] == ["unknown-name"]


@pytest.mark.parametrize("call", [loaded, awaited, run, arun, completed, acompleted, tuned])
def test_what_stands_in_the_way_is_raised(folder: Path, call: Call) -> None:
    if call is tuned:
        repl_folder(folder)
    with pytest.raises(rlmlang.CodedError) as found:
        call(REPL if call is tuned else GOOD, {"model": "openai/gpt-4o-mini"})
    assert found.value.diagnostic.code == "model-key-missing"
    assert "OPENAI_API_KEY" in str(found.value)
    told = "".join(traceback.format_exception(found.value))
    assert f"  fix: {found.value.diagnostic.hint}\n" in told
    assert told.endswith("  rlm explain model-key-missing\n")


@pytest.mark.parametrize("call", [loaded, awaited, run, arun, completed, acompleted, tuned])
def test_what_stops_a_run_is_raised_or_is_the_problem_of_its_outcome(
    folder: Path, call: Call
) -> None:
    if call is tuned:
        repl_folder(folder)
    given: dict[str, Any] = {"within": rlmlang.SharedBudget(calls=0), "model": "offline/reader"}
    if call in (run, arun):
        outcome: Any = call(GOOD, given)
        assert outcome.result is None
        assert outcome.problem.diagnostic.code == "budget-spent"
        return
    with pytest.raises(rlmlang.CodedError) as found:
        call(REPL if call is tuned else GOOD, given)
    assert found.value.diagnostic.code == "budget-spent"
