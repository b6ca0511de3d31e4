"""What providers take in a batch of requests: one row for each format, read by the plan, the
engine and the reference."""

from __future__ import annotations

from collections.abc import Mapping

from rlmlang.schema.setting import MOMENT, Setting
from rlmlang.value import Frozen, value

ENGINES = ("live", "batch")


@value
class BatchLimits(Frozen):
    """A provider's limits: requests and bytes of a batch, the hours within which it is answered;
    `share` is what a call in it costs of the usual price."""

    calls: int
    bytes: int
    hours: int = 24
    share: float = 0.5

    @property
    def most_bytes(self) -> int:
        """What is put into one: what is around a request is not measured to the byte."""
        return self.bytes * 95 // 100


FORMS: Mapping[str, BatchLimits] = {
    "openai": BatchLimits(50_000, 200_000_000),
}
ENGINE = Setting(
    "engine", "choice", "live", choices=ENGINES,
    doc="live asks each call by itself; batch sends what need not be answered at once in batches "
    "of the provider's, at half the price and within a day",
)  # fmt: skip
PACE = (
    Setting("wait", "number", 15.0, least=MOMENT, example="15", unit="seconds",
            doc="how long no call may have come before a batch that is not full is sent"),
    Setting("poll", "number", 15.0, least=MOMENT, example="15", unit="seconds",
            doc="the first pause between two looks at a batch; later ones grow to 40 times that"),
)  # fmt: skip
