"""The limits of one model at one endpoint: how many requests at a time, how many a second.

It starts small, doubles as long as all is well, and learns a provider's limit from its refusals:
between two moments at which a limit is reached, what was answered divided by the time is the limit.
A single refusal among many answers is no limit reached; some in a row are. What was learned is
doubted again after a while without refusals. A refusal pauses everybody who would ask the same
model. When nothing is answered any more, one request at a time probes whether the provider is back.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from dspy import lm15
from dspy.lm15 import Request, Response

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.models.engines.call_context import Engine, Stopped, get_context
from rlmlang.models.engines.in_flight import InFlight
from rlmlang.models.refusals import ItemRefusedError

LOOK, REACHED, PROBE_UP = 20, 3, 10.0
START, START_HERE = 64, 4
SHARE = 0.75  # of the time limit, which what goes at a time may take
TIMES = 64  # answers whose times are remembered
PACED = 3000  # a learned rate goes evenly: a fiftieth of a second at once
TROUBLE = 6
PROBE_FIRST, PROBE_LAST = 0.5, 10.0
BACKOFF_FIRST, BACKOFF_LAST = 0.5, 30.0


@dataclass
class Bucket:
    """So many a minute; of a minute's worth at most one of `parts` at once."""

    per_minute: float
    parts: int = 10
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.whole = self.per_minute
        self.level = self.most

    def take_part(self, part: float) -> None:
        """Lets a part of it go, which is more than nothing."""
        self.per_minute = self.whole * part
        self.level = min(self.level, self.most)

    @property
    def most(self) -> float:
        """The most that may go at once."""
        return max(1.0, self.per_minute / self.parts)

    def wait(self, now: float, amount: float) -> float:
        """Seconds until so much may go; an amount above the most goes when the bucket is full."""
        self.level = min(self.most, self.level + (now - self.at) * self.per_minute / 60)
        self.at = now
        missing = min(amount, self.most) - self.level
        return max(0.0, missing * 60 / self.per_minute)

    def take(self, amount: float) -> None:
        """Takes so much out."""
        self.level -= amount


