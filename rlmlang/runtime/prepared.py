"""What passes between the rooms of the runtime: options in, a prepared recipe, an outcome."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypedDict, Unpack, cast

from typing_extensions import TypeVar

from rlmlang.budget import Usage
from rlmlang.context import Datum, Measure
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, failed
from rlmlang.diagnostics.render import render, render_all, summary
from rlmlang.diagnostics.source import SourceFile
from rlmlang.execute.plain_values import jsonable
from rlmlang.ir.binding import Binding
from rlmlang.ir.recipe import Interface, Recipe
from rlmlang.ir.suite import Checked
from rlmlang.models.endpoints import Address
from rlmlang.plan.plan import Plan
from rlmlang.runtime.effects import Effect
from rlmlang.runtime.given_tools import GivenTools
from rlmlang.runtime.project import Project
from rlmlang.runtime.root import STORE
from rlmlang.runtime.shared_budget import SharedBudget
from rlmlang.runtime.tuned import Tuning
from rlmlang.trajectory.receipt import Line
from rlmlang.trajectory.trajectory import Trajectory

if TYPE_CHECKING:
    from rlmlang.models.engines.call_context import Engine
    from rlmlang.models.lm import Lm
    from rlmlang.stores.address import StoreAddress


class BadRecipe(Exception):  # noqa: N818, it is the recipe that is bad
    """A recipe with errors; `diagnostics` are all of them, of which it shows the first."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return f"{summary(self.diagnostics)}\n{render(self.diagnostics[0])}"

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback: all that is wrong, drawn."""
        return render_all(self.diagnostics, colour=True).splitlines()


@dataclass(frozen=True)
class Fork:
    """The run that another one goes on from, the step or call where it does, and the answer that is
    given there in the place of a model's."""

    run: str
    at: str
    answer: str | None = None


def sound(found: Checked) -> Checked:
    """A checked file that has no errors. Raises BadRecipe for one that has."""
    if not found.ok:
        raise BadRecipe(found.diagnostics)
    return found


