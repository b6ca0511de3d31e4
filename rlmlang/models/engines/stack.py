"""The engines of a model stacked up."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from rlmlang.models.engines.counting import Counting
from rlmlang.models.engines.gate import Bucket, Gate, Gated
from rlmlang.models.engines.meter import Meter
from rlmlang.models.engines.pay import Pay
from rlmlang.models.engines.retry import Retry
from rlmlang.models.engines.reuse import Reuse
from rlmlang.models.engines.shut import Shut
from rlmlang.models.engines.slip import Engine
from rlmlang.models.engines.traffic import Traffic
from rlmlang.protocols import Keeper


@dataclass(frozen=True)
class Pace:
    """What a provider allows, where it is known: calls at a time, requests and tokens a minute."""

    parallel: int | None = None
    requests: float | None = None
    tokens: float | None = None


@dataclass
class Road:
    """What all models of a run share: the store, the traffic, and a gate for each route."""

    keeper: Keeper
    parallel: int
    traffic: Traffic = field(default_factory=Traffic)
    max_wait: float = 300.0
    chance: random.Random = field(default_factory=random.Random)
    told: Callable[[str, float, str], None] = lambda model, seconds, why: None
    gates: dict[str, Gate] = field(default_factory=dict)
    counts: dict[str, Counting] = field(default_factory=dict)
    shut: Shut = field(default_factory=Shut)
    closed: bool = False

    def stack(self, ground: Engine, meter: Meter, model: str, pace: Pace) -> Engine:
        """Reuse, Retry, Gate, Pay, and what answers; when closed, only Reuse."""
        if self.closed:
            return Reuse(self.shut, self.keeper, meter, self.traffic)
        route = f"{meter.endpoint} {model}"
        if route not in self.gates:
            self.gates[route] = self._gate(model, pace)
        gate = self.gates[route]
        pay = Pay(ground, self.keeper, meter, self.traffic)
        retry = Retry(Gated(pay, gate), gate, self.traffic, self.max_wait,
                      self.chance)  # fmt: skip
        return Reuse(retry, self.keeper, meter, self.traffic)

    def counting(self, endpoint: str, model: str) -> Counting:
        """How that model's server counts, as far as it is known."""
        return self.counts.setdefault(f"{endpoint} {model}", Counting())

    def _gate(self, model: str, pace: Pace) -> Gate:
        def told(seconds: float, why: str) -> None:
            self.told(model, seconds, why)

        return Gate(
            min(self.parallel, pace.parallel or self.parallel),
            Bucket(pace.requests) if pace.requests else None,
            Bucket(pace.tokens) if pace.tokens else None, self.traffic, told,
        )  # fmt: skip
