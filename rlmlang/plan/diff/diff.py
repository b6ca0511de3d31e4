"""Two plans beside each other, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rlmlang.ir.binding import Binding
from rlmlang.ir.bounds import Bound, Cost
from rlmlang.plan.diff.asked import Asked, asked_again
from rlmlang.plan.diff.said import Change, Codes, changes
from rlmlang.plan.plan import Plan


@dataclass(frozen=True)
class Side:
    """A plan to be compared, with the Python files that its recipe names."""

    plan: Plan
    codes: Codes = field(default_factory=dict)


@dataclass(frozen=True)
class StepCost:
    """What a step may take before and after; None on the side that has no such step. The bound of a
    step counts those of its parts."""

    step: str
    before: Bound | None
    after: Bound | None

    @property
    def same(self) -> bool:
        """Whether nothing of it changed."""
        return _cases(self.before) == _cases(self.after)


@dataclass(frozen=True)
class PlanDiff:
    """What changed from one plan to another; one of them is missing where a recipe was added or
    removed. `steps` are all that may cost something on either side; `asked` those whose kept
    answers do not all serve any more, and `again` what those may take."""

    name: str
    before: Plan | None
    after: Plan | None
    changes: tuple[Change, ...] = ()
    steps: tuple[StepCost, ...] = ()
    asked: tuple[Asked, ...] = ()

    @property
    def same(self) -> bool:
        """Whether both say, cost and ask the same."""
        both = self.before is not None and self.after is not None
        return both and not (self.changes or self.asked) and all(s.same for s in self.steps)

    @property
    def again(self) -> Bound:
        """What the steps that ask again may take, those that are parts of others counted once."""
        if self.after is None:
            return Bound()
        plan, named = self.after, {a.step for a in self.asked}
        outer = (plan.node(id) for id in sorted(named))
        counted = (n for n in outer if not named.intersection(a.id for a in plan.around(n)))
        return sum((n.bound for n in counted), Bound())


def diff(before: Side | None, after: Side | None) -> PlanDiff:
    """What changed; of a plan that stands alone, that it was added or removed."""
    known = after or before
    if known is None:
        raise ValueError("one plan at least")
    if before is None or after is None:
        old = None if before is None else before.plan
        new = None if after is None else after.plan
        return PlanDiff(known.plan.recipe.name, old, new, steps=_costs(old, new))
    old = priced_alike(before.plan, after.plan.binding)
    new = priced_alike(after.plan, before.plan.binding)
    sides = old, new, before.codes, after.codes
    return PlanDiff(
        new.recipe.name, old, new, changes(*sides), _costs(old, new), asked_again(*sides)
    )


def priced_alike(plan: Plan, other: Binding) -> Plan:
    """A plan, priced with the sizes that another one knows where it knows none itself: what was run
    over a book is compared with what would be run over the same."""
    mine = plan.binding
    named = {u.of for u in mine.sizes}
    sizes = {u: n for u, n in other.sizes.items() if u.of not in named}
    if not sizes:
        return plan
    names = {u.of for u in sizes}
    return plan.bound_to(
        replace(
            mine,
            sizes={**mine.sizes, **sizes},
            exact=mine.exact | (other.exact & names),
        )
    )


def _costs(before: Plan | None, after: Plan | None) -> tuple[StepCost, ...]:
    old = before.by_id if before is not None else {}
    new = after.by_id if after is not None else {}
    found = []
    for id in dict.fromkeys((*new, *old)):
        was, now = old.get(id), new.get(id)
        bounds = [None if n is None else n.bound for n in (was, now)]
        cost = StepCost(id, bounds[0], bounds[1])
        if any(_cases(b) not in (None, _cases(Bound())) for b in (cost.before, cost.after)):
            found.append(cost)
    return tuple(found)


def _cases(bound: Bound | None) -> tuple[Cost, ...] | None:
    """What is compared of a bound: not the best case, which knows what was looked through."""
    return None if bound is None else (bound.expected, bound.worst)
