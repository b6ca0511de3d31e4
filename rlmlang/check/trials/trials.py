"""Every trial of a file, for recipes that are declared or imported there."""

from __future__ import annotations

from collections.abc import Callable

from rlmlang.check.module import Module
from rlmlang.check.trials.batches import batch_of
from rlmlang.check.trials.scoring import eval_of
from rlmlang.check.trials.tests import test_of
from rlmlang.check.trials.tuning import tune_of
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.suggest import instead
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.syntax.trials import Trial

Find = Callable[[str], r.Recipe | None]


def check_trials(module: Module, find: Find, known: list[str]) -> s.Suite:
    """All trials of a file; evals before the tunings that use them."""
    suite = s.Suite()
    for trial in sorted(module.trials, key=lambda x: x.word == "tune"):
        recipe = find(trial.target.text)
        if recipe is None:
            module.report(_unknown_recipe(trial, known))
        else:
            _trial(module, trial, recipe, suite)
    return suite


def _trial(module: Module, trial: Trial, recipe: r.Recipe, suite: s.Suite) -> None:
    match trial.word:
        case "test":
            suite.tests.append(test_of(module, trial, recipe))
        case "eval":
            if (made := eval_of(module, trial, recipe)) is not None:
                suite.evals.append(made)
        case "tune":
            if (tuned := tune_of(module, trial, recipe, suite.evals)) is not None:
                suite.tunes.append(tuned)
        case _:
            if (batch := batch_of(module, trial, recipe)) is not None:
                suite.batches.append(batch)


def _unknown_recipe(trial: Trial, known: list[str]) -> Diagnostic:
    return error(
        "unknown-recipe",
        f"no recipe is called `{trial.target.text}`",
        trial.target.span,
        hint=instead(trial.target.span, known),
    )
