"""test, eval, tune and batch: what can be said about them before they can be run."""

from __future__ import annotations

from rlmlang.check import recipe as r
from rlmlang.check.expressions import asks
from rlmlang.check.module import Module
from rlmlang.check.resolve import budget_in
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.syntax import tree as t


def check_trial(module: Module, trial: t.Trial, recipes: dict[str, r.Recipe]) -> None:
    """The recipe exists, what is given are its parameters, what is mocked are its steps."""
    recipe = recipes.get(trial.target.text)
    if recipe is None:
        module.report(_unknown_recipe(trial, list(recipes)))
        return
    prompts = {ask.prompt.name for ask in asks(recipe.steps)}
    params, steps = [p.name for p in recipe.params], [s.name for s in recipe.steps]
    for item in trial.items:
        if item.word in ("given", "each"):
            _known(module, item, params, "parameter")
        elif item.word == "mock":
            _known(module, item, [*steps, *prompts], "step or prompt")
        elif item.word == "budget" and isinstance(item.value, t.Block):
            budget_in(module, item.value)


def _known(module: Module, item: t.Item, names: list[str], what: str) -> None:
    if isinstance(item.key, t.Name) and item.key.text not in names:
        module.report(
            error(
                "unknown-name",
                f"the recipe has no {what} `{item.key.text}`",
                item.key.span,
                hint=did_you_mean(item.key.text, names),
            )
        )


def _unknown_recipe(trial: t.Trial, known: list[str]) -> Diagnostic:
    return error(
        "unknown-recipe",
        f"no recipe is called `{trial.target.text}`",
        trial.target.span,
        hint=did_you_mean(trial.target.text, known),
    )
