"""Pay: the worst case is set aside and kept on disk before a request is sent, the answer is kept
before it is seen, and what was used is settled."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from dspy import lm15
from dspy.lm15 import Request, Response

from rlmlang.budget import Account, Refusal, Reservation, Usage
from rlmlang.diagnostics.diagnostic import EXIT_BUDGET, CodedError, failed
from rlmlang.modules.engines.meter import Meter
from rlmlang.modules.engines.reuse import take
from rlmlang.modules.engines.slip import Engine, ModelUsage, Slip, Stopped, slip
from rlmlang.modules.engines.traffic import Traffic
from rlmlang.protocols import Keeper, Kept, Settled

T = TypeVar("T")


class EmptyAnswer(lm15.ServerError):  # type: ignore[misc]
    """A model said nothing, and was paid for it. `response` is what came."""

    def __init__(self, response: Response) -> None:
        super().__init__("the answer is empty")
        self.response = response


@dataclass
class Pay:
    """One attempt, paid from the account of its slip. A reservation that does not fit waits while
    calls in flight may still give something back."""

    inner: Engine
    keeper: Keeper
    meter: Meter
    traffic: Traffic
    clock: Callable[[], float] = time.monotonic

    async def complete(self, request: Request) -> Response:
        """One attempt. Raises Stopped when the budget is spent or nothing more can be kept."""
        note = slip()
        if note is None or note.sending is None:
            return await self.inner.complete(request)
        worst = note.sending.worst
        reservation = await self._reserve(note.account, worst)
        used = worst  # what counts if this ends in a way that nobody planned
        try:
            row = await _coded(self.keeper.reserve(note.sending))
            if isinstance(row, Kept):
                used = Usage()
                return take(self.keeper, note, request, row)
            note.row, started = row, self.clock()
            try:
                response = await self.inner.complete(request)
            except lm15.LM15Error as mistake:
                used = self.meter.charged(mistake, worst)
                await self._failed(row, used, mistake, self.clock() - started)
                raise
            if note.landed is not None:
                note.landed()
            used = self.meter.used(response, worst)
            return await self._answered(request, note, response, used, self.clock() - started)
        finally:
            reservation.settle(used)
            self.traffic.hope.wake()

    async def _answered(
        self, request: Request, note: Slip, response: Response, used: Usage, seconds: float
    ) -> Response:
        answer = response.message.text or ""
        code = "" if answer.strip() else "answer-empty"
        await _coded(self.keeper.settle(note.row, Settled(answer, used, seconds, code)))
        note.usage = ModelUsage(
            **vars(used), model=request.model, priced=self.meter.price is not None
        )
        note.answer = answer
        if code:
            raise EmptyAnswer(response)
        return response

    async def _failed(self, row: int, used: Usage, mistake: lm15.LM15Error, seconds: float) -> None:
        settled = Settled(getattr(mistake, "raw", ""), used, seconds, mistake.code or "failed",
                          str(mistake)[:500])  # fmt: skip
        await _coded(self.keeper.settle(row, settled))

    async def _reserve(self, account: Account, worst: Usage) -> Reservation:
        while True:
            self.traffic.check()
            got = account.reserve(worst)
            if isinstance(got, Reservation):
                return got
            if not got.waiting:
                raise Stopped(spent(got))
            await self.traffic.hope.wait()


async def _coded(work: Awaitable[T]) -> T:
    """The store's problems, in a form that passes through DSPy."""
    try:
        return await work
    except CodedError as problem:
        raise Stopped(problem) from problem


def spent(refusal: Refusal) -> CodedError:
    """The problem of a budget that is used up."""
    most, used = getattr(refusal.most, refusal.limit), refusal.used
    has = {"calls": used.calls, "tokens": used.tokens, "usd": float(used.usd)}[refusal.limit]
    shown = f"${float(most):,.2f}" if refusal.limit == "usd" else f"{most:,}"
    spent_words = f"${has:,.4f}" if refusal.limit == "usd" else f"{has:,}"
    problem = failed(
        "budget-spent",
        f"the budget of {shown} {'' if refusal.limit == 'usd' else refusal.limit + ' '}is spent "
        f"({spent_words} used, the next call may not fit)",
        reason="Every call reserves its worst case before it is sent; nothing was overspent.",
        hint=f"run again with --set budget.{refusal.limit}=…: what is answered is kept",
        exit_code=EXIT_BUDGET,
    )
    problem.account = refusal.account
    return problem
