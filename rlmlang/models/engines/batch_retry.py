"""Calls in batches sent again: one that its batch did not get to goes with the next.

Attempts take hours here, so there are few, and nothing waits between them but the next batch.
"""

from __future__ import annotations

from dataclasses import dataclass

from dspy import lm15
from dspy.lm15 import Request, Response

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.models.dialect import Adapted
from rlmlang.models.engines.call_context import Engine, InBatch, Stopped, get_context
from rlmlang.models.engines.in_flight import InFlight
from rlmlang.models.engines.not_in_batch import CANCELLED, BatchRefusedError, NotInBatchError
from rlmlang.models.engines.retry import REFUSED, TRANSIENT, coded
from rlmlang.protocols import BatchKeeper, NoAnswerError

TRIES = 3


@dataclass
class BatchRetry:
    """Sends until there is an answer or no hope. What no batch has brought in so many tries is
    its item's failure where others were answered; a batch that was cancelled stops the run."""

    inner: Engine
    in_flight: InFlight
    batches: BatchKeeper

    async def complete(self, request: Request) -> Response:
        """An answer. Raises Stopped with a coded problem."""
        context = get_context()
        if context is not None and context.sending is not None:
            context.in_batch = self._in_batch(context.sending.key)
        for last in (*[False] * (TRIES - 1), True):
            try:
                return await self._formed(request)
            except NotInBatchError as mistake:
                if last or mistake.why == CANCELLED:
                    raise self._stop(not_done(mistake)) from None
            except (*TRANSIENT, lm15.RateLimitError) as mistake:
                if last:
                    raise Stopped(NoAnswerError(coded(mistake).diagnostic)) from None
            except REFUSED as mistake:
                raise Stopped(NoAnswerError(coded(mistake).diagnostic)) from None
            except BatchRefusedError as mistake:
                raise self._stop(refused(mistake)) from None
            except (lm15.AuthError, lm15.BillingError) as mistake:
                raise self._stop(coded(mistake)) from None
            except lm15.LM15Error as mistake:
                raise Stopped(coded(mistake)) from None
        raise AssertionError("the last try ends it")

    async def _formed(self, request: Request) -> Response:
        """One try, in each form that a refusal asks for."""
        while True:
            try:
                return await self.inner.complete(request)
            except Adapted:
                continue

    def _in_batch(self, key: bytes) -> InBatch:
        return InBatch(
            key,
            self.batches,
            lambda: self.in_flight.away(key),
            lambda: self.in_flight.problem is None,
        )

    def _stop(self, problem: CodedError) -> Stopped:
        self.in_flight.stop(problem)
        return Stopped(problem)


@dataclass
class ByCall:
    """Two ways to one model: calls that may wait go in batches, the others live."""

    live: Engine
    batches: Engine

    async def complete(self, request: Request) -> Response:
        """An answer. Raises Stopped."""
        context = get_context()
        sending = context.sending if context is not None else None
        way = self.batches if sending is not None and sending.batched else self.live
        return await way.complete(request)


def not_done(mistake: NotInBatchError) -> CodedError:
    """The problem of calls that the provider has not answered in their batches."""
    return failed(
        "batch-unanswered",
        str(mistake)[:300],
        reason=f"It was {mistake.why}; nothing is paid for what was not answered.",
        hint="run the same command again to send what is missing in new batches, or with "
        "--engine live to have it answered at once",
    )


def refused(mistake: BatchRefusedError) -> CodedError:
    """The problem of a provider that takes no batch of these calls."""
    return failed(
        "batch-refused",
        str(mistake)[:300],
        reason="Nothing was answered, and nothing is paid.",
        hint="--engine live asks each call by itself",
    )
