"""How a server counts, held against the most tokens that its requests could be.

No tokenizer makes more tokens than bytes of what it is given, so that most should hold. A server
that adds instructions of its own, or rewrites what it reads, may yet report more: what is sent
after that sets aside as much more.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil


@dataclass
class Counting:
    """What is known of one model at one endpoint: by how many times, and by how many tokens, it
    counted more than its requests could be."""

    ratio: Fraction = Fraction(1)
    surplus: int = 0

    def reserved(self, most: int) -> int:
        """What to set aside for a request that could be so many tokens."""
        return max(ceil(most * self.ratio), most + self.surplus) if self.surplus else most

    def seen(self, counted: int, most: int) -> None:
        """Takes note of what was counted for such a request."""
        self.ratio = max(self.ratio, Fraction(counted, most))
        self.surplus = max(self.surplus, counted - most)
