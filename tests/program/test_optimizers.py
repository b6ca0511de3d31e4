"""Each of DSPy's optimizers finds what there is to find of a recipe, and held-out examples show it."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import dspy
import pytest
from dspy.propose.utils import get_dspy_source_code

import rlmlang
from tests.program.rules import rule_lm, saying
from tests.program.test_module import RECIPE, examples, gold, right, score

HOUSE = "By the HOUSE rule a guest is gold."
TRAIN, HELD_OUT = examples(4), examples(8)[16:]
ADVICE = '{"result": "' + HOUSE + '"}'
FIELDS = {
    "proposed_instruction": HOUSE,
    "new_instruction": HOUSE,
    "module_advice": ADVICE,
    "advice": ADVICE,
}


@pytest.fixture
def find() -> Iterator[Any]:
    with dspy.context(lm=rule_lm(gold)):
        module = rlmlang.load(RECIPE, store=None)
        assert score(module, HELD_OUT) == 50.0
        yield module


def thinks() -> dspy.LM:
    """The model that reflects knows the house's rule."""
    return rule_lm(saying(FIELDS, alone=f"```\n{HOUSE}\n```"), "rule/reflection")


def told(example: Any, found: Any, *_: object) -> dspy.Prediction:
    return dspy.Prediction(score=right(example, found), feedback="a guest is gold")


def gepa(find: dspy.Module) -> dspy.Module:
    optimizer = dspy.GEPA(
        metric=told, max_metric_calls=60, reflection_lm=thinks(), reflection_minibatch_size=3,
        num_threads=2, seed=1,
    )  # fmt: skip
    return optimizer.compile(find, trainset=TRAIN, valset=TRAIN)


def mipro(find: dspy.Module) -> dspy.Module:
    optimizer = dspy.MIPROv2(
        metric=right, prompt_model=thinks(), task_model=dspy.settings.lm, auto=None,
        num_candidates=3, max_bootstrapped_demos=0, max_labeled_demos=0, num_threads=2, seed=1,
    )  # fmt: skip
    return optimizer.compile(find, trainset=TRAIN, valset=TRAIN, num_trials=4, minibatch=False)


def simba(find: dspy.Module) -> dspy.Module:
    optimizer = dspy.SIMBA(
        metric=right, prompt_model=thinks(), bsize=8, num_candidates=2, max_steps=2, max_demos=2,
        num_threads=2,
    )  # fmt: skip
    return optimizer.compile(find, trainset=TRAIN, seed=1)


def labeled(find: dspy.Module) -> dspy.Module:
    return dspy.LabeledFewShot(k=4).compile(find, trainset=TRAIN)


def better_together(find: dspy.Module) -> dspy.Module:
    find.set_lm(dspy.settings.lm)
    shots = dspy.BootstrapFewShot(right, max_bootstrapped_demos=2, max_labeled_demos=0)
    both = dspy.BetterTogether(metric=right, p=shots)
    return both.compile(find, trainset=TRAIN, valset=TRAIN, strategy="p", seed=1)


@pytest.mark.parametrize("optimized", [gepa, mipro, simba, labeled, better_together])
def test_an_optimizer_finds_the_rule(
    find: Any, optimized: Callable[[dspy.Module], dspy.Module]
) -> None:
    if optimized is mipro and importlib.util.find_spec("optuna") is None:
        pytest.skip("the extra mipro is not installed")
    better: Any = optimized(find)
    assert score(better, HELD_OUT) == 100.0
    assert list(better.found) == ["result"]


def test_refine_gives_a_hint(find: Any) -> None:
    lm = dspy.settings.lm

    def answers(system: str, messages: list[str]) -> str:
        hinted = saying(FIELDS)(system, messages) if "reward_value" in messages[-1] else ""
        return hinted or gold(system, messages)

    with dspy.context(lm=rule_lm(answers)):
        refine = dspy.Refine(find, 2, lambda _, found: float(found.result == "gold"), 1.0)
        assert refine(ticket="a guest").result == "gold"
    assert lm.history is not None


def test_who_asks_for_the_source_gets_the_recipe(find: Any) -> None:
    """MIPROv2's proposer shows the model that thinks what it finds by `inspect`."""
    assert RECIPE.strip() in get_dspy_source_code(find)
    assert RECIPE.strip() in get_dspy_source_code(find.deepcopy())
    hostile = RECIPE.replace("Give the label", r"Say \"\"\" and \\N of")
    odd = rlmlang.load(hostile + '// """ \\N{x} \\\n', store=None)
    assert odd.predictors() and "Say" in get_dspy_source_code(odd)
    assert isinstance(inspect.getdoc(type(odd)), str) and '// """ \\N{x}' in type(odd).__doc__


def test_mipro_shows_the_recipe(find: Any) -> None:
    pytest.importorskip("optuna")
    shown: list[str] = []

    def rule(system: str, messages: list[str]) -> str:
        shown.append(messages[-1])
        return saying(FIELDS, alone=HOUSE)(system, messages)

    optimizer = dspy.MIPROv2(
        metric=right, prompt_model=rule_lm(rule, "rule/seen"), task_model=dspy.settings.lm,
        auto=None, num_candidates=2, max_bootstrapped_demos=0, max_labeled_demos=0, seed=1,
    )  # fmt: skip
    optimizer.compile(find, trainset=TRAIN, valset=TRAIN, num_trials=1, minibatch=False)
    assert any("recipe route(ticket: Text max 100tok) -> Text" in text for text in shown)
    assert not any("class RecipeModule" in text for text in shown)
