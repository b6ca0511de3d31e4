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
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.models.engines.meter import Meter
from rlmlang.models.engines.reuse import ending, take
from rlmlang.models.engines.slip import Engine, ModelUsage, Slip, Stopped, slip, words_of
from rlmlang.models.engines.traffic import Traffic
from rlmlang.models.engines.usage import UNBOUND, judged
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
            used, doubted = self.meter.used(response, note.sending)
            await self._answered(request, note, response, used, self.clock() - started)
            self._judged(request.model, worst, used, doubted)
            if not note.answer.strip() and response.finish_reason == "stop":
                raise EmptyAnswer(response)
            return response
        finally:
            reservation.settle(used)
            self.traffic.hope.wake()

    async def _answered(
        self, request: Request, note: Slip, response: Response, used: Usage, seconds: float
    ) -> None:
        """Keeps an answer, and how it ended."""
        answer, finish = ending(response)
        code = "answer-empty" if finish == "stop" and not answer.strip() else ""
        settled = Settled(answer, used, seconds, code, finish=finish)
        await _coded(self.keeper.settle(note.row, settled))
        note.usage = ModelUsage(
            **vars(used), model=request.model, priced=self.meter.price is not None
        )
        note.answer = words_of(response)

    def _judged(self, model: str, worst: Usage, used: Usage, doubted: str) -> None:
        """Says what is wrong with a usage; one that shows that no limit binds stops the run."""
        problem = judged(model, worst, used, doubted)
        if problem is not None:
            self.traffic.notice(problem)
            if problem.diagnostic.code == UNBOUND:
                self.traffic.stop(problem)

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
    problem = failed(
        "budget-spent",
        f"the budget of {shown} {'' if refusal.limit == 'usd' else refusal.limit + ' '}is spent "
        f"({spent_words} used, the next call may not fit)",
        reason=_overspent(has, most),
        hint=f"run again with --set budget.{refusal.limit}=…: what is answered is kept",
    )
    problem.account = refusal.account
    return problem
