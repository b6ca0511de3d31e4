"""Tuning a file's recipe: priced, run, written down."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias, Unpack

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir import suite as s
from rlmlang.models.engines.call_context import Engine
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.python_settings import Settings, options_of
from rlmlang.runtime.redaction import redactor_for
from rlmlang.runtime.shared_budget import waiters_of
from rlmlang.runtime.trust import require_of
from rlmlang.runtime.tuned import path_of, write_tuning
from rlmlang.stores.redact import without_secrets
from rlmlang.testing.choosing import choose_tune, examples_of, recipe_of
from rlmlang.testing.datasets import Examples
from rlmlang.testing.evals import Scored, Way, account_of
from rlmlang.tuning.price import Price, price_of
from rlmlang.tuning.result import as_values
from rlmlang.tuning.tune import Begun, run_tune, settings_of

AT_ONCE = 4
Found: TypeAlias = dict[str, Any]
"""What is written beside a recipe, as JSON values."""
Told = Callable[[str, Scored | None], None]


@dataclass(frozen=True)
class TuningPlan:
    """A tuning about to be run: where, over what, at what price."""

    tune: s.Tune
    examples: Examples
    way: Way
    price: Price

    @property
    def target(self) -> Path:
        """The file that it writes."""
        return path_of(self.tune.eval.path, self.tune.recipe)


def plan_tuning(
    path: str, name: str, options: Options, *, engine: Engine | None = None, at_once: int = AT_ONCE
) -> TuningPlan:
    """The tuning of that name, priced. Raises BadRecipe and CodedError; nothing is sent."""
    tune = choose_tune(path, name)
    require_of(tune.eval.path, (tune,), options)
    examples = examples_of(tune.eval)
    account = account_of(f"tune {tune.name}", tune.budget)
    if options.within is not None:
        options.within.take(account)
    way = Way(
        tune.eval.path,
        tune.recipe,
        replace(options, untuned=True, unattended=True),
        account,
        engine,
        at_once,
        {"within": f"tune {tune.name}"},
        waiters_of(options.within),
    )
    for setting in settings_of(tune):
        prepare(
            tune.eval.path, replace(way.options, recipe=tune.recipe, tuning=setting), need_all=False
        )
    return TuningPlan(tune, examples, way, price_of(tune, examples, way))


def tune_recipe(
    path: str | Path,
    name: str = "",
    *,
    engine: Engine | None = None,
    reflection: str = "",
    at_once: int = AT_ONCE,
    **settings: Unpack[Settings],
) -> Found:
    """Runs a tuning of a file and writes `RECIPE.tuned.json` beside it; gives what it holds.

    `engine` takes the place of the models' transport, `reflection` names the model that rewrites
    tasks; the rest is as `Settings` says. Raises BadRecipe and CodedError.
    """
    options = replace(options_of(settings), of_python=False)  # rows of a file are text
    plan = plan_tuning(str(path), name, options, engine=engine, at_once=at_once)
    try:
        return run_tuning(plan, reflection)
    except CodedError as problem:
        if problem.diagnostic.code == "interrupted":
            raise KeyboardInterrupt from problem
        raise


async def atune(
    path: str | Path,
    name: str = "",
    *,
    engine: Engine | None = None,
    reflection: str = "",
    at_once: int = AT_ONCE,
    **settings: Unpack[Settings],
) -> Found:
    """`tune_recipe` from a running loop, which goes on meanwhile: the work is done in a thread.
    Cancelled, it begins nothing more, lets what was sent come back and be kept, and raises
    CancelledError then: the same call goes on from there."""
    options = replace(options_of(settings), of_python=False)
    stopping = Stopping()

    def work() -> Found:
        plan = plan_tuning(str(path), name, options, engine=engine, at_once=at_once)
        return run_tuning(plan, reflection, begun=stopping.begun)

    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.to_thread(stopping.stop)
        await asyncio.wait([task])
        raise


class Stopping:
    """What stops a tuning from another thread, for as long as it goes."""

    def __init__(self) -> None:
        self.turn, self.wanted = threading.Lock(), False
        self.way: Callable[[], object] = lambda: None

    def begun(self, way: Callable[[], object]) -> None:
        """Takes the way to stop it; when it has ended, one that does nothing."""
        with self.turn:
            self.way = way
            if self.wanted:
                way()

    def stop(self) -> None:
        """Stops it, now or when it begins."""
        with self.turn:
            self.wanted = True
            self.way()


def run_tuning(
    plan: TuningPlan,
    reflection: str = "",
    told: Told = lambda words, scored: None,
    begun: Begun = lambda stop: None,
) -> Found:
    """The tuning, run and written."""
    tune = plan.tune
    recipe = recipe_of(tune.eval.path, tune.recipe)
    model = reflection or tune.reflection or _first_model(plan)
    found = run_tune(tune, recipe, plan.examples, plan.way, model, told, begun)
    clean = without_secrets(
        as_values(found, recipe, plan.examples.sha256), redactor_for(plan.way.options)
    )
    values = _kept(plan.target, clean)
    write_tuning(plan.target, values)
    return values


def _first_model(plan: TuningPlan) -> str:
    """The model that reflects where none is named: that of the recipe's first prompt."""
    if plan.tune.optimizer not in ("gepa", "mipro"):
        return ""
    options = replace(plan.way.options, recipe=plan.tune.recipe)
    ready = prepare(plan.tune.eval.path, options, need_all=False)
    return next(iter(ready.binding.models.values())).name


def _kept(target: Path, values: Found) -> Found:
    """The file as it is where nothing but its cost would change: kept answers cost nothing, and
    what they cost the first time is what a reader wants to know."""
    try:
        earlier: Found = json.loads(target.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return values
    same = {**earlier, "cost": None} == {**values, "cost": None}
    return earlier if same else values
