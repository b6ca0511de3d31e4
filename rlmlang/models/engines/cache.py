"""A request that was answered before, in this run or another, is not sent again; one that is on
its way is waited for."""

from __future__ import annotations

from dataclasses import dataclass

from dspy.lm15 import Message, RefusalPart, Request, Response, TextPart, Usage

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.models.engines.call_context import (
    CallContext,
    Engine,
    Stopped,
    get_context,
    said,
    words_of,
)
from rlmlang.models.engines.draws import Draws
from rlmlang.models.engines.in_flight import InFlight
from rlmlang.models.engines.meter import Meter
from rlmlang.protocols import Keeper, Sending, StoredAnswer
from rlmlang.trajectory.events import Exchange
from rlmlang.unicode import encodable

DECLINED = "declined"  # kept for a refusal in the model's own words


@dataclass
class CacheEngine:
    """The top of the stack."""

    inner: Engine
    keeper: Keeper
    meter: Meter
    in_flight: InFlight
    draws: Draws

    async def complete(self, request: Request) -> Response:
        """The kept answer, or that of one request however many ask for it. Raises Stopped for a
        request that its call does not allow."""
        context = get_context()
        if context is None:
            return await self.inner.complete(request)
        try:
            context.sending = sending = self.meter.sending(request, context, self.draws)
            context.within(sending.most)
        except CodedError as problem:
            raise Stopped(problem) from None
        if (kept := self.keeper.find(sending)) is not None:
            return take(self.keeper, sending, context, request, kept)
        if sending.key not in self.in_flight.requests:
            self.in_flight.start(sending.key, self.inner.complete(request))
            return await self.in_flight.wait(sending.key)
        response = await self.in_flight.wait(sending.key)
        if (kept := self.keeper.find(sending)) is not None:
            return take(self.keeper, sending, context, request, kept)
        asked = said(sending.system, sending.asked)
        context.exchange = Exchange(asked, words_of(response), request.model)
        return response


def take(
    keeper: Keeper, sending: Sending, context: CallContext, request: Request, kept: StoredAnswer
) -> Response:
    """A kept answer as a response; noted in its context, and in the record. It costs nothing."""
    asked, row = said(sending.system, sending.asked), keeper.reuse(kept, sending)
    context.exchange = Exchange(asked, kept.answer, request.model, usd=0.0, row=row, reused=True)
    part = (RefusalPart if kept.finish == DECLINED else TextPart)(kept.answer)
    return Response(
        id=None,
        model=request.model,
        message=Message.assistant([part]),
        finish_reason="content_filter" if kept.finish == DECLINED else kept.finish,
        usage=Usage(input_tokens=kept.usage.tokens_in, output_tokens=kept.usage.tokens_out),
    )


def ending(response: Response) -> tuple[str, str]:
    """The words of an answer and how it ended, as they are kept."""
    words = encodable(words_of(response))
    if refusal := " ".join(p.text for p in response.message.parts_of(RefusalPart)):
        return words or refusal, DECLINED
    return words, response.finish_reason
