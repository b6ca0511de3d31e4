"""A recipe as a DSPy module that is called like any other.

What a call does goes through the module's own predictors, under the names of the steps, so that
whatever DSPy does with a program (evaluate, optimize, trace, copy, save) it does with a recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self

import dspy
from dspy.predict.parameter import Parameter
from typing_extensions import TypeVar

from rlmlang.budget import Usage
from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir import recipe as r
from rlmlang.plan.plan import Plan
from rlmlang.program.onlookers import tell
from rlmlang.program.predictor import Traced
from rlmlang.program.program import RecipeProgram, predictors_in, take
from rlmlang.program.result_types import as_type
from rlmlang.program.signatures import RESULT
from rlmlang.program.tunable import entries_of, found_in
from rlmlang.trajectory.receipt import Line
from rlmlang.trajectory.trajectory import Trajectory
from rlmlang.value import Json

T = TypeVar("T")
R = TypeVar("R", default=Any)


class Told(Protocol):
    """What a run tells of itself."""

    @property
    def run(self) -> str:
        """Its name."""

    @property
    def now(self) -> Usage:
        """What it used since it was begun, or begun again."""

    @property
    def priced(self) -> bool:
        """Whether its dollars mean something."""

    @property
    def receipt(self) -> Sequence[Line]:
        """What was read of each source."""

    @property
    def trajectory(self) -> Trajectory:
        """All that happened in it."""

    def _repr_html_(self) -> str:
        """How a notebook shows it."""


@dataclass(frozen=True)
class Ran:
    """What a run gave: its result, the places whose answers went into it with what was said of
    each, and all else that it tells; `plain` is the result as JSON values, `typed` as the caller
    wants it, by the name of its field."""

    result: Datum
    plain: Json
    typed: Mapping[str, object]
    evidence: tuple[tuple[str, str], ...]
    told: Told


class Runner(Protocol):
    """What runs the recipe of a module. It is shared by the module's copies."""

    @property
    def prompts(self) -> Mapping[str, r.Prompt]:
        """The recipe's prompts, by predictor."""

    @property
    def lm(self) -> dspy.BaseLM | None:
        """The LM that was named for all models, if one was."""

    def run(self, asked: Asked) -> Ran:
        """A run, waited for. Raises BadRecipe and CodedError."""

    async def arun(self, asked: Asked) -> Ran:
        """The same in the running loop."""

    def plan(self, asked: Asked) -> Plan:
        """What a run would do, and its price. Raises BadRecipe and CodedError."""

    async def aplan(self, asked: Asked) -> Plan:
        """The same from the running loop."""

    def save(self, path: Path, found: Mapping[str, r.Tuned]) -> None:
        """Keeps what was found for the predictors. Raises CodedError."""

    def saved(self, path: Path) -> Mapping[str, r.Tuned]:
        """What was kept. Raises CodedError."""


@dataclass(frozen=True)
class Asked:
    """One call of a module: its inputs, its predictors, what was found for them, the LMs that are
    to answer by the predictors' names, and where each request is noted for an optimizer."""

    program: RecipeModule
    inputs: Mapping[str, object]
    found: Mapping[str, r.Tuned]
    lms: Mapping[str, dspy.BaseLM]
    lm: dspy.BaseLM | None
    trace: list[Traced]


class RecipePrediction(dspy.Prediction, Generic[R]):  # type: ignore[misc]
    """A recipe's result, as `result` and by the fields of a record, with what is known of its run.
    A field of one of these names is had by `prediction["usage"]`."""

    if TYPE_CHECKING:
        result: R

    @classmethod
    def of(cls, ran: Ran) -> RecipePrediction[R]:
        """The prediction of a run."""
        fields = ran.result if isinstance(ran.result, Mapping) else {}
        made = cls(**{RESULT: ran.result, **fields, **ran.typed})
        made._ran = ran
        return made

    def to(self, kind: type[T]) -> T:
        """The result as a data class, a pydantic model, an enum, or a list of them.

        Raises CodedError (wrong-input) for a result that is none."""
        return as_type(self._ran.plain, kind)

    @property
    def run(self) -> str:
        """The run's name, for `rlm show`."""
        return str(self._ran.told.run)

    @property
    def usage(self) -> Usage:
        """What was used now: calls, tok in and out, exact dollars. What was kept costs nothing."""
        found: Usage = self._ran.told.now
        return found

    @property
    def cost(self) -> float | None:
        """Its dollars; None where a model has no known price."""
        return float(self.usage.usd) if self._ran.told.priced else None

    @property
    def receipt(self) -> Sequence[Line]:
        """How much of each source was read, held against what the recipe promises."""
        found: Sequence[Line] = self._ran.told.receipt
        return found

    @property
    def trajectory(self) -> Trajectory:
        """All that happened in the run: its calls, what they asked and answered, code that models
        wrote."""
        found: Trajectory = self._ran.told.trajectory
        return found

    def _repr_html_(self) -> str:
        """What a notebook shows: the answer, its evidence, the receipt."""
        return str(self._ran.told._repr_html_())

    @property
    def evidence(self) -> Sequence[tuple[str, str]]:
        """Places whose answers went into the result, and what was said of each."""
        found: Sequence[tuple[str, str]] = self._ran.evidence
        return found


