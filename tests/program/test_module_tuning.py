"""The predictors of a module that answers a prompt are tuned under names of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dspy
import pytest

import rlmlang
from tests.conftest import Rlm
from tests.program.rules import asked_of, rule_lm, saying
from tests.program.test_module import examples, gold, right, score

RECIPE = """rlm 1
prompt sort_it(ticket: Text) -> Text max 8tok {
  module: "mine.py:Careful"
  calls <= 2
  task: "Give the label of the ticket."
}
recipe route(ticket: Text max 100tok) -> Text { return sort_it(ticket) }
"""
MINE = """
import dspy

class Careful(dspy.Module):
    def __init__(self, signature):
        super().__init__()
        self.label = dspy.ChainOfThought(signature)
        self.judge = dspy.Predict("label -> verdict")

    def forward(self, **inputs):
        found = self.label(**inputs)
        self.judge(label=found.result)
        return found
"""
NAMES = ["result.label.predict", "result.judge"]


def labelled(system: str, messages: list[str]) -> str:
    """The house's rule, with reasons; whatever else is asked is answered by anything."""
    if "[[ ## ticket ## ]]" not in messages[-1]:
        return saying({"verdict": "sure"})(system, messages)
    return f"[[ ## reasoning ## ]]\nso\n\n[[ ## result ## ]]\n{gold(system, messages)}"


@pytest.fixture
def route(folder: Path) -> Any:
    """The recipe as a module, with a model that follows the rule."""
    Path("mine.py").write_text(MINE)
    Path("route.rlm").write_text(RECIPE)
    with dspy.context(lm=rule_lm(labelled)):
        yield rlmlang.load("route.rlm", store=None)


def test_its_predictors_have_names_below_that_of_the_step(route: Any) -> None:
    assert [name for name, _ in route.named_predictors()] == NAMES


def test_demonstrations_are_found_saved_loaded_and_used_by_a_run(route: Any, rlm: Rlm) -> None:
    bootstrap = dspy.BootstrapFewShot(right, max_bootstrapped_demos=2, max_labeled_demos=0)
    better = bootstrap.compile(route, trainset=examples()[:2])
    assert (score(route, examples()), score(better, examples())) == (50.0, 100.0)
    assert list(better.found) == NAMES
    better.save("other.json")
    again = rlmlang.load("route.rlm", store=None)
    again.load("other.json")
    assert again.found == better.found
    assert score(again, examples()) == 100.0
    better.save("route.tuned.json")
    assert rlmlang.load("route.rlm", store=None)(ticket="a guest").result == "gold"
    assert "tuned-stale" not in rlm("plan", "route.rlm").err


def test_labeled_demonstrations_are_taken(route: Any) -> None:
    better = dspy.LabeledFewShot(k=2).compile(route, trainset=examples()[:2])
    assert score(better, examples()) == 100.0


def test_gepa_finds_an_instruction(route: Any) -> None:
    told = "Give the label. HOUSE: a guest is gold."
    reflection = rule_lm(saying({"new_instruction": told}, alone=f"```\n{told}\n```"))

    def metric(gold: Any, pred: Any, *_: Any) -> dspy.Prediction:
        return dspy.Prediction(score=right(gold, pred), feedback="a guest is gold")

    gepa = dspy.GEPA(metric, max_metric_calls=60, reflection_lm=reflection, num_threads=1, seed=0)
    better = gepa.compile(route, trainset=examples(), valset=examples())
    assert score(better, examples()) == 100.0
    assert "HOUSE" in better.found["result.label.predict"].task


def test_a_model_that_is_set_for_it_answers(route: Any) -> None:
    lm, other = rule_lm(labelled, "rule/set"), dspy.settings.lm
    copy = route.deepcopy()
    copy.set_lm(lm)
    assert copy(ticket="guest!").result == "gold"
    assert (len(asked_of(lm)), len(asked_of(other))) == (2, 0)


def test_what_was_found_names_the_prompt_that_it_was_found_for(route: Any) -> None:
    route.result.label.predict.demos = [
        dspy.Example(ticket="a", result="gold").with_inputs("ticket")
    ]
    route.save("route.tuned.json")
    (found,) = json.loads(Path("route.tuned.json").read_text())["prompts"].values()
    assert found["was"]
