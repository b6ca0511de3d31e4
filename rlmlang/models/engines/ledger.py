"""The worst case is set aside and kept on disk before a request is sent, the answer is kept before
it is seen, and what was used is settled."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from dspy import lm15
from dspy.lm15 import Request, Response

from rlmlang.budget import Account, Refusal, Reservation, Usage
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.models.engines.cache import ending, take
from rlmlang.models.engines.call_context import CallContext, Engine, Stopped, get_context
from rlmlang.models.engines.in_flight import InFlight
from rlmlang.models.engines.meter import Meter
from rlmlang.models.engines.usage import UNBOUND, judged
from rlmlang.protocols import BatchKeeper, Keeper, Sending, Settled, StoredAnswer
from rlmlang.schema.dimensions import budget_key

T = TypeVar("T")


@dataclass
class LedgerEngine:
    """One attempt, paid from the account of its call. A reservation that does not fit waits while
    calls in flight may still give something back."""

    inner: Engine
    keeper: Keeper
    meter: Meter
    in_flight: InFlight
    clock: Callable[[], float] = time.monotonic

    async def complete(self, request: Request) -> Response:
        """One attempt. Raises Stopped when the budget is spent or nothing more can be kept."""
        context = get_context()
        sending = context.sending if context is not None else None
        if context is None or sending is None:
            return await self.inner.complete(request)
        model = context.question.prompt.model.name if context.question is not None else ""
        reservation = await self._reserve(context.account, sending, model)
        worst = reservation.worst
        self.in_flight.paid(sending.key, on=True)
        used = worst  # what counts if this ends in a way that nobody planned
        try:
            row = await _coded(self.keeper.reserve(sending))
            if isinstance(row, StoredAnswer):
                used = Usage()
                return take(self.keeper, sending, context, request, row)
            context.started(row)
            started = self.clock()
            try:
                response = await self.inner.complete(request)
            except lm15.LM15Error as mistake:
                used = self.meter.charged(mistake, worst)
                seconds = self.clock() - started
                self.in_flight.unanswered += used.calls
                await self._failed(context, sending, request.model, row, mistake, used, seconds)
                raise
            if context.on_response is not None:
                context.on_response()
            used, doubted = self.meter.used(response, sending)
            settled = settled_by(response, used, self.clock() - started)
            await _coded(self.keeper.settle(row, settled))
            context.exchange = self.meter.exchange(sending, settled, request.model, row)
            self._judged(request.model, worst, used, doubted)
            return response
        finally:
            reservation.settle(used)
            self.in_flight.paid(sending.key, on=False)
            self.in_flight.budget_waiters.wake()

    def _judged(self, model: str, worst: Usage, used: Usage, doubted: str) -> None:
        """Says what is wrong with a usage; one that shows that no limit binds stops the run."""
        problem = judged(model, worst, used, doubted)
        if problem is not None:
            self.in_flight.notice(problem)
            if problem.diagnostic.code == UNBOUND:
                self.in_flight.stop(problem)

    async def _failed(
        self,
        context: CallContext,
        sending: Sending,
        model: str,
        row: int,
        mistake: lm15.LM15Error,
        used: Usage,
        seconds: float,
    ) -> None:
        """Keeps and tells that a request brought no answer."""
        code, reason = mistake.code or "failed", str(mistake)[:500]
        settled = Settled(getattr(mistake, "raw", ""), used, seconds, code, reason)
        await _coded(self.keeper.settle(row, settled))
        context.exchange = self.meter.exchange(sending, settled, model, row)
        context.failed(code, reason)

    async def _reserve(self, account: Account, sending: Sending, model: str) -> Reservation:
        while True:
            self.in_flight.check()
            waiters = self.in_flight.budget_waiters
            returned = waiters.returned
            got = account.reserve(sending.worst, model)
            if isinstance(got, Reservation):
                return got
            if waiters.more is not None and await _coded(waiters.more(got, sending.worst)):
                continue
            if not got.waiting:
                raise Stopped(spent(got))
            await waiters.wait(returned)


@dataclass
class BatchLedger(LedgerEngine):
    """The ledger of calls that go in batches. What is booked for one that an earlier part of the
    run has left in a batch is set aside for it again: it is not paid twice."""

    batches: BatchKeeper | None = None

    async def _reserve(self, account: Account, sending: Sending, model: str) -> Reservation:
        left = self.batches.left(sending.key) if self.batches is not None else None
        if left is None:
            return await super()._reserve(account, sending, model)
        self.in_flight.check()
        return account.reopen(left, model)


def settled_by(response: Response, used: Usage, seconds: float) -> Settled:
    """An answer as it is kept, with how it ended."""
    answer, finish = ending(response)
    code = "answer-empty" if finish == "stop" and not answer.strip() else ""
    return Settled(answer, used, seconds, code, finish=finish)


async def _coded(work: Awaitable[T]) -> T:
    """The store's problems, in a form that passes through DSPy."""
    try:
        return await work
    except CodedError as problem:
        raise Stopped(problem) from problem


def _overspent(has: float, most: float) -> str:
    """Whether the budget was passed: only by an endpoint that counts more than was reserved."""
    reserves = "Every call reserves its worst case before it is sent"
    if has > most:
        return f"{reserves}, and the endpoint counted {has - float(most):,.6g} more than that."
    return f"{reserves}; nothing was overspent."


def spent(refusal: Refusal) -> CodedError:
    """The problem of a budget that is used up."""
    most, used = getattr(refusal.most, refusal.limit), refusal.used
    has = {"calls": used.calls, "tokens": used.tokens, "usd": float(used.usd)}[refusal.limit]
    shown = f"${float(most):,.2f}" if refusal.limit == "usd" else f"{most:,}"
    spent_words = f"${has:,.4f}" if refusal.limit == "usd" else f"{has:,}"
    limit = refusal.limit + (f" of {refusal.model}" if refusal.model else "")
    unit = limit.removeprefix("usd").strip()
    problem = failed(
        "budget-spent",
        f"the budget of {shown} {unit + ' ' if unit else ''}is spent "
        f"({spent_words} used, the next call may not fit)",
        reason=_overspent(has, most),
        hint=f"{refusal.raised or f'run again with --set {budget_key(limit)}=…'}: what is answered "
        "is kept",
    )
    problem.account = refusal.account
    return problem
