"""A point of a run, and which calls come before it: those that do not depend on what it gives.

Where that is not known of a call it is told to come after, never the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from rlmlang.ir.calls import NUMBERS, CallId, item_prefixes
from rlmlang.plan.plan import Plan

Above = Callable[[CallId], Sequence[str]]
"""The ids of what a recorded call or session stands below, the outermost first, its own last."""


def point_of(plan: Plan, at: str) -> CallId | None:
    """The step, session or call that a text names; None where the plan has no such step. Of steps
    of which one's name begins another's, the longest counts."""
    ends = ("", "[", ".")
    known = [n.id for n in plan.nodes if at.startswith(n.id) and at[len(n.id) :][:1] in ends]
    step = max(known, key=len, default="")
    return CallId(step, at[len(step) :].removesuffix(".cell")) if step else None


@dataclass(frozen=True)
class Point:
    """Where a run is gone on from."""

    plan: Plan
    at: CallId
    above: Above

    def before(self, call: CallId) -> bool:
        """Whether a call does not depend on what the point gives."""
        if call.step in self._outer or call.step in self._around:
            return False
        if call.step in self._inner:
            return self._of_another_item(call)
        return call.step != self.at.step or self._of_another_item(call) or self._beside(call)

    # ── steps ────────────────────────────────────────────────────────────────

    @cached_property
    def _around(self) -> list[str]:
        """The steps that the point's is a part of, the nearest first."""
        return [n.id for n in self.plan.around(self.plan.node(self.at.step))]

    @cached_property
    def _inner(self) -> set[str]:
        """The steps that depend on it within the one that it is a part of."""
        return self._readers([self.at.step])

    @cached_property
    def _outer(self) -> set[str]:
        """The steps that depend on what it is a part of."""
        return self._readers(self._around)

    def _readers(self, steps: Iterable[str]) -> set[str]:
        """What reads steps, what reads that, and the parts of each."""
        found, waiting = set[str](), [r for step in steps for r in self._read_by(step)]
        while waiting:
            step = waiting.pop()
            if step not in found and step not in self._around:
                found.add(step)
                around = [self.plan.node(step).within] if self.plan.node(step).within else []
                waiting += [*self._read_by(step), *self.plan.node(step).parts, *around]
        return found

    def _read_by(self, step: str) -> list[str]:
        out = self.plan.graph.out_edges(step, data=True)
        return [reader for _, reader, edge in out if edge["kind"] == "data"]

    # ── items and sessions ───────────────────────────────────────────────────

    def _of_another_item(self, call: CallId) -> bool:
        """Whether it is carried out for another item of a map around both."""
        maps = sum(self.plan.node(id).verb == "map" for id in self._around)
        mine, theirs = item_prefixes(self.at.place)[:maps], item_prefixes(call.place)[:maps]
        return len(mine) == maps and mine != theirs

    def _beside(self, call: CallId) -> bool:
        """Whether a call of the same step does not depend on the point."""
        if not self.at.place:
            return False
        one, other = _head(call), _head(self.at)
        if one == other:
            return self._earlier(call)
        verb = self.plan.node(call.step).verb
        if verb == "reduce":
            return _level(one) <= _level(other)
        if verb == "recurse":
            a, b = one.branches, other.branches
            return a[: len(b)] != b[: len(a)]
        return verb in ("map", "filter")

    def _earlier(self, call: CallId) -> bool:
        """Whether a call of the same session was begun before the point, or the point within it."""
        if call == self.at:
            return False
        mine, theirs = self.above(self.at), self.above(call)
        for one, other in zip(mine, theirs, strict=False):
            if one != other:
                return _number(other) < _number(one)
        return 0 < len(theirs) < len(mine)


def _head(call: CallId) -> CallId:
    """The call itself, or the outermost session that it stands in."""
    while call.above is not None:
        call = call.above
    return call


def _level(join: CallId) -> float:
    """The level of a join; the last ones stand above all."""
    level = join.path[0] if join.path else "end"
    return int(level) if level.isdecimal() else float("inf")


def _number(id: str) -> tuple[bool, int]:
    """In which order a session began its turns, or code its calls."""
    found = NUMBERS.findall(id.rpartition(".")[2])
    return id.endswith(".last"), int(found[-1]) if found else 0
