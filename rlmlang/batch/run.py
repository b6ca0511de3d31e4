"""A batch from its first item to its last: one account above all, several items at a time, one
process, and a store from which the same command goes on."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import anyio
import anyio.to_thread

from rlmlang.batch.history import Earlier, History
from rlmlang.batch.items import Item, items_of
from rlmlang.batch.keys import Parts, changed, parts_of_item
from rlmlang.batch.result import Ended, Totals
from rlmlang.batch.unfit import keep_unfit
from rlmlang.batch.way import Way
from rlmlang.budget import Account, Limits, Usage
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, failed
from rlmlang.execute.plain_values import jsonable
from rlmlang.ir.bounds import Cost
from rlmlang.ir.suite import Batch
from rlmlang.models.engines.budget_waiters import BudgetWaiters
from rlmlang.models.engines.providers import Providers
from rlmlang.runtime.beginning import new_run
from rlmlang.runtime.limits import refuse, refuse_within
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import BadRecipe, Options, Outcome, Prepared
from rlmlang.runtime.redaction import redactor_for
from rlmlang.runtime.session import Session
from rlmlang.runtime.signals import Signals
from rlmlang.runtime.stops import interrupted, stopping
from rlmlang.runtime.stored import store_for
from rlmlang.stores.runs import FINISHED, PARKED, ItemData, RunData, RunRow
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


def known_as(batch: Batch) -> str:
    """What a batch is known as in a store: its file and name, whatever it says."""
    return f"{os.path.realpath(batch.base)} {batch.name}"


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
        self.title = f"batch {batch.name}"
        self.totals = Totals(batch.name)
        limits = batch.budget
        self.account = Account(self.title, Limits.declared(limits.calls, limits.tokens, limits.usd))
        self.waiters, self.providers = BudgetWaiters(), Providers(notice)
        self.sessions: set[Session] = set()
        self.full = self.resumed = False  # the account holds no item more; an open round goes on
        self.store: Store | None = None
        self.history = History(way.options, known_as(batch))

    async def whole(self, signals: bool) -> Totals:
        """All items, and their totals."""
        began = time.monotonic()
        self._begin()
        try:
            with Signals(self._stop, on=signals):
                await self._all()
        finally:
            await self.providers.close()
            self.totals.seconds = time.monotonic() - began
            self._end()
        return self.totals

    # ── the round ────────────────────────────────────────────────────────────

    def _begin(self) -> None:
        """Goes on with the round that was not ended, or begins one. Raises CodedError."""
        if self.way.dry:
            return
        self.store = store_for(self.way.options, redactor_for(self.way.options))
        known = known_as(self.batch)
        same = hashlib.sha256(known.encode("utf-8", "surrogatepass")).digest()
        name, about = new_run(self.batch.name), RunData(batch=known)
        row = RunRow(0, name, same, self.title, path=self.batch.path, data=about)
        begun = self.store.begin(row)
        if begun.beside:
            self.store.end(FINISHED)
            self.store.close()
            raise failed(
                "batch-running",
                f"{begun.beside} goes over batch `{self.batch.name}` in another process",
                hint="wait for it, or stop it; the same command goes on then",
            )
        self.totals.round, self.resumed = begun.name, begun.resumed
        if begun.resumed:
            self.account.spent = self.totals.before = self.history.spent(begun.name)
        self.begun(self.totals.before)

    def _end(self) -> None:
        self.history.close()
        if self.resumed:  # what was waited for again is of this time, and no longer of earlier ones
            self.totals.before = self.account.spent - self.totals.usage
        if self.store is not None:
            ended = self.totals.whole and not (self.resumed and self.totals.left)
            self.store.end(FINISHED if ended else PARKED)
            self.store.close()

    # ── the items ────────────────────────────────────────────────────────────

    async def _all(self) -> None:
        """Every item; an item is taken when there is room for it, so that few are held."""
        items = items_of(self.batch)
        async with anyio.create_task_group() as tasks:
            for _ in range(self.way.at_once):
                tasks.start_soon(self._some, items)
        self._judge()

    async def _some(self, items: Iterator[Item]) -> None:
        """Takes one item after another."""
        while (item := self._next(items)) is not None:
            ended = Ended(item, "not started")
            if not self._over:
                try:
                    ended = await self._one(item)
                except CodedError as problem:  # about all of them
                    self._cease(problem)
            self._tell(ended)

    def _next(self, items: Iterator[Item]) -> Item | None:
        """The next item; none where there is none, or it cannot be read any more."""
        try:
            return next(items, None)
        except CodedError as problem:
            self._cease(problem)
            return None

    @property
    def _over(self) -> bool:
        """Whether nothing is begun any more."""
        most = self.way.failures
        return self.totals.problem is not None or (most is not None and self.totals.failed > most)

    def _tell(self, ended: Ended) -> None:
        self.totals.take(ended)
        try:
            self.told(ended)
        except CodedError as problem:
            self._cease(problem)

    def _cease(self, problem: CodedError) -> None:
        if self.totals.problem is None:
            self.totals.problem = problem

    def _judge(self) -> None:
        """What is wrong with a batch whose items have all ended."""
        totals = self.totals
        if totals.problem is None and self.full:
            left = totals.states["not started"] + totals.states["stopped"]
            totals.problem = failed(
                "batch-not-done",
                f"{left:,} {'item is' if left == 1 else 'items are'} not done: the budget of "
                f"batch `{self.batch.name}` does not hold the next one",
                hint="raise it: --set batch.calls=…; the same command goes on",
            )
        if totals.problem is None and totals.failed:
            codes = ", ".join(f"{n:,} {code}" for code, n in totals.codes.most_common(3))
            totals.problem = failed(
                "items-failed",
                f"{totals.failed:,} {'item' if totals.failed == 1 else 'items'} failed ({codes})",
                hint=_again(totals, goes_on=self.way.failures is None),
            )

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
        if self.store is None or not await self._room(ready.plan.totals.best):
            return Ended(item, "not started", why=why)
        about = self._about(item, parts)
        return replace(await self._ran(item, ready, about, self.store.lent()), why=why)

    def _about(self, item: Item, parts: Parts) -> ItemData:
        """What is kept with the run of an item."""
        batch, name = known_as(self.batch), item.name
        return {"batch": batch, "round": self.totals.round, "name": name, "parts": dict(parts)}

    async def _unfit(self, item: Item, earlier: Earlier | None, problem: Diagnostic) -> Ended:
        """An item that the recipe does not take."""
        if not self.way.wants(item, earlier, lambda: True):
            return self._past(item, earlier)
        if self.store is None:
            return Ended(item, "failed", problem=problem)
        about, store = self._about(item, {}), self.store.lent()
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

    async def _room(self, best: Cost) -> bool:
        """Waits until the account could hold the best case of one more item; False when it never
        will."""
        least = _usage(best)
        while not self.full and not self._over:
            returned = self.waiters.returned
            limits, spent = self.account.limits, self.account.spent
            if not limits.exceeded_by(spent + self.account.reserved + least):
                return True
            if limits.exceeded_by(spent + least):
                self.full = True
            else:
                await self.waiters.wait(returned)
        return False

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


def _again(totals: Totals, *, goes_on: bool) -> str:
    """What helps those that failed: an answer that was refused is kept like any other."""
    refused = any(code.startswith(REFUSED) for code in totals.codes)
    asks = " (with --retry-failed, where answers were refused)" if refused else ""
    past = "" if goes_on else "; --keep-going goes past them"
    return f"the same command runs them again{asks}{past}"


def _usage(cost: Cost) -> Usage:
    """A best case as numbers; what is not known counts as nothing."""
    calls, into, out = (f.value() or 0 for f in (cost.calls, cost.tokens_in, cost.tokens_out))
    usd = cost.usd.exact() if cost.usd is not None else None
    return Usage(calls, into, out, usd or Usage().usd)
