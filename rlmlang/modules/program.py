"""A recipe as one DSPy module: a flat dictionary of predictors under stable names.

The names are the steps' names; prompts that say the same get their step's name put behind them,
since DSPy's optimisers tell predictors apart by what they say.
"""

from __future__ import annotations

from collections import Counter

import dspy

from rlmlang.check import recipe as r
from rlmlang.check.predictors import prompts_of
from rlmlang.modules.signatures import signature_of


class RecipeProgram(dspy.Module):  # type: ignore[misc]
    """The predictors of a recipe. `prompts` and `calls` are plain data beside them."""

    def __init__(self, recipe: r.Recipe) -> None:
        super().__init__()
        self.prompts = prompts_of(recipe)
        said = Counter((p.name, p.task) for p in self.prompts.values())
        self.predictors = {
            step: _predictor(prompt, step, unique=said[prompt.name, prompt.task] == 1)
            for step, prompt in self.prompts.items()
        }


def _predictor(prompt: r.Prompt, step: str, *, unique: bool) -> dspy.Predict:
    signature = signature_of(prompt, step)
    if not unique:
        signature = signature.with_instructions(f"{signature.instructions}\n\n[step: {step}]")
    if prompt.think:
        return dspy.ChainOfThought(signature)
    return dspy.Predict(signature)
