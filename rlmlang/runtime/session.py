"""One run from its first event to its last: models opened, the executor let go, all closed."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from rlmlang import plugins
from rlmlang.budget import Account
from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.execute.coverage import lines_of
from rlmlang.execute.executor import execute, run_pattern
from rlmlang.execute.run_context import PARALLEL, RunContext, Tools
from rlmlang.loop_thread import LoopThread
from rlmlang.runtime.batching import at_once
from rlmlang.runtime.beginning import first_events, row_of
from rlmlang.runtime.code import CallCode
from rlmlang.runtime.endings import last_event, passed, state_of
from rlmlang.runtime.forking import keeper_for
from rlmlang.runtime.heard import Heard
from rlmlang.runtime.host import host_of
from rlmlang.runtime.kept import KeptRun
from rlmlang.runtime.left_calls import hold_waiting, spent_before
from rlmlang.runtime.limits import account_for
from rlmlang.runtime.live import shown
from rlmlang.runtime.logged import log, log_rules
from rlmlang.runtime.models import Models
from rlmlang.runtime.models_of_run import models_for
from rlmlang.runtime.prepared import Outcome, Prepared
from rlmlang.runtime.redaction import redactor_for, told
from rlmlang.runtime.restored import has_item_budgets, restore, spent_by_items
from rlmlang.runtime.sandboxes import Sandboxes
from rlmlang.runtime.signals import Signals
from rlmlang.runtime.stops import cancellations, interrupted, out_of_time, stopping, wanted
from rlmlang.runtime.stored import store_for
from rlmlang.runtime.trust import require
from rlmlang.runtime.values import conformed
from rlmlang.stores.runs import RunData, RunStart
from rlmlang.stores.store import Store
from rlmlang.trajectory.events import CallFinished, Event, Noticed, Paused, RunResumed
from rlmlang.trajectory.receipt import Line

if TYPE_CHECKING:
    from rlmlang.execute.streamed import Sink
    from rlmlang.models.engines.budget_waiters import BudgetWaiters
    from rlmlang.models.engines.call_context import Engine
    from rlmlang.models.engines.providers import Providers
    from rlmlang.program.predictor import Traced
    from rlmlang.program.program import Program


class Session:
    """Holds what a run needs and gives it back. `above` is an account that the run's own is a part
    of; `program` its predictors where they are not the recipe's; with `signals` Ctrl-C and SIGTERM
    are its own; `about` is kept with the run; `trace` takes every call, for optimizers;
    `budget_waiters` is shared by runs below one account, `providers` by those that go on at one
    time; a `sink` takes a result that is a list item by item, where its items come so.

    Raises CodedError (project-untrusted) before anything is done."""

    def __init__(
        self,
        ready: Prepared,
        listener: Callable[[Event], None] | None = None,
        engine: Engine | None = None,
        store: Store | None = None,
        dry: bool = False,
        above: Account | None = None,
        program: Program | None = None,
        signals: bool = False,
        about: RunData | None = None,
        trace: list[Traced] | None = None,
        budget_waiters: BudgetWaiters | None = None,
        sink: Sink | None = None,
        providers: Providers | None = None,
    ) -> None:
        self.ready, self.engine, self.dry = ready, engine, dry
        self.heard = Heard(listener, self.stop)
        self.sink, self.reused = sink, 0
        self.notices: dict[str, Diagnostic] = {}
        self.late = self.over = False
        self.stopped: CodedError | None = None
        self.cancelled: BaseException | None = None
        self.working: anyio.CancelScope | None = None
        self.sandboxes = Sandboxes(ready)
        self.redact = redactor_for(ready.options)
        self.account: Account = account_for(ready)
        self.account.parent = above
        if ready.options.within is not None:
            ready.options.within.take(self.account)
        self.signals, self.about = signals, about or RunData()
        require(ready.project, ready.options, sends=engine is None)
        self.store = store or store_for(ready.options, self.redact)
        self.keeper = keeper_for(ready, self.store)
        self.begun = RunStart("")
        self.parallel = ready.options.parallel or ready.recipe.budget.parallel or PARALLEL
        self.host = host_of(ready, self.store, CallCode(self._overdue, self.redact))
        self.models = self._models(program, trace, budget_waiters, providers)
        self.started = time.monotonic()
        self.scope: RunContext | None = None

    async def run(self, *, close: bool = True) -> Outcome:
        """The run. Whatever stops it is in the outcome, and everything paid for is kept. Without
        `close` the store stays open.

        Cancelled, it keeps what it has and raises CancelledError: nothing is waited for, and what
        is on its way stays charged.
        """
        result: Datum = None
        lines: list[Line] = []
        problem: CodedError | None = None
        asked, wall = cancellations(), self.ready.recipe.budget.wall
        if self.engine is None:
            log_rules(self.ready)
        scope = self.scope = await self._begun()
        try:
            with Signals(self.stop, on=self.signals):
                result, lines = await self._carried_out(scope)
            problem = self.stopped or (out_of_time(wall) if self.late else None)
        except CodedError as found:
            problem = self.models.problem or found
        except (KeyboardInterrupt, asyncio.CancelledError) as stopped:
            self.cancelled, problem = stopped, interrupted()
        with anyio.CancelScope(shield=True), Signals(None, on=self.signals):
            problem = await self._end(scope, result, lines, problem)
        if close:
            self._close()
        if self.cancelled is not None or cancellations() > asked:
            raise self.cancelled or asyncio.CancelledError
        if self.heard.raised is not None:
            raise self.heard.raised
        if problem is not None:
            lines, result = lines_of(scope, self.ready.plan, self.ready.inputs), None
        return self._outcome(result, lines, problem)

    async def _carried_out(self, scope: RunContext) -> tuple[Datum, list[Line]]:
        """The result and the receipt; nothing when it was stopped or the time was over."""
        with anyio.move_on_after(self.ready.recipe.budget.wall) as timer:
            with anyio.CancelScope() as self.working:
                if self.stopped is None:
                    await self.host.open(self.ready.plan)
                    return await execute(self.ready.plan, self.ready.inputs, scope)
        self.late = timer.cancelled_caught
        return None, []

    def _close(self) -> None:
        with contextlib.suppress(CodedError):  # what could not be kept was told before
            self.store.close()

    def _outcome(self, result: Datum, lines: list[Line], problem: CodedError | None) -> Outcome:
        now = self.account.spent - spent_before(self.begun, self.store)
        problem = told(problem, self.redact) if problem is not None else None
        return Outcome(
            self.begun.name,
            result,
            self.account.spent,
            tuple(lines),
            time.monotonic() - self.started,
            problem,
            all(b.price is not None for b in self.ready.binding.models.values()),
            now,
            self.begun.resumed,
            self.reused,
            self.store.saved,
            tuple(self.notices.values()),
            self.models.unanswered,
            None if self.dry else KeptRun(self.ready, self.store, self.engine, again, again_here),
        )

    # ── beginning ────────────────────────────────────────────────────────────

    def _models(
        self,
        program: Program | None,
        trace: list[Traced] | None,
        budget_waiters: BudgetWaiters | None,
        providers: Providers | None,
    ) -> Models:
        """What the recipe asks models through. DSPy takes most of the time of a small run: it is
        imported only where a model is asked."""
        kind = models_for(self.ready)
        if kind is None:
            return Models()
        return kind(
            self.ready,
            self.keeper,
            self.redact,
            parallel=self.parallel,
            notice=self.notice,
            on_pause=self._paused,
            providers=providers,
            engine=self.engine,
            program=program,
            trace=trace,
            budget_waiters=budget_waiters,
            batches=self.store.batches,
        )

    async def _begun(self) -> RunContext:
        """The run's beginning. Raises CodedError, and then holds nothing."""
        try:
            return await self._begin()
        except BaseException:
            self._close()
            raise

    async def _begin(self) -> RunContext:
        ready, options = self.ready, self.ready.options
        self.models.open()
        begin = partial(
            self.store.begin,
            row_of(ready, self.redact, self.about),
            document=ready.plan.own_values(),
            fresh=options.fresh,
            retry_failed=options.retry_failed,
            dry=self.dry,
            by_item=has_item_budgets(ready.plan),
        )
        self.begun = await anyio.to_thread.run_sync(begin)  # runs beside it go on meanwhile
        hold_waiting(self.store, ready)
        above = "item" not in self.about  # a batch counts what its items have spent
        restore(self.account, self.begun.spent, ready.plan, above=above)
        scope = RunContext(
            ready.plan,
            self.begun.name,
            self._tools(),
            self.account,
            self._record,
            self.store.next,
            parallel=self.parallel,
            in_batches=at_once(ready),
            notice=self.notice,
            before=spent_by_items(self.begun.spent, ready.plan),
            sink=self.sink,
        )
        if self.begun.resumed or options.only_kept:
            self.host.remember(self.store.tools_called(before=options.only_kept))
        if self.begun.resumed:
            usd = float(self.account.spent.usd)
            scope.emit(RunResumed(kept=self.begun.kept, calls=self.account.spent.calls, usd=usd))
        for event in first_events(ready, self.redact, self.begun.beside):
            scope.emit(event)
        return scope

    def _tools(self) -> Tools:
        """What steps work with."""
        return Tools(
            self.models,
            plugins.partition,
            plugins.search,
            self.host.code,
            self.ready.measure,
            self.sandboxes,
            conformed,
            run_pattern,
            self.host,
        )

    def _record(self, event: Event) -> None:
        self.store.append(event)
        log(self.begun.name, event, self.redact)
        if isinstance(event, CallFinished) and event.reused:
            self.reused += 1
        self.heard(event)

    def _paused(self, model: str, seconds: float, why: str) -> None:
        if self.scope is not None:
            node = self.scope.plan.recipe.name
            self.scope.emit(Paused(node=node, model=model, seconds=seconds, why=why))

    def notice(self, problem: CodedError, of: str = "") -> None:
        """Says something that does not stop the run: of each code, or step of it, once."""
        found = problem.diagnostic
        if self.scope is None or found.code + of in self.notices:
            return
        self.notices[found.code + of] = found
        node, words, why = self.scope.plan.recipe.name, found.message, found.reason
        self.scope.emit(Noticed(node=node, code=found.code, message=words, reason=why))

    def _overdue(self) -> None:
        """Raises CodedError when nobody waits any more for what code gives."""
        stopped = self.stopped or (interrupted() if self.over else None)
        wanted(self.started, self.ready.recipe.budget.wall, stopped)

    def stop(self) -> str:
        """Ends the run: nothing new is sent, what is on its way may finish. Gives what is said."""
        words = stopping(self.models.sent, self.ready.options.timeout, self.models.in_batches)
        self.stopped = self.stopped or interrupted()
        self.models.stop(self.stopped)
        if self.working is not None:
            self.working.cancel()
        return words

    # ── ending ───────────────────────────────────────────────────────────────

    async def _end(
        self, scope: RunContext, result: Datum, lines: list[Line], problem: CodedError | None
    ) -> CodedError | None:
        self.over = True
        if problem is not None:
            self.models.stop(problem)
        await self._drained()
        if limit := self.account.limits.exceeded_by(self.account.spent):
            self.notice(passed(limit, self.account))
        await self.sandboxes.close()
        await self.host.close()
        await self.models.close()
        return await self._last(scope, result, lines, problem)

    async def _drained(self) -> None:
        """Lets what is on its way finish, unless nobody waits for it any more."""
        at_once = self.late or self.cancelled is not None
        try:
            await self.models.drain(0 if at_once else self.ready.options.timeout)
        except asyncio.CancelledError as stopped:
            self.cancelled = stopped
            await self.models.drain(0)

    async def _last(
        self, scope: RunContext, result: Datum, lines: list[Line], problem: CodedError | None
    ) -> CodedError | None:
        """The last event and the run's state. A store that fails here is the run's problem."""
        try:
            told = result if self.sink is None or self.sink.whole else self.sink.words
            scope.emit(last_event(told, lines, problem))
            await anyio.to_thread.run_sync(self.store.end, state_of(problem))
        except CodedError as found:
            problem = problem or found
        return problem


def again(engine: Engine | None, ready: Prepared, store: Store | None) -> Outcome:
    """A run that goes on from another, waited for."""
    with shown(ready.plan) as heard, LoopThread() as loop:
        session = Session(ready, heard, engine, store)
        return loop.finish(session.run(), session.stop)


async def again_here(engine: Engine | None, ready: Prepared, store: Store | None) -> Outcome:
    """The same in the running loop."""
    with shown(ready.plan) as heard:
        return await Session(ready, heard, engine, store).run()
