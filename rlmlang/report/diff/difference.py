"""What two things that were compared differ in, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from rlmlang.plan.diff.diff import PlanDiff
from rlmlang.trajectory.diff import RunDiff


@dataclass(frozen=True)
class Difference:
    """`before` and `after` as they were named; a plan for each recipe of either, and where both
    are runs, what came of them."""

    before: str
    after: str
    plans: tuple[PlanDiff, ...]
    run: RunDiff | None = None

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return all(p.same for p in self.plans) and (self.run is None or self.run.same)
