"""Steps that nothing reads are left out.

Proof: the result is a function of the steps that lead to it, and a run of those that must hold
(`require`). A step that leads to neither changes nothing but the price: steps are pure but for
their calls, and calls do not see each other.
"""

from __future__ import annotations

from rlmlang.ir.recipe import Step
from rlmlang.plan.plan import Plan, Rewrite
from rlmlang.plan.rewrite.draft import Draft
from rlmlang.schema.formula import ZERO
from rlmlang.verbs.require import Require


def dead_steps(plan: Plan) -> Plan:
    """The plan without them."""
    draft = Draft.of(plan)
    dead = draft.steps.keys() - _live(draft)
    if not dead:
        return plan
    saved = [
        Rewrite(f"nothing reads `{id}`", draft.calls(id))
        for id in sorted(dead)
        if draft.calls(id) != ZERO and draft.steps[id].within not in dead
    ]
    draft.without(dead)
    return draft.made(*saved)


def _live(draft: Draft) -> set[str]:
    """What is read on the way to the result or to a condition, with what it is made of."""
    steps = draft.steps.values()
    waiting = ["result", *(s.name for s in steps if s.work.kind == "given" and not s.within)]
    waiting += [s.name for s in steps if isinstance(s.work, Require) and not s.within]
    found: set[str] = set()
    while waiting:
        id = waiting.pop()
        if id not in found:
            found.add(id)
            waiting += [e.source for e in draft.flows if e.target == id]
            waiting += [s.name for s in steps if s.within == id and _needed(draft.steps[id], s)]
    return found


def _needed(whole: Step, part: Step) -> bool:
    """Whether a part is needed by what it is a part of: in a body only what must hold, and what is
    given to it."""
    return not whole.work.has_body or isinstance(part.work, Require) or part.work.kind == "given"
