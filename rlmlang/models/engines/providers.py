"""What runs that go on at one time share of the ways to models."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.models.dialect import Dialects
from rlmlang.models.engines.call_context import Engine
from rlmlang.models.engines.counting import Counting
from rlmlang.models.engines.rate_limiter import RateLimiter


@dataclass
class Providers:
    """For each route its limiter, how its server counts, its connections and the forms of requests
    that were learned. What concerns all runs is told to `notice`, pauses to `on_pause` with the
    model, the seconds and the reason. Where other processes ask the same providers, a `part` of
    what those allow is for these runs."""

    notice: Callable[[CodedError], None] = lambda problem: None
    on_pause: Callable[[str, float, str], None] = lambda model, seconds, why: None
    limiters: dict[str, RateLimiter] = field(default_factory=dict)
    counts: dict[str, Counting] = field(default_factory=dict)
    transports: dict[Hashable, Engine] = field(default_factory=dict)
    dialects: Dialects = field(init=False)
    part: float = 1.0

    def __post_init__(self) -> None:
        self.dialects = Dialects(say=self.notice)

    def counting(self, endpoint: str, model: str) -> Counting:
        """How that model's server counts, as far as it is known."""
        return self.counts.setdefault(f"{endpoint} {model}", Counting())

    def limiter(self, endpoint: str, model: str, make: Callable[[], RateLimiter]) -> RateLimiter:
        """The limiter of a route, made when it is first asked for."""
        route = f"{endpoint} {model}"
        if route not in self.limiters:
            self.limiters[route] = make()
            self.limiters[route].take_part(self.part)
        return self.limiters[route]

    def take_part(self, part: float) -> None:
        """Keeps to a part of what providers allow; nothing is asked for while it is 0."""
        self.part = part
        for limiter in self.limiters.values():
            limiter.take_part(part)

    def transport(self, of: Hashable, make: Callable[[], Engine]) -> Engine:
        """The connections of a route, made when they are first asked for."""
        if of not in self.transports:
            self.transports[of] = make()
        return self.transports[of]

    async def close(self) -> None:
        """Closes the connections."""
        for transport in self.transports.values():
            close = getattr(transport, "close", None)
            if close is not None:
                await close()
