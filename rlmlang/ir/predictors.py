"""The predictors of a recipe: every prompt that may be asked, by a name that stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from rlmlang.ir.recipe import Prompt, Step
from rlmlang.ir.repl_prompts import free_prompts
from rlmlang.ir.walk import predictors


class HasSteps(Protocol):
    """A recipe, or a plan, which is made of the same steps."""

    @property
    def steps(self) -> Sequence[Step]:
        """All of them, with those that others are made of."""


def prompts_of(recipe: HasSteps) -> dict[str, Prompt]:
    """Prompts by predictor: the step's name, with a part behind it where a step has several."""
    return dict(_prompts(recipe))


def _prompts(recipe: HasSteps) -> Iterator[tuple[str, Prompt]]:
    for name, ask in predictors(recipe.steps):
        if ask.prompt.repl is None:
            yield name, ask.prompt
            continue
        for part, prompt in free_prompts(ask.prompt).items():
            yield f"{name}.{part}", prompt
        for prompt in ask.prompt.repl.prompts:
            yield f"{name}.{prompt.name}", prompt
        for tool in ask.prompt.repl.patterns:
            yield from ((f"{name}.{n}", a.prompt) for n, a in predictors(tool.steps))


def named(recipe: HasSteps, name: str) -> tuple[str, ...]:
    """The predictors that a name means: one of them, all of a step, or all of a prompt."""
    known = prompts_of(recipe)
    if name in known:
        return (name,)
    of_step = tuple(p for p in known if p.startswith(f"{name}."))
    return of_step or tuple(p for p, prompt in known.items() if prompt.name == name)
