"""`load`: a recipe as a DSPy module, and the runs behind its calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, Unpack, overload

import anyio.to_thread

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.source import SourceFile
from rlmlang.execute.plain_values import jsonable
from rlmlang.ir import recipe as r
from rlmlang.ir.predictors import prompts_of
from rlmlang.loop_thread import LoopThread
from rlmlang.plan.plan import Plan
from rlmlang.report.evidence import Answers
from rlmlang.runtime.files import read_source, recipe_in
from rlmlang.runtime.limits import refuse
from rlmlang.runtime.live import shown
from rlmlang.runtime.lms import answered_by
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options, Outcome, Prepared
from rlmlang.runtime.python_settings import Settings, options_of
from rlmlang.runtime.session import Session
from rlmlang.runtime.setting_kinds import once
from rlmlang.runtime.shown import line_finder
from rlmlang.runtime.tuned import Tuning, found_by_hand, read_tuning, write_tuning

if TYPE_CHECKING:
    from rlmlang.models.lm import Lm
    from rlmlang.program.module import Asked, Ran, RecipeModule

T = TypeVar("T")


@overload
def load(
    recipe_or_path: str | Path,
    *,
    recipe: str = "",
    result: type[T],
    **settings: Unpack[Settings],
) -> RecipeModule[T]: ...
@overload
def load(
    recipe_or_path: str | Path,
    *,
    recipe: str = "",
    result: None = None,
    **settings: Unpack[Settings],
) -> RecipeModule: ...
def load(
    recipe_or_path: str | Path,
    *,
    recipe: str = "",
    result: type[object] | None = None,
    **settings: Unpack[Settings],
) -> RecipeModule:
    """A recipe as a `dspy.Module`: from a file (`std/NAME` of the library too), or from its text,
    which begins with `rlm 1`. It stays as it was when it was loaded.

    `recipe` is its name where there are several. `result` is the type that results are given in: a
    data class, a pydantic model, an enum, or a list of them; one that they cannot be of is refused.
    The rest is as `Settings` says. Raises BadRecipe and CodedError.
    """
    from rlmlang.program.call_signature import module_class

    given = recipe_in(recipe_or_path)
    source = given if isinstance(given, SourceFile) else read_source(given)
    runner = RecipeRunner.of(source, options_of(settings, recipe, seen=True), result)
    return module_class(runner.recipe, source.text)(runner)


@dataclass(frozen=True)
class RecipeRunner:
    """Runs a recipe for a module and its copies, one run a call; results are given as a `result`
    where one is wanted."""

    source: SourceFile
    options: Options
    recipe: r.Recipe
    prompts: Mapping[str, r.Prompt]
    result: type[object] | None

    @classmethod
    def of(cls, source: SourceFile, options: Options, result: type[object] | None) -> RecipeRunner:
        """The runner of a recipe, checked. Raises BadRecipe and CodedError."""
        ready = prepare(source, options, need_all=False)
        if ready.written is None:
            raise failed("not-applicable", f"{source.path} is a plan: rlmlang.run runs one")
        if result is not None:
            from rlmlang.program.result_types import hold

            hold(result, ready.written.result)
        named = replace(options, recipe=ready.written.name)
        return cls(source, named, ready.written, prompts_of(ready.plan), result)

    @property
    def lm(self) -> Lm | None:
        """The LM that was named for all models, if one was."""
        found: Lm | None = getattr(self.options.engines.get(""), "lm", None)
        return found

    def __deepcopy__(self, memo: object) -> RecipeRunner:
        return self

    def run(self, asked: Asked) -> Ran:
        """A run, waited for. Raises CodedError."""
        made = _Run(self._prepared(asked), asked, self.result)
        heard = made.session.heard
        with shown(made.plan, made.answers.take) as heard.listener, LoopThread() as loop:
            return made.ran(loop.finish(made.session.run(), made.session.stop))

    async def arun(self, asked: Asked) -> Ran:
        """The same in the running loop."""
        made = _Run(self._prepared(asked), asked, self.result)
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
        once({"values": asked.inputs, "sets": self.options.sets})
        options = replace(self.options, values=asked.inputs, tuning=self._tuning(asked))
        return prepare(self.source, answered_by(options, asked, self.recipe), need_all=need_all)

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

    def __init__(self, ready: Prepared, asked: Asked, result: type[object] | None) -> None:
        self.answers, self.result = Answers(), result
        self.plan = ready.plan
        self.session = Session(ready, program=asked.program, trace=asked.trace)

    def ran(self, outcome: Outcome) -> Ran:
        """What it gave. Raises CodedError for what stopped it."""
        from rlmlang.program.module import Ran
        from rlmlang.program.result_types import as_type
        from rlmlang.program.signatures import RESULT

        if outcome.problem is not None:
            raise outcome.problem
        plain = jsonable(outcome.result)
        evidence = self.answers.evidence(plain, line_finder(self.session.ready.inputs))
        typed = {} if self.result is None else {RESULT: as_type(plain, self.result)}
        return Ran(outcome.result, plain, typed, tuple(evidence), outcome)