class RecipeModule(dspy.Module, Generic[R]):  # type: ignore[misc]
    """A recipe that is called with its parameters by name, and gives a `dspy.Prediction` of its
    result: `result`, and the fields of one that is a record, with `receipt`, `evidence`, `usage`,
    `cost` and `run`.

    `steps` has its predictors by the names of their steps. A `dspy.LM` that was set for them
    answers; else the model that was named when it was loaded, then the recipe's own, then
    `dspy.settings.lm`. Raises CodedError for a run that fails and for inputs that are not of the
    recipe's types.
    """

    if TYPE_CHECKING:

        def __call__(self, **inputs: object) -> RecipePrediction[R]:
            """A run of the recipe."""

        async def acall(self, **inputs: object) -> RecipePrediction[R]:
            """A run of the recipe in the running loop."""

    def __init__(self, runner: Runner) -> None:
        super().__init__()
        self._runner = runner
        self.steps: dict[str, dspy.Module] = dict(RecipeProgram(runner.prompts).steps)

    def forward(self, **inputs: object) -> dspy.Prediction:
        """A run of the recipe."""
        asked = self._asked(inputs)
        return self._predicted(self._runner.run(asked), asked)

    async def aforward(self, **inputs: object) -> dspy.Prediction:
        """A run of the recipe in the running loop."""
        asked = self._asked(inputs)
        return self._predicted(await self._runner.arun(asked), asked)

    def plan(self, **inputs: object) -> Plan:
        """The price of a call, without making it: what is not given yet is a formula. It draws
        itself in a notebook. Raises CodedError for inputs that are not of the recipe's types."""
        return self._runner.plan(self._asked(inputs))

    async def aplan(self, **inputs: object) -> Plan:
        """The same from a running loop, which goes on meanwhile."""
        return await self._runner.aplan(self._asked(inputs))

    def predictor(self, name: str) -> dspy.Module:
        """The predictor of a step. Raises CodedError (predictor-missing)."""
        return RecipeProgram.predictor(self, name)

    def prompt(self, name: str) -> r.Prompt:
        """The prompt of a predictor, as the recipe has it. Raises KeyError."""
        return self._runner.prompts[name]

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """Its predictors by the names of their steps."""
        return list(self._parameters())

    def get_lm(self) -> dspy.BaseLM | None:
        """The LM that was set for all its predictors, else the one that was named when it was
        loaded: what DSPy's BestOfN, Refine and SIMBA ask anew. Raises ValueError for several."""
        return super().get_lm() or self._runner.lm

    def map_named_predictors(self, func: Callable[[dspy.Predict], dspy.Predict]) -> Self:
        """Puts what a function makes of each predictor in its place; gives the module."""
        for name, step in self.steps.items():
            if isinstance(step, dspy.Predict):
                self.steps[name] = func(step)
            else:
                step.map_named_predictors(func)
        return self

    def save(self, path: str | Path, save_program: bool = False, **options: object) -> None:
        """Writes what was found for its predictors, in the form of `RECIPE.tuned.json`.

        Raises CodedError (file-unwritable, not-applicable)."""
        if save_program or options:
            raise _no_pickle()
        self._runner.save(Path(path), self.found)

    def load(self, path: str | Path, **options: object) -> None:
        """Takes what was saved, or what `rlm tune` found. Raises CodedError (tuned-unreadable)."""
        saved = self._runner.saved(Path(path))
        for name, step, predictor in predictors_in(self.steps):
            if name in saved:
                take(predictor, step, saved[name])

    @property
    def found(self) -> Mapping[str, r.Tuned]:
        """What its predictors say that the recipe does not: tasks and demonstrations."""
        return found_in(self.steps, RecipeProgram(self._runner.prompts).steps)

    def __getattr__(self, name: str) -> dspy.Module:
        steps = self.__dict__.get("steps", {})
        if name in steps:
            found: dspy.Module = steps[name]
            return found
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _parameters(self) -> Iterator[tuple[str, Parameter]]:
        for name, found in self.steps.items():
            if isinstance(found, Parameter):
                yield name, found
            elif not getattr(found, "_compiled", False):
                yield from ((f"{name}.{inner}", p) for inner, p in found.named_parameters())

    def _asked(self, inputs: Mapping[str, object]) -> Asked:
        found = [(step, p.lm) for _, step, p in predictors_in(self.steps)]
        set_for = {step: lm for step, lm in found if lm is not None}
        return Asked(self, inputs, self.found, set_for, dspy.settings.lm, [])

    def _predicted(self, ran: Ran, asked: Asked) -> dspy.Prediction:
        if (trace := dspy.settings.trace) is not None:
            trace.extend(entries_of(asked.trace, self.steps, failures=False))
        tell(self, {"rlm.run": ran.told.run})
        return RecipePrediction.of(ran)


def _no_pickle() -> Exception:
    return failed(
        "not-applicable",
        "a recipe's module is saved as JSON alone: no pickle of it is ever read",
        hint='save what was found for it: find.save("find.json")',
    )
