"""Engines stacked on each other: budget, record, then whatever answers.

An engine is DSPy 3.4's contract: `complete(Request) -> Response`, one attempt, no cache, no retry.
Everything that is paid passes through the budget engine, whoever asked for it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

import dspy
from dspy.lm15 import Request, Response

from rlmlang.budget import Account, Refusal, Reservation, Usage
from rlmlang.context import Measure
from rlmlang.diagnostics.diagnostic import EXIT_BUDGET, CodedError, failed
from rlmlang.plan.bind import Price

SETTING = "rlm_slip"


class AsyncEngine(Protocol):
    """What answers a request."""

    async def complete(self, request: Request) -> Response:
        """One attempt."""


@dataclass(frozen=True)
class ModelUsage(Usage):
    """Usage with the name of the model, and whether its price is known."""

    model: str = ""
    priced: bool = False


@dataclass
class Slip:
    """What one call brings along and takes back: its account, and what came of it."""

    account: Account
    role_output: int
    request: str = ""
    answer: str = ""
    usage: ModelUsage = field(default_factory=ModelUsage)
    problem: CodedError | None = None


class Stopped(dspy.LMError):  # type: ignore[misc]
    """A coded problem on its way through DSPy, which passes it on unretried."""

    default_code = "stopped"


def slip() -> Slip | None:
    """The slip of the call that is being made; kept as a DSPy setting, which DSPy's own threads
    inherit, unlike a context variable."""
    found: Slip | None = dspy.settings.get(SETTING)
    return found


@dataclass
class Budget:
    """Reserves the worst case before a request is sent and settles what it used.

    A reservation that does not fit waits while calls in flight may still give something back.
    """

    inner: AsyncEngine
    measure: Measure
    price: Price | None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def complete(self, request: Request) -> Response:
        """One attempt, paid from the account of its slip."""
        note = slip()
        if note is None:
            return await self.inner.complete(request)
        worst = self._worst(request, note)
        reservation = await self._reserve(note.account, worst)
        actual = Usage(calls=1, tokens_in=worst.tokens_in, usd=self._usd(worst.tokens_in, 0))
        try:
            response = await self.inner.complete(request)
            actual = self._actual(response, worst)
            note.usage = ModelUsage(
                **vars(actual), model=request.model, priced=self.price is not None
            )
            return response
        finally:
            reservation.settle(actual)
            async with self.changed:
                self.changed.notify_all()

    async def _reserve(self, account: Account, worst: Usage) -> Reservation:
        while True:
            got = account.reserve(worst)
            if isinstance(got, Reservation):
                return got
            if not got.waiting:
                raise Stopped(str(got.limit)) from spent(got)
            async with self.changed:
                await self.changed.wait()

    def _worst(self, request: Request, note: Slip) -> Usage:
        tokens_in = self.measure.tok(request_text(request))
        tokens_out = request.config.max_tokens or note.role_output
        return Usage(1, tokens_in, tokens_out, self._usd(tokens_in, tokens_out))

    def _actual(self, response: Response, worst: Usage) -> Usage:
        used = response.usage
        tokens_in = used.input_tokens if used.input_tokens is not None else worst.tokens_in
        tokens_out = used.output_tokens if used.output_tokens is not None else worst.tokens_out
        return Usage(1, tokens_in, tokens_out, self._usd(tokens_in, tokens_out))

    def _usd(self, tokens_in: int, tokens_out: int) -> Fraction:
        if self.price is None:
            return Fraction(0)
        dollars = tokens_in * Fraction(str(self.price.input))
        return (dollars + tokens_out * Fraction(str(self.price.output))) / 1_000_000


@dataclass
class Record:
    """Keeps what was sent and what came back on the slip."""

    inner: AsyncEngine

    async def complete(self, request: Request) -> Response:
        """One attempt, noted."""
        note = slip()
        if note is not None:
            note.request = request_text(request)
        response = await self.inner.complete(request)
        if note is not None:
            note.answer = response.message.text or ""
        return response


class Blocking:
    """The same stack for DSPy's synchronous callers."""

    def __init__(self, inner: AsyncEngine) -> None:
        self.inner = inner

    def complete(self, request: Request) -> Response:
        """One attempt, in an event loop of its own."""
        return asyncio.run(_complete(self.inner, request))

    def stream(self, request: Request) -> Any:
        """The answer as one event."""
        return dspy.lm15.response_to_events(self.complete(request))

    def __deepcopy__(self, memo: object) -> Blocking:
        return self


class NonBlocking(Blocking):
    """The stack as DSPy's asynchronous engine."""

    async def complete(self, request: Request) -> Response:
        """One attempt."""
        return await self.inner.complete(request)


async def _complete(engine: AsyncEngine, request: Request) -> Response:
    return await engine.complete(request)


def request_text(request: Request) -> str:
    """Everything a request says, as text."""
    system = request.system
    parts = [system if isinstance(system, str) else "".join(p.text for p in system or ())]
    parts += [f"{m.role}: {m.text or ''}" for m in request.messages]
    return "\n\n".join(p for p in parts if p)


def spent(refusal: Refusal) -> CodedError:
    """The problem of a budget that is used up."""
    most, used = getattr(refusal.most, refusal.limit), refusal.used
    has = {"calls": used.calls, "tokens": used.tokens, "usd": float(used.usd)}[refusal.limit]
    shown = f"${float(most):,.2f}" if refusal.limit == "usd" else f"{most:,}"
    spent_words = f"${has:,.4f}" if refusal.limit == "usd" else f"{has:,}"
    return failed(
        "budget-spent",
        f"the budget of {shown} {'' if refusal.limit == 'usd' else refusal.limit + ' '}is spent "
        f"({spent_words} used, the next call may not fit)",
        reason="Every call reserves its worst case before it is sent; nothing was overspent.",
        hint=f"see `rlm plan`; raise it with --set budget.{refusal.limit}=… or in the recipe",
        exit_code=EXIT_BUDGET,
    )
