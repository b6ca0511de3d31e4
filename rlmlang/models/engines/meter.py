"""What a request may use at most, and what it used: in tok and exact dollars."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from dspy import lm15
from dspy.lm15 import Request, Response

from rlmlang.budget import Usage
from rlmlang.context import Measure
from rlmlang.images import Image
from rlmlang.ir.answer_forms import HELD
from rlmlang.ir.binding import BATCH, BoundModel, Price
from rlmlang.ir.images import image_rule
from rlmlang.ir.request_sizes import frame_size
from rlmlang.models.engines.call_context import (
    CallContext,
    asked_text,
    images_in,
    said,
    system_text,
    text_of,
)
from rlmlang.models.engines.counting import Counting
from rlmlang.models.engines.draws import Draws
from rlmlang.models.engines.usage import doubt, served_by, tokens_of
from rlmlang.protocols import Sending, Settled
from rlmlang.trajectory.events import NOT_TAKEN, Exchange

OUT_OF_TIME = (408, 499, 504, 524)
"""Statuses of a gateway that waited for the model in vain."""

MOST = 64  # configs whose JSON is remembered
SETTINGS = ("temperature", "max_tokens", "top_p", "top_k", "stop", "seed", "response_format")


@dataclass(frozen=True)
class Meter:
    """Measures requests to one model at one endpoint."""

    measure: Measure
    bound: BoundModel
    endpoint: str
    counting: Counting = field(default_factory=Counting, repr=False, compare=False)
    _settings: dict[tuple[str, int], tuple[object, str]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _schemas: dict[int, tuple[object, int]] = field(default_factory=dict, repr=False, compare=False)

    def sending(self, request: Request, context: CallContext, draws: Draws) -> Sending:
        """A request as it is kept: with its key, its parts and its worst case. Raises CodedError
        for an image that nobody could count."""
        images = images_in(request)
        shown = tuple(image.digest for image in images)
        system, asked = system_text(request), asked_text(request, images)
        settings, attempt = self.settings(request), context.call.attempt
        key = key_of(settings, system, asked, attempt, images=shown)
        if _sampled(context) and (draw := draws.of(context.call, key)):
            key = key_of(settings, system, asked, attempt, draw, shown)
        seen, batched = self._seen(images), self._batched(context)
        most = self._most(request, system) + seen
        return Sending(
            key,
            context.call,
            context.prompt,
            settings,
            system,
            asked,
            self._worst(request, most, context, batched=batched),
            self.bound.price is not None,
            context.ranges,
            most,
            seen,
            batched,
        )

    def _batched(self, context: CallContext) -> bool:
        """Whether a call may wait in a batch: whoever makes it, in a session, waits for it."""
        return self.bound.batched and context.call.above is None

    def settings(self, request: Request) -> str:
        """Everything besides the text that may change the answer, as JSON; made once a config."""
        known = self._settings.get((request.model, id(request.config)))
        if known is None:
            if len(self._settings) >= MOST:
                self._settings.clear()
            known = request.config, self._written(request)
            self._settings[request.model, id(request.config)] = known
        return known[1]

    def _written(self, request: Request) -> str:
        config = {k: v for k in SETTINGS if (v := getattr(request.config, k)) not in (None, ())}
        values = {"endpoint": self.endpoint, "model": request.model, **config}
        return json.dumps(values, sort_keys=True, default=str)

    def _most(self, request: Request, system: str) -> int:
        texts = [system, *map(text_of, request.messages)]
        most = sum(map(self.measure.tokens, texts)) + frame_size(len(texts))
        schema = request.config.response_format
        return most + (0 if schema is None else self._schema(schema))

    def _seen(self, images: Sequence[Image]) -> int:
        """The most tokens that images are counted as. Raises CodedError for a model that takes
        none, or counts them as nobody knows."""
        if not images:
            return 0
        rule = image_rule(self.bound)
        return sum(image.tokens(rule) for image in images)

    def _worst(self, request: Request, most: int, context: CallContext, *, batched: bool) -> Usage:
        tokens_in = self.counting.reserved(most)
        tokens_out = request.config.max_tokens or context.declared_output
        bound = self.bound.in_batches if batched else self.bound
        usd = usd_of(bound.most_price, tokens_in, tokens_out)
        return Usage(1, tokens_in, tokens_out, usd)

    def _schema(self, schema: Mapping[str, object]) -> int:
        """What a provider may count for the schema of an answer."""
        known = self._schemas.get(id(schema))
        if known is None or known[0] is not schema:
            if len(self._schemas) >= MOST:
                self._schemas.clear()
            size = self.measure.tokens(json.dumps(schema)) + HELD
            known = self._schemas[id(schema)] = schema, size
        return known[1]

    def used(self, response: Response, sending: Sending) -> tuple[Usage, str]:
        """What the provider says was used, and nothing; the worst case where that cannot be true,
        and why."""
        worst, sent = sending.worst, len(sending.system) + len(sending.asked)
        if why := doubt(response, sent, worst.tokens_out, sending.images):
            return worst, why
        tokens_in, tokens_out = tokens_of(response.usage)
        if tokens_in > worst.tokens_in:
            text = said(sending.system, sending.asked)
            most = self.measure.tokens(text) + frame_size(0) + sending.images
            self.counting.seen(tokens_in, most)
        price = price_at(self.bound, served_by(response))
        return Usage(1, tokens_in, tokens_out, usd_of(price, tokens_in, tokens_out)), ""

    def exchange(self, sending: Sending, settled: Settled, model: str, row: int) -> Exchange:
        """A request and what came of it, as it is told."""
        used = settled.usage
        return Exchange(
            said(sending.system, sending.asked),
            settled.answer,
            model,
            used.tokens_in,
            used.tokens_out,
            float(used.usd) if self.bound.price is not None else None,
            settled.seconds,
            row,
        )

    def charged(self, mistake: lm15.LM15Error, worst: Usage) -> Usage:
        """What a request without an answer counts: one that no model was given counts nothing, one
        that was refused no tok; where the connection broke or time ran out, here or at a gateway,
        nobody knows, and the worst case counts."""
        if mistake.code == NOT_TAKEN:
            return Usage()
        status = getattr(mistake, "status", None)
        refused = status is not None and status not in OUT_OF_TIME
        return replace(worst, tokens_in=0, tokens_out=0, usd=Fraction(0)) if refused else worst


def price_at(bound: BoundModel, served: str) -> Price | None:
    """The price of what was served: of the tier that was asked for, of another one the usual; the
    dearer where nothing is said of it."""
    if bound.batched and served == BATCH:
        return bound.batch_price
    if not served:
        return bound.most_price
    return bound.usual_price if served == bound.tier else bound.price


def usd_of(price: Price | None, tokens_in: int, tokens_out: int) -> Fraction:
    """What tokens cost; nothing where no price is known."""
    if price is None:
        return Fraction(0)
    dollars = tokens_in * Fraction(str(price.input))
    return (dollars + tokens_out * Fraction(str(price.output))) / 1_000_000


def _sampled(context: CallContext) -> bool:
    """Whether a call's model is asked at a temperature, so that a second answer is another."""
    question = context.question
    return question is not None and question.prompt.model.temperature > 0


def key_of(
    settings: str,
    system: str,
    asked: str,
    attempt: int = 0,
    draw: str = "",
    images: Sequence[str] = (),
) -> bytes:
    """The key of a request: sha256 over all that may change its answer, and nothing else; `draw`
    tells votes apart that ask the same at a temperature. `images` are the digests of those that it
    shows: their references in the text could be text that somebody wrote.

    A second attempt is another draw from the same distribution, so its number counts too: else a
    model that answered badly twice in the same words would be quoted instead of asked.
    """
    made = hashlib.sha256()
    for part in (
        settings,
        system,
        asked,
        str(attempt) if attempt else "",
        *([draw] if draw else ()),
        *(f"image {digest}" for digest in images),
    ):
        data = part.encode("utf-8", "surrogatepass")
        made.update(len(data).to_bytes(8, "big"))
        made.update(data)
    return made.digest()
