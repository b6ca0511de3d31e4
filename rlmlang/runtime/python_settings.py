"""What a program may say when it calls us, as a type, and as the options of a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from rlmlang.resources import user_state
from rlmlang.runtime.lms import named_models
from rlmlang.runtime.prepared import Changed, Options
from rlmlang.runtime.setting_kinds import held
from rlmlang.stores.address import address_of

if TYPE_CHECKING:
    from rlmlang.models.lm import Lm
    from rlmlang.runtime.shared_budget import SharedBudget


class Running(TypedDict, total=False):
    """How a run is made.

    `store` is the file that keeps runs, none for None, and the user's own where it is not named
    (`store_path`): nothing is written into the host's folder unless it is asked for. What is
    `within` a shared budget keeps to that besides the recipe's own;
    `fresh` uses no earlier answer, `retry_failed` none that was refused, `only_kept` nothing but
    kept ones. Times are in seconds. `sandbox` names tiers in place of the recipe's, `allow_unsafe`
    lets code run in processes that cannot be locked down. `untuned` leaves a tuning beside the
    recipe aside; without `rewrite` the plan is as the recipe says it. `api_key_env` names the
    variable with the key of `api_base`. `trust` takes all that the recipe and `rlm.toml` say; an
    `unattended` run does of it what is trusted, and no more. `profile` is that of `rlm.toml`, else
    the one that `RLM_PROFILE` names.
    """

    store: str | Path | None
    api_base: str
    api_key_env: str
    timeout: float
    parallel: int
    max_wait: float
    fresh: bool
    retry_failed: bool
    only_kept: bool
    sandbox: str
    allow_unsafe: bool
    untuned: bool
    rewrite: bool
    trust: bool
    unattended: bool
    profile: str
    within: SharedBudget


class Settings(Running, total=False):
    """How a recipe is run.

    `model` fills all of its models, `models` those named by the recipe's names for them; each is a
    name or a `dspy.LM`. `sets` are values of what may be set, as `--set` takes them
    (`{"pages.max": "2ktok"}`).
    """

    model: str | Lm
    models: Mapping[str, str | Lm] | Sequence[str]
    sets: Mapping[str, object]


class Inputs(Settings, total=False):
    """How a recipe is run, and on what: `recipe` is its name where there are several, `values` are
    inputs as Python values, `sources` are paths by the names of inputs."""

    recipe: str
    values: Mapping[str, object]
    sources: Mapping[str, str | Path]


NAMED = ("model", "models", "sets", "store", "sources")


def store_path() -> Path:
    """The file that keeps the runs of programs which name no store, for `rlm runs --store`."""
    return user_state() / "runs.db"


def options_of(
    given: Running | Changed,
    recipe: str = "",
    *,
    seen: bool = False,
    besides: Collection[str] = (),
) -> Options:
    """What a program says, as a run takes it, but for names `besides`; what is `seen` shows its
    requests to DSPy's onlookers. Raises TypeError and CodedError (wrong-input), as `held` does."""
    said: dict[str, Any] = held(given, besides)
    models, engines = _models(said.get("model", ""), said.get("models", {}))
    kept = said.get("store", store_path())
    taken = {k: v for k, v in said.items() if k not in (*NAMED, *besides)}
    return Options(
        **{"recipe": recipe, **taken},
        models=models,
        engines=engines,
        sets={k: written(v) for k, v in said.get("sets", {}).items()},
        sources={k: str(v) for k, v in said.get("sources", {}).items()},
        store=None if kept is None else address_of(kept),
        seen=seen,
        of_python=True,
    )


def _models(
    model: str | Lm, models: Mapping[str, str | Lm] | Sequence[str]
) -> tuple[tuple[str, ...], dict[str, Any]]:
    of_all = {"": model} if model else {}
    if isinstance(models, Mapping):
        return named_models({**of_all, **models})
    names, engines = named_models(of_all)
    return (*names, *models), engines


def written(value: object) -> str:
    """A setting as the command line writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