@dataclass(frozen=True)
class Options:
    """What the command line or a caller says about a run. `values` are inputs as Python values;
    `store` is the file that keeps the run, None for memory only, `STORE` itself that of the
    recipe's root; `own_only` lets no row of it count that another user wrote, unless its folder is
    trusted, as it always is for `STORE`; `fresh` uses no earlier answer, `retry_failed` none that
    was refused, `only_kept` nothing but kept ones; times are in seconds. `sandbox` names tiers in
    place of the recipe's; `allow_unsafe` lets code run in processes that cannot be locked down;
    `untuned` leaves a tuning beside the recipe aside, `tuning` is one to use in its place; without
    `rewrite` the plan is as the recipe says it; `api_key_env` names the variable with the key of
    `api_base`; `trust` takes all that the recipe and `rlm.toml` say; an `unattended` run does of it
    what is trusted, and no more; one that is `alone`, as a test is, reads neither values of
    `rlm.toml` nor the environment.
    `engines` answer for models by the recipe's names for them, that of "" for all; what is `seen`
    shows its requests to DSPy's onlookers; `tools` are what code may call besides those of the
    recipe; values `of_python` are what a program has, where a text is neither a path nor a number;
    a `fork` goes on from another run; what is `within` a shared budget keeps to that as well.
    `profile` is that of `rlm.toml`, else the one of the environment.
    Packages of a run that is `locked` are as they were locked, also those in folders beside the
    project. What is `unopened` opens no source that the recipe declares. `home` is the file that
    names a recipe in a test, an eval or a batch: a package's recipe is run in the project of it.
    `engine` says how models are asked, `live` or by `batch`; as the project says where it is
    none."""

    recipe: str = ""
    sets: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    api_base: str = ""
    timeout: float = 120.0
    parallel: int | None = None
    store: StoreAddress | None = STORE
    own_only: bool = False
    fresh: bool = False
    retry_failed: bool = False
    only_kept: bool = False
    max_wait: float = 300.0
    sandbox: str = ""
    allow_unsafe: bool = False
    untuned: bool = False
    rewrite: bool = True
    tuning: Tuning | None = None
    api_key_env: str = ""
    trust: bool = False
    unattended: bool = False
    alone: bool = False
    engines: Mapping[str, Engine] = field(default_factory=dict)
    seen: bool = False
    of_python: bool = False
    tools: GivenTools = field(default_factory=GivenTools)
    fork: Fork | None = None
    within: SharedBudget | None = None
    locked: bool = False
    profile: str = ""
    unopened: bool = False
    home: str = ""
    engine: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A recipe ready to run: checked, bound and planned; `tuned` says which tuning is used.
    `measure` is how texts are cut; `measures` are those of the models, which count requests;
    `address` is the endpoint of all models where one is named; `effects` are what the recipe does
    outside of its folder, where nobody has trusted it; `beside` says which values the command did
    not give; `written` is the recipe as its file has it, None for a plan; `what` is the file, text
    or plan that it was made of."""

    plan: Plan
    inputs: Mapping[str, Datum]
    binding: Binding
    measure: Measure
    measures: Mapping[str, Measure]
    options: Options
    project: Project
    warnings: tuple[Diagnostic, ...] = ()
    tuned: str = ""
    address: Address | None = None
    effects: tuple[Effect, ...] = ()
    beside: str = ""
    written: Recipe | None = None
    what: str | SourceFile | Plan = ""

    @property
    def recipe(self) -> Interface:
        """What the recipe takes and gives, and its limits."""
        return self.plan.recipe


class Changed(TypedDict, total=False):
    """What a run that goes on from another may change of how it is made, as `Settings` says it."""

    model: str | Lm
    models: Mapping[str, str | Lm] | Sequence[str]
    sets: Mapping[str, object]
    api_base: str
    timeout: float
    parallel: int
    fresh: bool
    sandbox: str


class Kept(Protocol):
    """A run that may be looked into, and gone on from."""

    @property
    def trajectory(self) -> Trajectory:
        """All that happened in it."""

    @property
    def evidence(self) -> Sequence[tuple[str, str]]:
        """Places whose answers went into its result, and what was said of each."""

    @property
    def seen_with(self) -> str:
        """How it is seen later; empty where no file keeps it."""

    def fork(
        self, at: str, answer: str | None, recipe: str | Path | None, given: Changed
    ) -> Outcome:
        """A run that goes on from a point of it."""

    async def afork(
        self, at: str, answer: str | None, recipe: str | Path | None, given: Changed
    ) -> Outcome:
        """The same in a running loop."""


R = TypeVar("R", covariant=True, default="Datum")


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """What came of a run. `problem` is None when it finished; `usage` is what the run used in all,
    `now` what was used since it was last begun, `reused` the answers that were there already and
    `saved` what they had cost; dollars mean something only where `priced`; `notices` are what a
    user must know of though it stopped nothing, `unanswered` the calls that were sent since then
    and brought no answer. `kept` is the run itself, for as long as somebody holds the outcome also
    where no file keeps it."""

    run: str
    result: R
    usage: Usage
    receipt: tuple[Line, ...] = ()
    seconds: float = 0.0
    problem: CodedError | None = None
    priced: bool = True
    now: Usage = field(default_factory=Usage)
    resumed: bool = False
    reused: int = 0
    saved: Usage = field(default_factory=Usage)
    notices: tuple[Diagnostic, ...] = ()
    unanswered: int = 0
    kept: Kept | None = field(default=None, repr=False, compare=False)

    @property
    def trajectory(self) -> Trajectory:
        """All that happened in the run. Raises CodedError (unknown-run) where it was kept nowhere,
        as those of tests are."""
        return self._held().trajectory

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "kept": None}  # another process does not hold the run

    def _held(self) -> Kept:
        if self.kept is None:
            raise failed("unknown-run", f"nothing is kept of {self.run}", hint="run it by itself")
        return self.kept

    def fork(
        self,
        at: str,
        *,
        answer: str | None = None,
        recipe: str | Path | None = None,
        **changed: Unpack[Changed],
    ) -> Outcome:
        """A new run that goes on from a point of this one: a step (`notes`), a call (`notes[3]`), a
        turn of a session (`said.turn 2`), with something changed: the `answer` there, models,
        settings, or the recipe, whose file is read again. It pays for what follows alone; what does
        not depend on the point has this run's answers.

        Raises BadRecipe and CodedError for what stands in the way; what stops the run later is the
        `problem` of its outcome."""
        return self._held().fork(at, answer, recipe, changed)

    async def afork(
        self,
        at: str,
        *,
        answer: str | None = None,
        recipe: str | Path | None = None,
        **changed: Unpack[Changed],
    ) -> Outcome:
        """`fork` in the running event loop. Cancelled, it keeps what it has and raises
        CancelledError at once."""
        return await self._held().afork(at, answer, recipe, changed)

    def _repr_html_(self) -> str:
        """What a notebook shows: the answer, its evidence, the receipt."""
        from rlmlang.report.notebook import page

        evidence = self.kept.evidence if self.kept is not None and self.problem is None else ()
        stopped = "" if self.problem is None else render(self.problem.diagnostic)
        plain = json.dumps(
            jsonable(cast("Datum", self.result)), default=repr
        )  # or of a wished type
        return page(json.loads(plain), stopped, evidence, self._receipt())

    def _receipt(self) -> list[str]:
        """The lines of its receipt."""
        from rlmlang.report.receipt import receipt_texts

        texts = receipt_texts(
            self.run,
            self.receipt,
            self.usage,
            self.seconds,
            seen_with=self.kept.seen_with if self.kept is not None else "",
            priced=self.priced,
            reused=self.reused,
            unanswered=self.unanswered,
            notices=[n.message for n in self.notices],
        )
        return [text.plain.removeprefix("  ") for text in texts]
