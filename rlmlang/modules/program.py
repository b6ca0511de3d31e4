"""A recipe as one DSPy module: a flat dictionary of predictors under stable names.

The names are the steps' names; prompts that say the same get their step's name put behind them,
since DSPy's optimisers tell predictors apart by what they say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import dspy

from rlmlang.check import recipe as r
from rlmlang.check.expressions import predictors
from rlmlang.check.free import free_prompts
from rlmlang.modules.signatures import signature_of


class RecipeProgram(dspy.Module):  # type: ignore[misc]
    """The predictors of a recipe. `prompts` and `calls` are plain data beside them."""

    def __init__(self, recipe: r.Recipe) -> None:
        super().__init__()
        self.prompts = dict(_prompts(recipe))
        said = Counter((p.name, p.task) for p in self.prompts.values())
        self.predictors = {
            step: _predictor(prompt, step, unique=said[prompt.name, prompt.task] == 1)
            for step, prompt in self.prompts.items()
        }


def _prompts(recipe: r.Recipe) -> Iterator[tuple[str, r.Prompt]]:
    """Every prompt that may be asked, by the name of its predictor."""
    for name, ask in predictors(recipe.steps):
        if ask.prompt.repl is None:
            yield name, ask.prompt
            continue
        for role, prompt in free_prompts(ask.prompt).items():
            yield f"{name}.{role}", prompt
        for prompt in ask.prompt.repl.prompts:
            yield f"{name}.{prompt.name}", prompt


def _predictor(prompt: r.Prompt, step: str, *, unique: bool) -> dspy.Predict:
    signature = signature_of(prompt, step)
    if not unique:
        signature = signature.with_instructions(f"{signature.instructions}\n\n[step: {step}]")
    if prompt.think:
        return dspy.ChainOfThought(signature)
    return dspy.Predict(signature)
