"""The engines of a model stacked up."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rlmlang.models.endpoints import is_local
from rlmlang.models.engines.batch_retry import BatchRetry, ByCall
from rlmlang.models.engines.cache import CacheEngine
from rlmlang.models.engines.call_context import Engine
from rlmlang.models.engines.draws import Draws
from rlmlang.models.engines.in_flight import InFlight
from rlmlang.models.engines.ledger import BatchLedger, LedgerEngine
from rlmlang.models.engines.meter import Meter
from rlmlang.models.engines.no_send import NoSend
from rlmlang.models.engines.providers import Providers
from rlmlang.models.engines.rate_limiter import (
    START,
    START_HERE,
    Bucket,
    RateLimited,
    RateLimiter,
)
from rlmlang.models.engines.retry import RetryEngine
from rlmlang.protocols import BatchKeeper, Keeper


@dataclass(frozen=True)
class ProviderLimits:
    """What a provider allows, where it is known: calls at a time, requests and tokens a minute."""

    parallel: int | None = None
    requests: float | None = None
    tokens: float | None = None


@dataclass
class EngineStack:
    """What all models of a run share: the store, what is in flight, and what they share with those
    of other runs."""

    keeper: Keeper
    parallel: int
    in_flight: InFlight = field(default_factory=InFlight)
    max_wait: float = 300.0
    timeout: float = math.inf
    chance: random.Random = field(default_factory=random.Random)
    providers: Providers = field(default_factory=Providers)
    no_send: NoSend = field(default_factory=NoSend)
    draws: Draws = field(default_factory=Draws)
    closed: bool = False
    batches: BatchKeeper | None = None

    def stack(
        self,
        transport: Engine,
        meter: Meter,
        model: str,
        limits: ProviderLimits,
        batched: Engine | None = None,
    ) -> Engine:
        """Cache, retries, rate limit, ledger, and what answers; when closed, only the cache. Calls
        that may wait go to what is `batched`, past the limit of calls at a time."""
        if self.closed:
            return CacheEngine(self.no_send, self.keeper, meter, self.in_flight, self.draws)
        limiter = self.providers.limiter(
            meter.endpoint, model, lambda: self._limiter(meter.endpoint, model, limits)
        )
        self.in_flight.wake.append(limiter.turn_away)
        ledger = LedgerEngine(transport, self.keeper, meter, self.in_flight)
        limited = RateLimited(ledger, limiter, self.in_flight)
        retry = RetryEngine(limited, limiter, self.in_flight, self.max_wait, self.chance)
        way: Engine = retry
        if batched is not None and self.batches is not None:
            below = BatchLedger(batched, self.keeper, meter, self.in_flight, batches=self.batches)
            way = ByCall(retry, BatchRetry(below, self.in_flight, self.batches))
        return CacheEngine(way, self.keeper, meter, self.in_flight, self.draws)

    def _limiter(self, endpoint: str, model: str, limits: ProviderLimits) -> RateLimiter:
        def on_pause(seconds: float, why: str) -> None:
            self.providers.on_pause(model, seconds, why)

        return RateLimiter(
            min(self.parallel, limits.parallel or self.parallel),
            Bucket(limits.requests) if limits.requests else None,
            Bucket(limits.tokens) if limits.tokens else None,
            self.providers.notice,
            on_pause,
            model,
            START_HERE if is_local(urlsplit(endpoint).hostname or "") else START,
            self.timeout,
        )
