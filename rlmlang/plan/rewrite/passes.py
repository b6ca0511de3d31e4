"""All passes in order. Each leaves a plan that gives the same and makes no more calls."""

from __future__ import annotations

from collections.abc import Callable

from rlmlang.plan.plan import Plan
from rlmlang.plan.rewrite.dead_steps import dead_steps
from rlmlang.plan.rewrite.early_filter import early_filter
from rlmlang.plan.rewrite.early_take import early_take
from rlmlang.plan.rewrite.equal_steps import equal_steps

Pass = Callable[[Plan], Plan]
PASSES: tuple[Pass, ...] = (dead_steps, equal_steps, early_filter, early_take)


def rewritten(plan: Plan) -> Plan:
    """The plan after all passes; `rewrites` say what they changed."""
    for each in PASSES:
        plan = each(plan)
    return plan
