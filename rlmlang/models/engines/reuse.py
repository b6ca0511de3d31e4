"""Reuse: a request that was answered before, in this run or another, is not sent again; one that
is on its way is waited for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from dspy.lm15 import Message, RefusalPart, Request, Response, TextPart, Usage

from rlmlang.models.engines.meter import Meter
from rlmlang.models.engines.slip import Engine, ModelUsage, Slip, slip, words_of
from rlmlang.models.engines.traffic import Traffic
from rlmlang.protocols import Keeper, Kept

DECLINED = "declined"  # kept for a refusal in the model's own words


@dataclass
class Reuse:
    """The top of the stack."""

    inner: Engine
    keeper: Keeper
    meter: Meter
    traffic: Traffic

    async def complete(self, request: Request) -> Response:
        """The kept answer, or that of one request however many ask for it."""
        note = slip()
        if note is None:
            return await self.inner.complete(request)
        note.sending = sending = self.meter.sending(request, note)
        if (kept := self.keeper.find(sending.key)) is not None:
            return take(self.keeper, note, request, kept)
        flight = self.traffic.flights.get(sending.key)
        if flight is None:
            flight = self.traffic.start(sending.key, self.inner.complete(request))
            return await asyncio.shield(flight)
        response = await asyncio.shield(flight)
        if (kept := self.keeper.find(sending.key)) is not None:
            return take(self.keeper, note, request, kept)
        note.answer = words_of(response)
        return response


def take(keeper: Keeper, note: Slip, request: Request, kept: Kept) -> Response:
    """A kept answer as a response; noted on the slip, and in the record. It costs nothing."""
    assert note.sending is not None
    note.answer, note.reused = kept.answer, True
    note.usage = ModelUsage(model=request.model, priced=True)
    note.row = keeper.reuse(kept, note.sending)
    part = (RefusalPart if kept.finish == DECLINED else TextPart)(kept.answer)
    return Response(
        id=None, model=request.model, message=Message.assistant([part]),
        finish_reason="content_filter" if kept.finish == DECLINED else kept.finish,
        usage=Usage(input_tokens=kept.usage.tokens_in, output_tokens=kept.usage.tokens_out),
    )  # fmt: skip


def ending(response: Response) -> tuple[str, str]:
    """The words of an answer and how it ended, as they are kept."""
    said = words_of(response)
    if refusal := " ".join(p.text for p in response.message.parts_of(RefusalPart)):
        return said or refusal, DECLINED
    return said, response.finish_reason
