"""A recipe as the program that DSPy's optimizers work on.

They see the predictors that may be tuned and no others, copy the program, change the copy's
instructions or demonstrations, and call it with the number of an example. The call runs the whole
recipe with the copy's predictors, wherever and however concurrently its steps run; the trace comes
back in the order of the plan, so that the same seed finds the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import dspy

from rlmlang.context import Datum
from rlmlang.ir import recipe as r
from rlmlang.program.predictor import Entry, Traced
from rlmlang.program.program import Program, RecipeProgram, mark, predictors_in
from rlmlang.program.signatures import RESULT, plain


@dataclass(frozen=True)
class Answered:
    """An example's run: what it is worth, why, what each step was told, its calls, its label."""

    score: float
    reason: str
    told: tuple[tuple[str, str], ...]
    trace: Sequence[Traced]
    label: Datum = None


Answers = Callable[[Program, Sequence[int]], Sequence[Answered]]


class Shared:
    """What all copies of a program have in common."""

    def __init__(self, program: RecipeProgram, answers: Answers, *, failures: bool) -> None:
        self.program, self.answers, self.failures = program, answers, failures
        self.order = tuple(program.steps)

    def __deepcopy__(self, memo: object) -> Shared:
        return self


class TunableProgram(dspy.Module):  # type: ignore[misc]
    """The predictors of a recipe that may be tuned. With `failures` the trace has unusable answers,
    too."""

    def __init__(
        self, program: RecipeProgram, names: Sequence[str], answers: Answers, *, failures: bool
    ) -> None:
        super().__init__()
        self.shared = Shared(program, answers, failures=failures)
        self.steps = {n: program.steps[n] for n in names}

    def predictor(self, name: str) -> dspy.Module:
        """The predictor of that name: this copy's, where it may be tuned."""
        return self.steps.get(name) or self.shared.program.predictor(name)

    def answers(self, numbers: Sequence[int]) -> Sequence[Answered]:
        """Runs the recipe on examples. Raises what is not the recipe's own failing."""
        return self.shared.answers(self, numbers)

    def forward(self, number: int) -> dspy.Prediction:
        """Runs the recipe on one example, whose calls go to DSPy's trace."""
        (found,) = self.answers([number])
        if dspy.settings.trace is not None:
            dspy.settings.trace.extend(self.entries(found))
        return dspy.Prediction(answered=found)

    def entries(self, found: Answered) -> list[Entry]:
        """The calls of a run, with failures where they are wanted."""
        return entries_of(found.trace, self.shared.order, failures=self.shared.failures)


def entries_of(trace: Iterable[Traced], order: Iterable[str], *, failures: bool) -> list[Entry]:
    """The calls of a run in the `order` of their predictors; of one that was repeated the last,
    unless failures are wanted."""
    places = {name: n for n, name in enumerate(order)}
    ordered = sorted(trace, key=lambda t: (places.get(t.predictor, 0), t.call.order))
    if not failures:
        last = {(t.predictor, str(t.call)): t for t in ordered if t.readable}
        ordered = list(last.values())
    return [t.entry for t in ordered]


def found_in(
    steps: Mapping[str, dspy.Module], before: Mapping[str, dspy.Module]
) -> dict[str, r.Tuned]:
    """What an optimizer changed of predictors: tasks and demonstrations that are not as they
    were. A module of another kind in a predictor's place has none."""
    found = {}
    known = {name: predictor for name, _, predictor in predictors_in(before)}
    for name, step, now in predictors_in(steps):
        if (was := known.get(name)) is None:
            continue
        task = now.signature.instructions.removesuffix(mark(step)).strip()
        same = task == was.signature.instructions.removesuffix(mark(step)).strip()
        demos = tuple(demo(dspy.Example(d), now.signature) for d in now.demos)
        if not same or now.demos:
            found[name] = r.Tuned("" if same else task, demos)
    return found


def demo(example: dspy.Example, signature: type[dspy.Signature]) -> r.Demo:
    """A demonstration as plain values, its inputs first."""
    values = dict(example)
    names = [k for k in signature.input_fields if k in values]
    return tuple((k, plain(values[k])) for k in [*names, *({RESULT} & set(values))])
