"""Steps that do the same with the same are one.

Proof: a step is a function of what it reads, and a call at temperature 0 is asked once for equal
requests: two such steps have equal values. Votes are never merged: calls at a higher temperature
are meant to differ, and so are sessions in which a model writes code.
"""

from __future__ import annotations

from rlmlang.ir.recipe import Ask, Step
from rlmlang.ir.walk import renamed
from rlmlang.plan.plan import Plan, Rewrite
from rlmlang.plan.rewrite.draft import Draft
from rlmlang.schema.formula import ZERO
from rlmlang.verbs.require import Require


def equal_steps(plan: Plan) -> Plan:
    """The plan with the first of equal steps in the place of the others."""
    draft, first = Draft.of(plan), dict[object, str]()
    rewrites: list[Rewrite] = []
    for id, step in list(draft.steps.items()):
        if not _mergeable(draft, step):
            continue
        read = {e.port: e.source for e in draft.flows if e.target == id}
        same = (renamed(step.work, read), renamed(step.when, read), step.within, step.assumed)
        other = first.setdefault(same, id)
        if other != id:
            if draft.calls(id) != ZERO:
                words = f"`{id}` asks the same as `{other}`"
                rewrites.append(Rewrite(words, draft.calls(id)))
            draft.lead(id, other)
            draft.without({id})
    return draft.made(*rewrites) if len(draft.steps) < len(plan.nodes) else plan


def _mergeable(draft: Draft, step: Step) -> bool:
    """Whether a step is a function of what it reads, and of nothing else."""
    work, whole = step.work, draft.steps.get(step.within)
    if step.name == "result" or step.name.endswith(".result") or isinstance(work, Require):
        return False
    if work.kind in ("given", "chooses") or (whole is not None and not whole.work.has_body):
        return False
    return work.asked is None or _same_each_time(work.asked)


def _same_each_time(ask: Ask) -> bool:
    return ask.prompt.model.temperature == 0 and not ask.prompt.selects