@dataclass
class RateLimiter:
    """Shared by all that ask one model at one endpoint with one key."""

    most: int
    requests: Bucket | None = None
    tokens: Bucket | None = None
    notice: Callable[[CodedError], None] = lambda problem: None
    on_pause: Callable[[float, str], None] = lambda seconds, why: None
    model: str = ""
    start: int = START
    timeout: float = math.inf

    def __post_init__(self) -> None:
        self.limit = float(min(self.start, self.most))
        self.turned_away = 0  # requests in a row that were refused for what they are
        self._times: deque[float] = deque(maxlen=TIMES)
        self.in_use = 0
        self.until = self.backoff_epoch = 0.0
        self.rate: Bucket | None = None
        self.proven = False
        self._probed = 1
        self.slow_start = True
        self.answered = self.refusals = self.failures = self.probes = 0
        self.answered_at = self.failing_since = self.refused_since = 0.0
        self._last: deque[bool] = deque(maxlen=LOOK)  # refused or not, of the last requests
        self._waiting: deque[tuple[asyncio.Future[None], int, InFlight]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def take_part(self, part: float) -> None:
        """Keeps to a part of the limits that the provider says; no part is none of them."""
        for bucket in (self.requests, self.tokens):
            if bucket is not None and part:
                bucket.take_part(part)

    # ── in and out ───────────────────────────────────────────────────────────

    async def acquire(self, tokens: int, run: InFlight) -> Permit:
        """Waits until one more of a run may go. Raises Stopped when none of it may any more."""
        run.check()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((future, tokens, run))
        self.pump()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.in_use -= 1
            self.pump()
            raise
        return Permit(self, self._now())

    def release(self) -> None:
        """One is back."""
        self.in_use -= 1
        self.pump()

    def succeeded(self, sent: float) -> None:
        """An answer: a little more may go at a time, if that many will be answered in time."""
        self.proven, self.failures, self.probes, self.refusals = True, 0, 0, 0
        self.turned_away = 0
        self.answered += 1
        self.answered_at = self._now()
        self._last.append(False)
        self._times.append(self.answered_at)
        self._probe_up(self.answered_at)
        if self._in_time(sent):
            self.limit = min(self.most, self.limit + (1 if self.slow_start else 1 / self.limit))
        if self.rate is not None:
            self.rate.per_minute += 0.6  # a hundredth of itself in a second

    def _in_time(self, sent: float) -> bool:
        """Whether one more at a time would still be answered in time, as fast as answers came since
        a request was sent: a server with one slot answers one after another."""
        took = (self.answered_at - sent) * (self.limit + 1)
        return took <= self.timeout * SHARE or took <= self.timeout * SHARE * self._since(sent)

    def _since(self, sent: float) -> int:
        return sum(at > sent for at in self._times)

    def late(self, sent: float) -> None:
        """A request was not answered in time: no more go at a time than are."""
        found = self._since(sent)
        fewer = max(1.0, found * SHARE // 1)
        if found >= TIMES or fewer >= self.limit:
            return
        self.limit, self.slow_start = fewer, False
        self.notice(
            failed(
                "model-slow",
                f"{self.model} answered {found:,} requests in the {self._now() - sent:,.0f} s that "
                f"--timeout allows; what was late is sent again, {fewer:,.0f} at a time: raise "
                "--timeout, or lower --parallel",
            )
        )

    def refused(self, sent: float, retry_after: float | None) -> None:
        """Too many: everybody pauses. Only the first refusal of an epoch is a lesson."""
        now = self._now()
        self._last.append(True)
        if self.refusals == 0:
            self.refused_since = now
        self.refusals += 1
        if sent >= self.backoff_epoch and sum(self._last) >= REACHED:
            self._learn(now)
        backoff = min(BACKOFF_LAST, BACKOFF_FIRST * 2 ** min(8, self.refusals // LOOK))
        pause = retry_after or backoff  # of 0 s there would be no end
        self._pause(pause, "rate limit")

    def _learn(self, now: float) -> None:
        since = now - self.backoff_epoch
        if self.backoff_epoch and since > 0.2 and self.answered >= LOOK:
            rate = self.answered / since * 0.98
            if self.rate is not None:
                rate = max(rate, self.rate.per_minute / 120)  # at most halved at once
            self.rate = Bucket(rate * 60, PACED)
            self.rate.level, self.rate.at = 0.0, now
        self.limit = max(1.0, self.limit * (0.8 if self.rate else 0.5))
        self.backoff_epoch, self.answered, self.slow_start = now, 0, False
        self._last.clear()
        self._probed = 1

    def _probe_up(self, now: float) -> None:
        """A rate that no refusal has confirmed for a while may have grown."""
        if self.rate is not None and now - self.backoff_epoch > PROBE_UP * self._probed:
            self._probed += 1
            self.rate.per_minute *= 1.25

    def failed(self, asked: float | None = None) -> None:
        """A failure that says nothing about limits. After some in a row, only probes go; where the
        provider asks for a pause in seconds, everybody makes it."""
        if self.failures == 0:
            self.failing_since = self._now()
        self.failures += 1
        if asked:
            self._pause(asked, "as the provider asks")
        elif self.down:
            self._pause(min(PROBE_LAST, PROBE_FIRST * 2**self.probes), "no answer")
            self.probes += 1

    def _pause(self, seconds: float, why: str) -> None:
        """Nobody goes for so many seconds."""
        if self._now() + seconds > self.until:
            self.until = self._now() + seconds
            self.on_pause(seconds, why)

    @property
    def down(self) -> bool:
        """Whether nothing is answered any more."""
        return self.failures >= TROUBLE

    def refused_for(self) -> float:
        """Seconds since the first refusal that no answer has followed."""
        return self._now() - self.refused_since if self.refusals else 0.0

    def silent_for(self) -> float:
        """Seconds since the first failure that no answer has followed."""
        return self._now() - self.failing_since if self.failures else 0.0

    # ── who may go ───────────────────────────────────────────────────────────

    def turn_away(self) -> None:
        """Lets those of runs that were stopped wait no longer."""
        kept: deque[tuple[asyncio.Future[None], int, InFlight]] = deque()
        for future, tokens, run in self._waiting:
            if run.problem is None:
                kept.append((future, tokens, run))
            elif not future.done():
                future.set_exception(Stopped(run.problem))
        self._waiting = kept
        self.pump()

    def pump(self) -> None:
        """Lets go as many as may."""
        while self._waiting:
            future, tokens, _ = self._waiting[0]
            if future.done():
                self._waiting.popleft()
            elif self.in_use >= (1 if self.down else int(self.limit)):
                return
            elif (wait := self._wait(tokens)) > 0:
                self._later(wait)
                return
            else:
                self._waiting.popleft()
                self.in_use += 1
                future.set_result(None)

    def _wait(self, tokens: int) -> float:
        """Seconds until one with so many tokens may go; takes it out of the buckets if now."""
        now = self._now()
        pairs = [(self.rate, 1.0), (self.requests, 1.0), (self.tokens, float(tokens))]
        buckets = [(b, amount) for b, amount in pairs if b is not None]
        wait = max([self.until - now, *(b.wait(now, amount) for b, amount in buckets)])
        if wait <= 0:
            for bucket, amount in buckets:
                bucket.take(amount)
        return wait

    def _later(self, wait: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(max(wait, 0.001), self.pump)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


@dataclass
class Permit:
    """One request that was let go, since `sent`, until the provider has answered it."""

    limiter: RateLimiter
    sent: float
    back: bool = False

    def end(self) -> None:
        """Gives its place to the next, once."""
        if not self.back:
            self.back = True
            self.limiter.release()


@dataclass
class RateLimited:
    """An engine of a run behind its limiter. The place of a request is free as soon as it is
    answered: while the answer is being kept, the next request is on its way."""

    inner: Engine
    limiter: RateLimiter
    in_flight: InFlight

    async def complete(self, request: Request) -> Response:
        """One attempt, when it may go."""
        context = get_context()
        sending = context.sending if context is not None else None
        tokens = sending.worst.tokens if sending is not None else 0
        permit = await self.limiter.acquire(tokens, self.in_flight)
        if context is not None:
            context.on_response = permit.end
        try:
            response = await self.inner.complete(request)
            self.limiter.succeeded(permit.sent)
            return response
        except lm15.RateLimitError as mistake:
            self.limiter.refused(permit.sent, mistake.retry_after)
            raise
        except ItemRefusedError:
            self.limiter.turned_away += 1
            raise
        except lm15.TimeoutError:
            self.limiter.late(permit.sent)
            self.limiter.failed()
            raise
        except (lm15.ServerError, lm15.TransportError) as mistake:
            self.limiter.failed(mistake.retry_after)
            raise
        finally:
            permit.end()
