"""Every trial of a file, for recipes that are declared or imported there."""

from __future__ import annotations

from collections.abc import Callable

from rlmlang.check.module import Module
from rlmlang.check.trials.batches import batch_of
from rlmlang.check.trials.scoring import eval_of
from rlmlang.check.trials.tests import batch_test_of, test_of
from rlmlang.check.trials.tuning import tune_of
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.suggest import instead
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.syntax.trials import Trial

Find = Callable[[str], r.Recipe | None]
ORDER = {"batch": 0, "tune": 2}


def check_trials(module: Module, find: Find, known: list[str]) -> s.Suite:
    """All trials of a file; evals before the tunings that use them, batches before their tests."""
    suite = s.Suite()
    for trial in sorted(module.trials, key=lambda x: ORDER.get(x.word, 1)):
        recipe = find(trial.target.text)
        batch = next((b for b in suite.batches if b.name == trial.target.text), None)
        if recipe is not None:
            _trial(module, trial, recipe, suite)
        elif batch is not None and trial.word == "test":
            suite.tests.append(batch_test_of(module, trial, batch))
        else:
            module.report(_unknown_recipe(trial, [*known, *(b.name for b in suite.batches)]))
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
