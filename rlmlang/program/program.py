"""A recipe as one DSPy module: a flat dictionary of predictors under stable names.

The names are the steps' names; prompts that say the same get their step's name put behind them,
since DSPy's optimisers tell predictors apart by what they say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Protocol

import dspy

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir import recipe as r
from rlmlang.program.modules import module_for
from rlmlang.program.onlookers import named
from rlmlang.program.predictor import PromptPredictor
from rlmlang.program.signatures import RESULT, field_name, signature_of
from rlmlang.program.tasks import instructions_of


class Program(Protocol):
    """What a run asks through."""

    def predictor(self, name: str) -> dspy.Module:
        """The predictor of that name. Raises CodedError (predictor-missing)."""


class CodeModule(dspy.Module):  # type: ignore[misc]
    """A function that takes a model, which has no predictor that could be tuned."""


class RecipeProgram(dspy.Module):  # type: ignore[misc]
    """A predictor in `steps` for each prompt, by the name of its step. A module of one's own with
    the same fields may stand in the place of any."""

    def __init__(self, prompts: Mapping[str, r.Prompt]) -> None:
        super().__init__()
        said = Counter(p.task for p in prompts.values())
        self.steps: dict[str, dspy.Module] = {
            step: _answering(prompt, step, unique=said[prompt.task] == 1)
            for step, prompt in prompts.items()
        }

    def predictor(self, name: str) -> dspy.Module:
        """The predictor of that name. Raises CodedError (predictor-missing)."""
        found = self.steps.get(name)
        if not isinstance(found, dspy.Module):
            raise _missing(name, found)
        return found


def _missing(name: str, found: object) -> CodedError:
    what = "has no predictor" if found is None else f"has no dspy.Module, but {found!r},"
    return failed(
        "predictor-missing",
        f"the program {what} for `{name}`",
        reason="Every model call of a recipe is made by the predictor of its step.",
        hint=f"put one there: program.steps[{name!r}] = …, any dspy.Module with the same fields",
    )


def _answering(prompt: r.Prompt, step: str, *, unique: bool) -> dspy.Module:
    """What answers a prompt: a predictor, or the module that the prompt names."""
    signature = signature_of(prompt)
    if prompt.module is not None and prompt.module.place is not None:
        return named(CodeModule, step)()
    if prompt.module is not None:
        signature = signature.with_instructions(instructions_of(prompt, prompt.task))
    if not unique:
        signature = signature.with_instructions(signature.instructions + mark(step))
    if prompt.module is not None:
        made = module_for(prompt, prompt.module, signature)
        for name, predictor in made.named_predictors():
            if (tuned := dict(prompt.tuned).get(name)) is not None:
                take(predictor, step, tuned)
        return made
    return named(PromptPredictor, step)(signature, [demo_of(d) for d in prompt.demos])


def take(predictor: dspy.Predict, step: str, tuned: r.Tuned) -> None:
    """Lets a predictor say what was found for it."""
    if tuned.task:
        unique = not predictor.signature.instructions.endswith(mark(step))
        task = tuned.task if unique else tuned.task + mark(step)
        predictor.signature = predictor.signature.with_instructions(task)
    predictor.demos = [demo_of(d) for d in tuned.demos]


def predictors_in(steps: Mapping[str, dspy.Module]) -> Iterator[tuple[str, str, dspy.Predict]]:
    """The predictors of steps that may be tuned: each by its name, with the step that it is of. Of
    a module all of its own are, as `STEP.predict`."""
    for step, found in steps.items():
        if isinstance(found, dspy.Predict):
            yield step, step, found
        elif isinstance(found, dspy.Module) and not getattr(found, "_compiled", False):
            yield from ((f"{step}.{name}", step, p) for name, p in found.named_predictors())


def mark(step: str) -> str:
    """What is put behind a task that other steps have, too."""
    return f"\n\n[step: {step}]"


def demo_of(demo: r.Demo) -> dspy.Example:
    """A demonstration as DSPy has it."""
    fields = {field_name(k) if k != RESULT else k: v for k, v in demo}
    return dspy.Example(fields).with_inputs(*(k for k in fields if k != RESULT))
