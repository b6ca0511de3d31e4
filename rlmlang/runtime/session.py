"""One run from its first event to its last: models opened, the executor let go, all closed."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import anyio

from rlmlang import plugins
from rlmlang.budget import Account
from rlmlang.context import Slice, text_of
from rlmlang.diagnostics.diagnostic import (
    EXIT_BUDGET,
    EXIT_INTERRUPTED,
    CodedError,
    Diagnostic,
    failed,
)
from rlmlang.execute.executor import Executor
from rlmlang.execute.receipt import Line
from rlmlang.execute.scope import PARALLEL, Scope, Tools
from rlmlang.modules.asker import DspyAsker
from rlmlang.modules.models import Connection, lm_for
from rlmlang.modules.program import RecipeProgram
from rlmlang.runtime.code import call_code
from rlmlang.runtime.prepare import account_for
from rlmlang.runtime.prepared import Outcome, Prepared
from rlmlang.runtime.project import roles_of
from rlmlang.stores.runs import RunFile
from rlmlang.trajectory.events import Event, RunFinished, RunStarted


class Session:
    """Holds what a run needs and gives it back."""

    def __init__(
        self,
        ready: Prepared,
        run: str,
        listener: Callable[[Event], None] | None,
        engine: Any,
    ) -> None:
        self.ready, self.name, self.listener, self.engine = ready, run, listener, engine
        self.account: Account = account_for(ready)
        self.file: RunFile | None = None
        self.grounds: list[Any] = []
        self.started = time.monotonic()
        self.executor: Executor | None = None

    async def run(self) -> Outcome:
        """The run. Whatever stops it is in the outcome, and everything paid for is recorded."""
        scope = self._scope()
        if self.ready.options.record:
            self.file = RunFile(self.ready.options.root, self.name)
        self._begin(scope)
        problem: CodedError | None = None
        result: Any = None
        lines: list[Line] = []
        try:
            self.executor = Executor(scope, dict(self.ready.inputs))
            with anyio.move_on_after(self.ready.recipe.budget.wall) as timer:
                result, lines = await self.executor.run()
            if timer.cancelled_caught:
                problem = _out_of_time(self.ready.recipe.budget.wall)
        except CodedError as found:
            problem = found
        except (KeyboardInterrupt, anyio.get_cancelled_exc_class()):
            problem = _interrupted()
        finally:
            with anyio.CancelScope(shield=True):
                await self._close()
        if problem is not None and self.executor is not None:
            lines = self.executor.receipt()
        self._end(scope, result, lines, problem)
        seconds = time.monotonic() - self.started
        priced = all(b.price is not None for b in self.ready.binding.models.values())
        return Outcome(
            self.name, result, self.account.spent, tuple(lines), seconds, problem, priced
        )

    def _scope(self) -> Scope:
        ready = self.ready
        parallel = ready.options.parallel or ready.recipe.budget.parallel or PARALLEL
        connection = Connection(
            ready.options.api_base or os.environ.get("RLM_API_BASE", "") or ready.project.api_base,
            ready.options.timeout, parallel,
        )  # fmt: skip
        models = {}
        for role in roles_of(ready.recipe):
            bound = ready.binding.models[role.name]
            models[role.name], ground = lm_for(role, bound, ready.measure, connection, self.engine)
            self.grounds.append(ground)
        tools = Tools(
            DspyAsker(RecipeProgram(ready.recipe), models), plugins.partition, plugins.search,
            call_code, ready.measure,
        )  # fmt: skip
        return Scope(ready.recipe, self.name, tools, self.account, self._record, parallel=parallel)

    def _record(self, event: Event) -> None:
        if self.file is not None:
            self.file.append(event)
        if self.listener is not None:
            self.listener(event)

    def _begin(self, scope: Scope) -> None:
        ready = self.ready
        scope.emit(
            RunStarted, recipe=ready.recipe.name, plan=ready.plan.hash, path=ready.recipe.path,
            models={k or "default": v.name for k, v in ready.binding.models.items()},
            inputs={k: _shown(v) for k, v in ready.inputs.items()},
        )  # fmt: skip

    def _end(self, scope: Scope, result: Any, lines: Any, problem: CodedError | None) -> None:
        scope.emit(
            RunFinished, outcome="failed" if problem else "finished", result=jsonable(result),
            code=problem.diagnostic.code if problem else "",
            message=str(problem) if problem else "", receipt=[asdict(x) for x in lines],
        )  # fmt: skip
        if self.file is not None:
            self.file.close()

    async def _close(self) -> None:
        for ground in self.grounds:
            close = getattr(ground, "close", None)
            if close is not None:
                await close()


def jsonable(value: Any) -> Any:
    """A result as JSON values; slices become their text."""
    if isinstance(value, Slice):
        return value.text()
    if isinstance(value, dict):
        return {k: jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(v) for v in value]
    return value


def _shown(value: Any) -> str:
    """An input in a few words."""
    if isinstance(value, Slice):
        return value.place
    if hasattr(value, "documents"):
        return f"{value.root} ({len(value.documents)} files)"
    if hasattr(value, "document"):
        return f"{value.document.id} ({len(value)} rows)"
    return text_of(value)[:200]


def _out_of_time(wall: float | None) -> CodedError:
    return failed(
        "budget-spent", f"the budget of {wall:g} s is spent",
        hint="raise it: --set budget.wall=…, or raise `parallel`", exit_code=EXIT_BUDGET,
    )  # fmt: skip


def _interrupted() -> CodedError:
    return CodedError(
        Diagnostic("interrupted", "stopped on request", (), "",
                   "what was answered is in the run's record: rlm show"),
        EXIT_INTERRUPTED,
    )  # fmt: skip


def new_run(name: str) -> str:
    """A run's name: the time, the recipe, and four letters against doubles."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return f"{stamp}-{name}-{secrets.token_hex(2)}"
