"""A recipe as one DSPy module: a flat dictionary of predictors under stable names.

The names are the steps' names; prompts that say the same get their step's name put behind them,
since DSPy's optimisers tell predictors apart by what they say.
"""

from __future__ import annotations

from collections import Counter

import dspy

from rlmlang.ir import recipe as r
from rlmlang.ir.predictors import HasSteps, prompts_of
from rlmlang.program.signatures import RESULT, field_name, signature_of


class RecipeProgram(dspy.Module):  # type: ignore[misc]
    """The predictors of a recipe. `prompts` and `calls` are plain data beside them."""

    def __init__(self, recipe: HasSteps) -> None:
        super().__init__()
        self.prompts = prompts_of(recipe)
        said = Counter(p.task for p in self.prompts.values())
        self.steps = {
            step: _predictor(prompt, step, unique=said[prompt.task] == 1)
            for step, prompt in self.prompts.items()
        }

    def predictor(self, name: str) -> dspy.Predict:
        """The predictor of that name; of one that thinks first, the one inside it."""
        found = self.steps[name]
        return getattr(found, "predict", found)


def _predictor(prompt: r.Prompt, step: str, *, unique: bool) -> dspy.Predict:
    signature = signature_of(prompt, step)
    if not unique:
        signature = signature.with_instructions(signature.instructions + mark(step))
    made = dspy.ChainOfThought(signature) if prompt.think else dspy.Predict(signature)
    getattr(made, "predict", made).demos = [demo_of(d) for d in prompt.demos]
    return made


def mark(step: str) -> str:
    """What is put behind a task that other steps have, too."""
    return f"\n\n[step: {step}]"


def demo_of(demo: r.Demo) -> dspy.Example:
    """A demonstration as DSPy has it."""
    fields = {field_name(k) if k != RESULT else k: v for k, v in demo}
    return dspy.Example(fields).with_inputs(*(k for k in fields if k != RESULT))
