"""What is transient is sent again, with jitter; what is not ends the call or parks the run.

Each attempt is a request of its own: paid, kept and counted.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field, replace

from dspy import lm15
from dspy.lm15 import Request, Response

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.models.dialect import NO_MODEL, Adapted
from rlmlang.models.engines.call_context import Engine, Stopped
from rlmlang.models.engines.in_flight import InFlight
from rlmlang.models.engines.rate_limiter import RateLimiter
from rlmlang.models.refusals import FORM, FilteredError, ItemRefusedError
from rlmlang.protocols import NoAnswerError

TRIES, TRIES_UNPROVEN = 8, 3
FIRST, LAST, UNPROVEN = 0.25, 20.0, 20.0
FORBIDDEN, TURNED_AWAY = 3, 8
"""Requests in a row that are refused, after which it is not about what they say."""
REFUSED = (ItemRefusedError, lm15.ContextLengthError)
TRANSIENT = (lm15.ServerError, lm15.TimeoutError, lm15.TransportError)


@dataclass
class RetryEngine:
    """Sends until there is an answer or no hope; an empty one is an answer, and paid for.
    `max_wait` is how long a provider may be silent or refuse, in seconds, before the run is
    parked; one that never answered gets less."""

    inner: Engine
    limiter: RateLimiter
    in_flight: InFlight
    max_wait: float = 300.0
    chance: random.Random = field(default_factory=random.Random)

    async def complete(self, request: Request) -> Response:
        """An answer. Raises Stopped with a coded problem."""
        tries = 0
        last = LAST
        began = asyncio.get_running_loop().time()
        while True:
            try:
                return await self.inner.complete(request)
            except lm15.RateLimitError as mistake:
                self._limited(mistake)
                continue  # the limiter holds everybody back
            except Adapted:
                continue  # it goes out in another form; each form is tried once
            except TRANSIENT as mistake:
                tries += 1
                self._unless_hopeless(mistake, tries, began)
                last = FIRST if mistake.retry_after else LAST  # the limiter pauses
            except REFUSED as mistake:
                raise self._refused(mistake) from None
            except lm15.LM15Error as mistake:
                raise self._final(mistake) from None
            await asyncio.sleep(self.chance.uniform(0, min(last, FIRST * 2**tries)))

    def _limited(self, mistake: lm15.RateLimitError) -> None:
        """Raises Stopped when the provider asks for more patience than there is."""
        wait = mistake.retry_after or 0.0
        if wait > self.max_wait or self.limiter.refused_for() > self._patience():
            problem = parked(wait, mistake)
            self.in_flight.stop(problem)
            raise Stopped(problem) from None

    def _unless_hopeless(self, mistake: lm15.LM15Error, tries: int, began: float) -> None:
        """Raises Stopped when another attempt would not help."""
        problem, asked = coded(mistake), mistake.retry_after
        patience = self._patience() if asked is None else self.max_wait  # it speaks, so it lives
        hopeless = not self.limiter.proven and tries >= TRIES_UNPROVEN and asked is None
        if asked is not None and asked > self.max_wait:
            problem, hopeless = parked(asked, mistake), True
        if hopeless or self.limiter.silent_for() > patience:
            self.in_flight.stop(problem)
            raise Stopped(problem) from None
        if tries >= TRIES and asked is None and self.limiter.answered_at > began:
            raise Stopped(NoAnswerError(problem.diagnostic)) from None

    def _refused(self, mistake: lm15.InvalidRequestError) -> Stopped:
        """A request that is refused for what it says: that is about its item, unless nothing that
        is sent is taken. Then it is about the form, or the key, of all of them."""
        said, away = coded(mistake), self.limiter.turned_away
        if type(mistake) is ItemRefusedError:
            forbidden = mistake.status == 403
            if forbidden and (not self.limiter.proven or away >= FORBIDDEN):
                return self._final(lm15.AuthError(mistake.message, status=403))
            form = any(words.search(mistake.message) for words in (FORM, NO_MODEL))
            if not self.limiter.proven and (form or away >= TURNED_AWAY):
                self.in_flight.stop(said)
                return Stopped(said)
        found = said.diagnostic
        about = "The provider refuses this one request. It is not sent again, and cost no tok."
        return Stopped(NoAnswerError(replace(found, reason=about)))

    def _patience(self) -> float:
        return self.max_wait if self.limiter.proven else min(self.max_wait, UNPROVEN)

    def _final(self, mistake: lm15.LM15Error) -> Stopped:
        """A mistake that no further attempt mends; a refused key or an empty account stop all."""
        problem = coded(mistake)
        if isinstance(mistake, lm15.AuthError | lm15.BillingError):
            self.in_flight.stop(problem)
        return Stopped(problem)


KINDS: tuple[tuple[type[lm15.LM15Error], str, str], ...] = (
    (lm15.AuthError, "model-refused-key",
     "mend the key in the environment (RLM_API_KEY for --api-base), and run again"),
    (lm15.BillingError, "model-quota-spent", "fill up the account, and run again"),
    (lm15.RateLimitError, "model-rate-limited", "wait, and run again"),
    (lm15.TimeoutError, "model-timeout", "the endpoint is slow: raise --timeout"),
    (lm15.TransportError, "model-unreachable", "check --api-base and the network: rlm doctor"),
    (lm15.ContextLengthError, "model-context-exceeded",
     "declare the model's real `context <= …`, and cut smaller pieces: `max` of the partition"),
    (FilteredError, "answer-filtered",
     "leave what the provider filters out of the source, or name another model"),
    (lm15.InvalidRequestError, "model-refused-request",
     "check the model's name, and the address, which mostly ends in /v1: rlm doctor"),
)  # fmt: skip


def coded(mistake: lm15.LM15Error) -> CodedError:
    """A model that brought no answer, as a coded problem."""
    words = next((x for x in str(mistake).splitlines() if x.strip()), type(mistake).__name__)[:300]
    for kind, code, hint in KINDS:
        if isinstance(mistake, kind):
            return failed(code, words, hint=hint)
    return failed("model-failed", words, hint="rlm doctor")


def parked(wait: float, mistake: lm15.RateLimitError) -> CodedError:
    """A run that waits for its provider longer than a process should."""
    when = time.strftime("%H:%M", time.localtime(time.time() + wait))
    words = next((x for x in str(mistake).splitlines() if x.strip()), "")[:200]
    return failed(
        "model-rate-limited",
        f"the provider asks to wait {wait:,.0f} s: {words}" if wait else words,
        reason="Nothing is lost: what was answered is kept.",
        hint=f"run again after {when}, or allow longer pauses with --max-wait",
    )
