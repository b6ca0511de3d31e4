"""`literal(top, window)`: what holds a text as it is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

from rlmlang.context import Measure, text_of
from rlmlang.searches.windows import windows


@dataclass(frozen=True)
class Literal:
    top: int
    window: int

    def search(self, subject: Any, query: str, measure: Measure) -> list[Any]:
        found = windows(subject, self.window, measure)()
        return list(islice((item for item in found if query in text_of(item)), self.top))
