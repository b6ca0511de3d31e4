"""The sub-calls that a session of a model with code may make: taken, handed on, given back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LEAST = 2  # calls of a session further down: a turn, and the last word


@dataclass
class CallQuota:
    """So many calls are left of so many. A session further down pays its own turns out of it, and
    keeps one call back for its last word."""

    left: int
    most: int
    kept: int = 0

    @property
    def free(self) -> int:
        """What may be taken now."""
        return max(0, self.left - self.kept)

    def take(self, count: int = 1) -> None:
        """Takes so many. Raises RuntimeError, in words for the model."""
        if count > self.free:
            raise RuntimeError(
                f"{count:,} sub-calls asked for, {self.free:,} of {self.most:,} are left. "
                "Go on with what you have, or ask for less."
            )
        self.left -= count

    def take_last(self) -> None:
        """Takes the call that was kept back. Raises RuntimeError when there is none."""
        self.kept = 0
        self.take()

    def divide(self, count: int) -> list[CallQuota]:
        """What is free, in so many equal parts, so that no session can take what another needs.

        Raises RuntimeError, in words for the model, when the parts are too small for a session.
        """
        share = self.free // count
        if share < LEAST:
            raise RuntimeError(
                f"{count:,} sessions need at least {count * LEAST:,} sub-calls, {self.free:,} of "
                f"{self.most:,} are left. Ask for fewer, or use llm_query."
            )
        self.left -= share * count
        return [CallQuota(share, share, kept=1) for _ in range(count)]

    def give_back(self, shares: Iterable[CallQuota]) -> None:
        """Takes back what the parts have not used."""
        for share in shares:
            self.left += share.left
            share.left = 0
