"""Which call of a run something belongs to: one identity, one text form, one place that reads it.

who                        a single call
notes[3]                   that of an item
notes[1.0]  notes[end.0]   a join of a reduce: its level and index
result[0.2]  result[all]   a leaf of a recursion, by the branches that lead to it
result[0.2.prune]          a look at a branch; result[0.join1.0], result[all.last0]: its joins
said[3].turn 2             a turn of a session with code; .last, .query 4, .child 1.turn 0
tags.note[3]               a step that a map carries out for its item 3
tags.notes[3][1]           item 1 of a map within it; maps within maps add one more
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

PATH = re.compile(r"(?:\[\d+\])*\[([^\]]*)\]")
ITEM = re.compile(r"\[\d+\]")
OWN = re.compile(r"\.(turn \d+|last)$")
SESSION = re.compile(r"\.child \d+")
NUMBERS = re.compile(r"(\d+)")


def item_prefixes(place: str) -> list[str]:
    """How the place of a call begins, for one map that it may lie in, two, and so on."""
    found, at = [], 0
    for number in ITEM.finditer(place):
        if number.start() != at:
            break
        at = number.end()
        found.append(place[:at])
    return found


@dataclass(frozen=True)
class CallId:
    """The step that makes a call, where in the step it stands, as text, and which attempt it is.
    A step's name may hold any character that `place` holds, so text is read knowing the step."""

    step: str
    place: str = ""
    attempt: int = 0

    @classmethod
    def of(cls, step: str, *path: str | int, items: Sequence[int] = ()) -> CallId:
        """The call at a path of a step, at the step itself where no path is given; for these items
        of the maps that it lies in, the outermost first."""
        own = f"[{'.'.join(map(str, path))}]" if path else ""
        return cls(step, "".join(f"[{n}]" for n in items) + own)

    @classmethod
    def parse(cls, step: str, text: str, attempt: int = 0) -> CallId:
        """The call that a text names; one that does not begin with its step is all step."""
        if text.startswith(step):
            return cls(step, text[len(step) :], attempt)
        return cls(text, "", attempt)

    def inside(self, what: str, number: int | None = None) -> CallId:
        """A call of the session that this call is."""
        return CallId(self.step, f"{self.place}.{what}{'' if number is None else f' {number}'}")

    def again(self, attempt: int) -> CallId:
        """Another attempt at the same."""
        return self if attempt == self.attempt else CallId(self.step, self.place, attempt)

    def __str__(self) -> str:
        return self.step + self.place

    @property
    def path(self) -> tuple[str, ...]:
        """What stands in the brackets, in parts."""
        found = PATH.match(self.place)
        return tuple(found[1].split(".")) if found else ()

    @property
    def index(self) -> int | None:
        """The number of the item, for a call that is an item's and no part of a session."""
        number = self.place[1:-1]
        return int(number) if number.isdecimal() else None

    @property
    def branches(self) -> tuple[int, ...]:
        """The branches of a recursion that lead to it."""
        path = self.path
        end = next((n for n, part in enumerate(path) if not part.isdecimal()), len(path))
        return tuple(map(int, path[:end]))

    @property
    def above(self) -> CallId | None:
        """The session that makes it, or that this session is a child of; None where it is a call of
        its step alone."""
        item = PATH.match(self.place)
        at = item.end() if item else 0
        session, dot, _ = self.place[at:].rpartition(".")
        return CallId(self.step, self.place[:at] + session) if dot else None

    @property
    def own(self) -> bool:
        """Whether a session itself makes it: a turn, or its last word. Others are sub-calls."""
        return OWN.search(self.place) is not None

    @property
    def sessions(self) -> int:
        """How many sessions it lies below, that of its step included unless it is its own."""
        below = PATH.sub("", self.place)
        return len(SESSION.findall(below)) + (below != "" and not self.own)

    @property
    def order(self) -> tuple[list[tuple[int, str]], int]:
        """A key to order calls as people do: item 10 behind item 9."""
        parts = NUMBERS.split(str(self))
        return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts], self.attempt
