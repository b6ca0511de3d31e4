"""`load`: a recipe as a DSPy module, and the runs behind its calls."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from rlmlang.diagnostics.source import SourceFile
from rlmlang.ir import recipe as r
from rlmlang.ir.predictors import prompts_of
from rlmlang.loop_thread import LoopThread
from rlmlang.plan.plan import Plan
from rlmlang.resources import user_cache
from rlmlang.runtime.lms import answered_by, named_models
from rlmlang.runtime.prepare import prepare, recipe_of, refuse
from rlmlang.runtime.prepared import Options, Outcome, Prepared
from rlmlang.runtime.session import Session
from rlmlang.runtime.shown import evidence_of, jsonable
from rlmlang.runtime.tuned import Tuning, found_by_hand, read_tuning, write_tuning
from rlmlang.trajectory.events import CallFinished, Event

if TYPE_CHECKING:
    from dspy import BaseLM

    from rlmlang.program.module import Asked, Ran, RecipeModule

HERE = "recipe.rlm"
"""What a recipe that was given as text is called; its files lie in the current folder."""
REMEMBERED = 20_000
"""Answers among which evidence is looked for."""


class Settings(TypedDict, total=False):
    """What may be said when a recipe is loaded.

    `sets` are values of what may be set, as `--set` takes them (`{"pages.max": "2ktok"}`); `models`
    names models by the recipe's names for them, as strings or `dspy.LM`s; `store` is the file that
    keeps runs, None for memory only; times are in seconds.
    """

    sets: Mapping[str, object]
    models: Mapping[str, str | BaseLM]
    api_base: str
    api_key_env: str
    timeout: float
    parallel: int
    store: str | Path | None
    fresh: bool
    max_wait: float
    sandbox: str
    untuned: bool
    trust: bool


def load(
    recipe_or_path: str | Path,
    *,
    recipe: str = "",
    model: str | BaseLM = "",
    **settings: Unpack[Settings],
) -> RecipeModule:
    """A recipe as a `dspy.Module`: from a file (`std/NAME` of the library too), or from its text,
    which begins with `rlm 1`.

    `recipe` is its name where there are several; `model` fills all of its models. Runs are kept in
    the user's cache unless a `store` is named, so that a question that was answered costs nothing.
    Raises BadRecipe and CodedError.
    """
    from rlmlang.program.module import RecipeModule

    return RecipeModule(RecipeRunner.of(_what(recipe_or_path), recipe, model, settings))


@dataclass(frozen=True)
class RecipeRunner:
    """Runs a recipe for a module and its copies, one run a call."""

    what: str | SourceFile
    options: Options
    recipe: r.Recipe
    prompts: Mapping[str, r.Prompt]

    @classmethod
    def of(
        cls, what: str | SourceFile, recipe: str, model: str | BaseLM, settings: Settings
    ) -> RecipeRunner:
        """The runner of a recipe, checked. Raises BadRecipe and CodedError."""
        options = _options(recipe, model, settings)
        written = recipe_of(what, options)
        ready = prepare(what, options, need_all=False)
        named = replace(options, recipe=written.name)
        return cls(what, named, written, prompts_of(ready.plan))

    def __deepcopy__(self, memo: object) -> RecipeRunner:
        return self

    def plan(self, inputs: Mapping[str, object]) -> Plan:
        """The plan for some inputs. Raises CodedError."""
        return prepare(self.what, replace(self.options, values=inputs), need_all=False).plan

    def run(self, asked: Asked) -> Ran:
        """A run, waited for. Raises CodedError."""
        with LoopThread() as loop:
            made = _Run(self._prepared(asked), asked)
            return made.ran(loop.finish(made.session.run(), made.session.stop))

    async def arun(self, asked: Asked) -> Ran:
        """The same in the running loop."""
        made = _Run(self._prepared(asked), asked)
        return made.ran(await made.session.run())

    def _prepared(self, asked: Asked) -> Prepared:
        options = replace(self.options, values=asked.inputs, tuning=self._tuning(asked))
        ready = prepare(self.what, answered_by(options, asked, self.recipe), need_all=True)
        refuse(ready)
        return ready

    def _tuning(self, asked: Asked) -> Tuning | None:
        """What was found for the predictors, in the place of a tuning beside the recipe."""
        return Tuning(asked.found) if asked.found else None

    def save(self, path: Path, found: Mapping[str, r.Tuned]) -> None:
        """Keeps what was found for the predictors. Raises CodedError."""
        write_tuning(path, found_by_hand(self.recipe, found))

    def saved(self, path: Path) -> Mapping[str, r.Tuned]:
        """What was kept. Raises CodedError."""
        return read_tuning(path).prompts


class _Run:
    """One run of a module: its session, and the answers that may be evidence."""

    def __init__(self, ready: Prepared, asked: Asked) -> None:
        self.answers: list[CallFinished] = []
        self.session = Session(ready, self._seen, program=asked.program, trace=asked.trace)

    def _seen(self, event: Event) -> None:
        if isinstance(event, CallFinished) and event.ranges and len(self.answers) < REMEMBERED:
            self.answers.append(replace(event, request=""))

    def ran(self, outcome: Outcome) -> Ran:
        """What it gave. Raises CodedError for what stopped it."""
        from rlmlang.program.module import Ran

        if outcome.problem is not None:
            raise outcome.problem
        evidence = evidence_of(self.answers, jsonable(outcome.result))
        return Ran(outcome.result, evidence, outcome)


def _what(given: str | Path) -> str | SourceFile:
    if isinstance(given, str) and ("\n" in given or given.lstrip().startswith("rlm 1")):
        return SourceFile(os.path.join(os.getcwd(), HERE), given)
    return str(given)


def _options(recipe: str, model: str | BaseLM, settings: Settings) -> Options:
    """What was said, as a run takes it."""
    said = {"": model} if model else {}
    models, engines = named_models({**said, **settings.get("models", {})})
    store = settings.get("store", user_cache() / "runs.db")
    rest: dict[str, Any] = {
        k: v for k, v in settings.items() if k not in ("sets", "models", "store")
    }
    return Options(
        recipe=recipe,
        sets={k: _written(v) for k, v in settings.get("sets", {}).items()},
        models=models,
        engines=engines,
        store=None if store is None else Path(store),
        seen=True,
        of_python=True,
        **rest,
    )


def _written(value: object) -> str:
    """A setting as the command line writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
