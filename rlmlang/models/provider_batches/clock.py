"""The time by which batches are waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

GROWS, MOST = 1.5, 40


class Clock(Protocol):
    """Seconds that pass, and waiting for them."""

    def now(self) -> float:
        """Seconds since some moment."""

    async def sleep(self, seconds: float) -> None:
        """Returns when so many seconds are over."""


class LoopClock:
    """The time of the running loop."""

    def now(self) -> float:
        """Seconds since some moment."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Returns when so many seconds are over."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True)
class Pace:
    """Seconds: how long no call may have come before a batch is sent, and the first pause between
    two looks at one."""

    wait: float = 15.0
    poll: float = 15.0

    def pauses(self) -> Iterator[float]:
        """The pauses between looks at a batch, each longer than the one before."""
        pause = self.poll
        while True:
            yield pause
            pause = min(pause * GROWS, self.poll * MOST)
