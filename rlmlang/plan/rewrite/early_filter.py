"""A condition that does not look at answers is held before they are asked for.

`filter (map xs with p()) where c` becomes `map (filter xs where c) with p()`, where `c` reads
neither the item nor anything that may fail.

Proof: `c` has one value for all items, so the filter keeps all or none, whichever side of the map
it stands on. The map gives one answer for each item and leaves none out (no `skip`, no `stop`, no
empty answer), so that order and number agree. Where `c` is false nothing is asked.
"""

from __future__ import annotations

from dataclasses import replace

from rlmlang.ir.expressions import Ref
from rlmlang.ir.walk import names
from rlmlang.plan.plan import Plan, Rewrite
from rlmlang.plan.rewrite.draft import Draft
from rlmlang.plan.rewrite.total import is_total
from rlmlang.verbs.compute import Compute
from rlmlang.verbs.filter import Filter
from rlmlang.verbs.map import Map


def early_filter(plan: Plan) -> Plan:
    """The plan with such filters below their maps."""
    draft, rewrites = Draft.of(plan), list[Rewrite]()
    for id in list(draft.steps):
        if (asked := _asked_for_nothing(draft, id)) is not None:
            words = f"`{id}` is decided before `{asked}` is asked"
            rewrites.append(Rewrite(words, draft.calls(asked)))
            _turn(draft, id, asked)
    return draft.made(*rewrites) if rewrites else plan


def _asked_for_nothing(draft: Draft, id: str) -> str | None:
    """The map whose answers a filter does not look at."""
    step = draft.steps[id]
    work = step.work
    if not isinstance(work, Filter) or work.where is None or not isinstance(work.subject, Ref):
        return None
    if work.keep_rest or step.when is not None or step.assumed or "it" in names(work.where):
        return None
    name = draft.source(id, work.subject.name)
    asked = draft.steps[name]
    alone = len(draft.readers(name)) == 1 and asked.within == step.within
    if not alone or asked.when is not None or asked.assumed or not gives_one_each(draft, name):
        return None
    return name if is_total(work.where) else None


def gives_one_each(draft: Draft, id: str) -> bool:
    """Whether a step is a map that gives one answer for each item."""
    work = draft.steps[id].work
    if not isinstance(work, Map) or work.stop is not None or work.on_error.skip:
        return False
    items = draft.plan.facts[id].type.item
    return not items.optional and not items.is_list and isinstance(work.subject, Ref)


def _turn(draft: Draft, id: str, asked: str) -> None:
    """Puts a filter before the map that it came behind."""
    kept, mapped = draft.steps[id], draft.steps[asked]
    assert isinstance(kept.work, Filter) and isinstance(mapped.work, Map)
    early, subject = f"{asked}.where", mapped.work.subject
    assert isinstance(subject, Ref)
    reads = {e.port: e.source for e in draft.flows if e.target == id}
    reads[subject.name] = draft.source(asked, subject.name)
    draft.put(early, replace(kept.work, subject=subject), reads, mapped)
    draft.put(asked, mapped.work, {subject.name: early}, mapped)
    draft.put(id, Compute(Ref(asked)), {asked: asked}, kept)
