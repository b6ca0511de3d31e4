"""What passes between the rooms of the runtime: options in, a prepared recipe, an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlmlang.budget import Usage
from rlmlang.context import Datum, Measure
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.diagnostics.render import render, summary
from rlmlang.ir.binding import Binding
from rlmlang.ir.recipe import Interface
from rlmlang.models.endpoints import Address
from rlmlang.plan.plan import Plan
from rlmlang.runtime.effects import Effect
from rlmlang.runtime.project import Project
from rlmlang.runtime.root import STORE
from rlmlang.runtime.tuned import Tuning
from rlmlang.trajectory.receipt import Line

if TYPE_CHECKING:
    from rlmlang.models.engines.call_context import Engine


class BadRecipe(Exception):  # noqa: N818, it is the recipe that is bad
    """A recipe with errors; `diagnostics` are all of them, of which it shows the first."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return f"{summary(self.diagnostics)}\n{render(self.diagnostics[0])}"


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
    shows its requests to DSPy's onlookers; values `of_python` are what a program has, where a text
    is neither a path nor a number. Packages of a run that is `locked` are as they were locked, also
    those in folders beside the project."""

    recipe: str = ""
    sets: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    api_base: str = ""
    timeout: float = 120.0
    parallel: int | None = None
    store: Path | None = STORE
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
    locked: bool = False


@dataclass(frozen=True)
class Prepared:
    """A recipe ready to run: checked, bound and planned; `tuned` says which tuning is used.
    `measure` is how texts are cut; `measures` are those of the models, which count requests;
    `address` is the endpoint of all models where one is named; `effects` are what the recipe does
    outside of its folder, where nobody has trusted it; `beside` says which values the command did
    not give."""

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

    @property
    def recipe(self) -> Interface:
        """What the recipe takes and gives, and its limits."""
        return self.plan.recipe


@dataclass(frozen=True)
class Outcome:
    """What came of a run. `problem` is None when it finished; `usage` is what the run used in all,
    `now` what was used since it was last begun, `reused` the answers that were there already and
    `saved` what they had cost; dollars mean something only where `priced`; `notices` are what a
    user must know of though it stopped nothing, `unanswered` the calls that were sent since then
    and brought no answer."""

    run: str
    result: Datum
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
