"""`load`: a recipe as a DSPy module, and the runs behind its calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import anyio.to_thread

from rlmlang.diagnostics.source import SourceFile
from rlmlang.execute.plain_values import jsonable
from rlmlang.ir import recipe as r
from rlmlang.ir.predictors import prompts_of
from rlmlang.loop_thread import LoopThread
from rlmlang.plan.plan import Plan
from rlmlang.report.evidence import Answers
from rlmlang.runtime.files import recipe_in
from rlmlang.runtime.limits import refuse
from rlmlang.runtime.live import shown
from rlmlang.runtime.lms import answered_by
from rlmlang.runtime.prepare import prepare, recipe_of
from rlmlang.runtime.prepared import Options, Outcome, Prepared
from rlmlang.runtime.python_settings import Settings, options_of
from rlmlang.runtime.session import Session
from rlmlang.runtime.shown import line_finder
from rlmlang.runtime.tuned import Tuning, found_by_hand, read_tuning, write_tuning

if TYPE_CHECKING:
    from rlmlang.program.module import Asked, Ran, RecipeModule


def load(
    recipe_or_path: str | Path,
    *,
    recipe: str = "",
    **settings: Unpack[Settings],
) -> RecipeModule:
    """A recipe as a `dspy.Module`: from a file (`std/NAME` of the library too), or from its text,
    which begins with `rlm 1`.

    `recipe` is its name where there are several; the rest is as `Settings` says.
    Raises BadRecipe and CodedError.
    """
    from rlmlang.program.call_signature import module_class

    runner = RecipeRunner.of(recipe_in(recipe_or_path), recipe, settings)
    return module_class(runner.recipe)(runner)


@dataclass(frozen=True)
class RecipeRunner:
    """Runs a recipe for a module and its copies, one run a call."""

    what: str | SourceFile
    options: Options
    recipe: r.Recipe
    prompts: Mapping[str, r.Prompt]

    @classmethod
    def of(cls, what: str | SourceFile, recipe: str, settings: Settings) -> RecipeRunner:
        """The runner of a recipe, checked. Raises BadRecipe and CodedError."""
        options = options_of(settings, recipe, seen=True)
        written = recipe_of(what, options)
        ready = prepare(what, options, need_all=False)
        named = replace(options, recipe=written.name)
        return cls(what, named, written, prompts_of(ready.plan))

    def __deepcopy__(self, memo: object) -> RecipeRunner:
        return self

    def run(self, asked: Asked) -> Ran:
        """A run, waited for. Raises CodedError."""
        made = _Run(self._prepared(asked), asked)
        with (
            shown(made.plan, made.answers.take) as made.session.heard.listener,
            LoopThread() as loop,
        ):
            return made.ran(loop.finish(made.session.run(), made.session.stop))

    async def arun(self, asked: Asked) -> Ran:
        """The same in the running loop."""
        made = _Run(self._prepared(asked), asked)
        with shown(made.plan, made.answers.take) as made.session.heard.listener:
            return made.ran(await made.session.run())

    def plan(self, asked: Asked) -> Plan:
        """What a run would do, and its price. Raises CodedError."""
        return self._bound(asked, need_all=False).plan

    async def aplan(self, asked: Asked) -> Plan:
        """The same, made in a thread."""
        return await anyio.to_thread.run_sync(self.plan, asked)

    def _prepared(self, asked: Asked) -> Prepared:
        ready = self._bound(asked, need_all=True)
        refuse(ready)
        return ready

    def _bound(self, asked: Asked, *, need_all: bool) -> Prepared:
        options = replace(self.options, values=asked.inputs, tuning=self._tuning(asked))
        return prepare(self.what, answered_by(options, asked, self.recipe), need_all=need_all)

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
        self.answers = Answers()
        self.plan = ready.plan
        self.session = Session(ready, program=asked.program, trace=asked.trace)

    def ran(self, outcome: Outcome) -> Ran:
        """What it gave. Raises CodedError for what stopped it."""
        from rlmlang.program.module import Ran

        if outcome.problem is not None:
            raise outcome.problem
        plain = jsonable(outcome.result)
        evidence = self.answers.evidence(plain, line_finder(self.session.ready.inputs))
        return Ran(outcome.result, plain, tuple(evidence), outcome)
