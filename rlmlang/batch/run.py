"""A batch from its first item to its last: one account above all, several items at a time, one
process, and a store from which the same command goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import anyio
import anyio.to_thread

from rlmlang.batch.history import Earlier
from rlmlang.batch.items import Item
from rlmlang.batch.keys import Parts, changed, parts_of_item
from rlmlang.batch.result import Ended, Totals
from rlmlang.batch.round import Round, title_of
from rlmlang.batch.turns import Alone, Turns
from rlmlang.batch.unfit import keep_unfit
from rlmlang.batch.way import Way
from rlmlang.budget import Account, Limits, Usage
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.execute.plain_values import jsonable
from rlmlang.ir.bounds import Cost
from rlmlang.ir.suite import Batch
from rlmlang.models.engines.budget_waiters import BudgetWaiters
from rlmlang.models.engines.providers import Providers
from rlmlang.runtime.limits import refuse, refuse_within
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import BadRecipe, Options, Outcome, Prepared
from rlmlang.runtime.session import Session
from rlmlang.runtime.signals import Signals
from rlmlang.runtime.stops import interrupted, stopping
from rlmlang.stores.runs import ItemData
from rlmlang.stores.store import Store
from rlmlang.trajectory.events import Event

Told = Callable[[Ended], None]
Heard = Callable[[str, Event], None]
REFUSED = "answer-"  # how codes of answers begin that are kept, but not taken


def run_batch(
    batch: Batch,
    way: Way,
    told: Told = lambda ended: None,
    heard: Heard = lambda name, event: None,
    *,
    notice: Callable[[CodedError], None] = lambda problem: None,
    begun: Callable[[Usage], None] = lambda before: None,
    signals: bool = False,
) -> Totals:
    """Goes over the items of a batch, or on with them. `told` gets each item as it ends, `heard`
    the events of those in work by their names, `begun` what the budget was charged before; what
    `told` raises ends the batch.

    Raises CodedError (batch-running) where another process goes over it, and what stands in the
    way of the store; what stops it later is the `problem` of the totals.
    """
    return anyio.run(_Run(batch, way, told, heard, notice, begun).whole, signals)


class _Run:
    """What all items share while they are gone over."""

    def __init__(
        self,
        batch: Batch,
        way: Way,
        told: Told,
        heard: Heard,
        notice: Callable[[CodedError], None],
        begun: Callable[[Usage], None],
    ) -> None:
        self.batch, self.way, self.told, self.heard = batch, way, told, heard
        self.begun = begun
        self.title = title_of(batch.name)
        self.totals = Totals(batch.name)
        limits = batch.budget
        self.account = Account(self.title, Limits.declared(limits.calls, limits.tokens, limits.usd))
        self.waiters, self.providers = BudgetWaiters(), Providers(notice)
        self.sessions: set[Session] = set()
        self.full = False  # the account holds no item more
        self.round = Round(batch, way, self.totals)
        self.turns: Turns = Alone(iter(()), self.account, self.waiters)
        self.history = self.round.history

    async def whole(self, signals: bool) -> Totals:
        """All items, and their totals."""
        began = time.monotonic()
        self.round.begin()
        self.begun(self.totals.before)
        try:
            self.turns = self.round.turns(
                self.account, self.waiters, self.providers, self._tell_of_another
            )
            with Signals(self._stop, on=signals):
                await self._all()
        finally:
            await self.providers.close()
            self.totals.seconds = time.monotonic() - began
            self.round.end(self.account)
        return self.totals

    # ── the items ────────────────────────────────────────────────────────────

    async def _all(self) -> None:
        """Every item; an item is taken when there is room for it, so that few are held."""
        async with anyio.create_task_group() as watch:
            watch.start_soon(self._watch)
            async with anyio.create_task_group() as tasks:
                for _ in range(self.way.at_once):
                    tasks.start_soon(self._some)
            watch.cancel_scope.cancel()
        self._rest()
        goes_on = self.way.failures is None
        self.totals.problem = self.totals.judged(full=self.full, goes_on=goes_on)

    def _rest(self) -> None:
        """Tells of the items that were not begun, unless another process does."""
        try:
            for item in self.turns.rest() if self.way.helps is None else ():
                self._tell(Ended(item, "not started"))
        except CodedError as problem:
            self._cease(problem)

    async def _watch(self) -> None:
        """What there is to do beside the items."""
        try:
            await self.turns.watch()
        except CodedError as problem:
            self._cease(problem)

    async def _some(self) -> None:
        """Takes one item after another."""
        while (item := await self._next()) is not None:
            ended = Ended(item, "not started")
            if not self._over:
                try:
                    ended = await self._one(item)
                except CodedError as problem:  # about all of them
                    self._cease(problem)
            self._note(ended)

    async def _next(self) -> Item | None:
        """The next item; none where there is none, or it cannot be read any more."""
        if self._over:
            self.turns.cease()
        try:
            return await self.turns.next()
        except CodedError as problem:
            self._cease(problem)
            return None

    @property
    def _over(self) -> bool:
        """Whether nothing is begun any more."""
        most = self.way.failures
        return self.totals.problem is not None or (most is not None and self.totals.failed > most)

    def _note(self, ended: Ended) -> None:
        """Tells of an item of this process, and whoever shares the work."""
        self._tell(ended)
        again = ended.state in ("stopped", "not started") and self._over
        self.turns.ended(ended, for_good=not again)

    def _tell(self, ended: Ended) -> None:
        self.totals.take(ended)
        try:
            self.told(ended)
        except CodedError as problem:
            self._cease(problem)

    def _tell_of_another(self, ended: Ended) -> None:
        """Tells of an item of another process. One that is not done, though nothing was stopped,
        says that the budget is spent for all."""
        self.full = self.full or ended.state in ("stopped", "not started")
        self._tell(ended)

    def _cease(self, problem: CodedError) -> None:
        if self.totals.problem is None:
            self.totals.problem = problem
            self.turns.cease()

    # ── one item ─────────────────────────────────────────────────────────────

    async def _one(self, item: Item) -> Ended:
        """What comes of an item. Raises CodedError for what is about all items."""
        options = self.way.options_for(self.batch, item)
        earlier = self.history.of(item.name)
        try:
            ready, parts = await anyio.to_thread.run_sync(self._prepared, options)
        except BadRecipe as bad:
            return await self._unfit(item, earlier, bad.diagnostics[0])
        except CodedError as problem:
            if "parks" in problem.entry:
                raise
            return await self._unfit(item, earlier, problem.diagnostic)
        why = tuple(changed(earlier.parts, parts)) if earlier is not None and earlier.parts else ()
        if not self.way.wants(item, earlier, lambda: bool(why)):
            return self._past(item, earlier)
        if earlier is not None and earlier.finished and not why and not self.way.fresh:
            return Ended(item, "kept", earlier.run, self.history.answer(earlier))
        store = self.round.store
        if store is None or self.full or not await self._room(ready.plan.totals.best):
            return Ended(item, "not started", why=why)
        about = self._about(item, parts)
        return replace(await self._ran(item, ready, about, store.lent()), why=why)

    async def _room(self, best: Cost) -> bool:
        """Whether the account could hold the best case of one more item. Where it never will, it
        is full."""
        if await self.turns.room(_usage(best)):
            return True
        self.full = self.full or not self._over
        return False

    def _about(self, item: Item, parts: Parts) -> ItemData:
        """What is kept with the run of an item."""
        about: ItemData = {
            "batch": self.round.known,
            "round": self.totals.round,
            "name": item.name,
            "parts": dict(parts),
        }
        store = self.round.store
        return {**about, "lease": store.lease} if store is not None and store.lease else about

    async def _unfit(self, item: Item, earlier: Earlier | None, problem: Diagnostic) -> Ended:
        """An item that the recipe does not take."""
        if not self.way.wants(item, earlier, lambda: True):
            return self._past(item, earlier)
        if self.round.store is None:
            return Ended(item, "failed", problem=problem)
        about, store = self._about(item, {}), self.round.store.lent()
        keep = partial(keep_unfit, store, self.batch, self.title, about, problem)
        row = await anyio.to_thread.run_sync(keep)
        self.history.note(item.name, row.id)
        return Ended(item, "failed", row.name, problem=problem)

    def _prepared(self, options: Options) -> tuple[Prepared, Parts]:
        ready = prepare(self.batch.path, options, need_all=True)
        refuse(ready)
        refuse_within(ready, self.batch.budget)
        return ready, parts_of_item(ready)

    def _past(self, item: Item, earlier: Earlier | None) -> Ended:
        """An item that is not selected; what it gave earlier still counts."""
        if earlier is None or not earlier.finished:
            return Ended(item, "not selected")
        return Ended(item, "not selected", earlier.run, self.history.answer(earlier))

    async def _ran(self, item: Item, ready: Prepared, about: ItemData, store: Store) -> Ended:
        """An item run to its end."""
        session = Session(
            ready,
            lambda event: self.heard(item.name, event),
            self.way.engine,
            store=store,
            above=self.account,
            about={"within": self.title, "item": about},
            budget_waiters=self.waiters,
            providers=self.providers,
        )
        self.sessions.add(session)
        try:
            outcome = await session.run()
        finally:
            self.sessions.discard(session)
            self.waiters.wake()
        self.history.note(item.name, store.run.id)
        return self._ended(item, outcome, session)

    def _ended(self, item: Item, outcome: Outcome, session: Session) -> Ended:
        made = Ended(
            item,
            "done",
            outcome.run,
            usage=outcome.now,
            reused=outcome.reused,
            seconds=outcome.seconds,
        )
        problem = outcome.problem
        if problem is None:
            return replace(made, result=jsonable(outcome.result))
        if "parks" not in problem.entry or self._its_own(problem, session):
            return replace(made, state="failed", problem=problem.diagnostic)
        if problem.account == self.account.name:
            self.full = True
        else:
            self._cease(problem)
        return replace(made, state="stopped", problem=problem.diagnostic)

    def _its_own(self, problem: CodedError, session: Session) -> bool:
        """Whether it is the item's own budget or time that is spent."""
        spent = problem.diagnostic.code == "budget-spent"
        return spent and (session.late or problem.account == session.account.name)

    def _stop(self) -> str:
        """Begins nothing more; what is on its way may finish."""
        self._cease(interrupted())
        sent = sum(session.models.sent for session in self.sessions)
        for session in self.sessions:
            session.stop()
        self.waiters.wake()
        return stopping(sent, self.way.options.timeout)


def _usage(cost: Cost) -> Usage:
    """A best case as numbers; what is not known counts as nothing."""
    calls, into, out = (f.value() or 0 for f in (cost.calls, cost.tokens_in, cost.tokens_out))
    usd = cost.usd.exact() if cost.usd is not None else None
    return Usage(calls, into, out, usd or Usage().usd)
