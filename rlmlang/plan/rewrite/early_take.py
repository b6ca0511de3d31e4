"""Only the answers that are taken are asked for.

`take(map xs with p(), n)` becomes `map take(xs, n) with p()`.

Proof: the map gives one answer for each item, in their order, and leaves none out (no `skip`, no
`stop`, no empty answer, no lists to be flattened): its first n answers are those of the first n
items. Nothing else reads the others.
"""

from __future__ import annotations

from dataclasses import replace

from rlmlang.ir.expressions import Apply, Ref
from rlmlang.ir.recipe import Operation
from rlmlang.ir.walk import calls_of, changed, names
from rlmlang.plan.plan import Plan, Rewrite
from rlmlang.plan.rewrite.draft import Draft
from rlmlang.plan.rewrite.early_filter import gives_one_each
from rlmlang.schema.formula import ZERO, Formula, number
from rlmlang.verbs.compute import Compute
from rlmlang.verbs.map import Map


def early_take(plan: Plan) -> Plan:
    """The plan with such cuts before their maps."""
    draft, asked = Draft.of(plan), list[str]()
    for id in list(draft.steps):
        for call in calls_of(draft.steps[id].work, "take"):
            if (name := _taken_from(draft, id, call)) is not None:
                _turn(draft, id, name, call)
                asked.append(name)
    if not asked:
        return plan
    made = draft.made()
    rewrites = [
        Rewrite(f"only the first of `{name}` are asked for", _fewer(plan, made, name))
        for name in asked
    ]
    return replace(made, rewrites=(*plan.rewrites, *rewrites))


def _fewer(before: Plan, after: Plan, id: str) -> Formula:
    """The calls of a step that are saved, as far as both numbers are known."""
    was, now = (p.bounds[id].worst.calls.exact() for p in (before, after))
    return number(was - now) if was is not None and now is not None and was > now else ZERO


def _taken_from(draft: Draft, id: str, call: Apply) -> str | None:
    """The map of whose answers a step takes the first, and reads no others."""
    (of,) = call.args
    if not isinstance(of, Ref) or not isinstance(dict(call.options)["n"], int):
        return None
    if list(names(draft.steps[id].work)).count(of.name) != 1:
        return None
    name = draft.source(id, of.name)
    step, whole = draft.steps[name], draft.steps[id]
    alone = len(draft.readers(name)) == 1 and step.within == whole.within
    plain = step.when is None and not step.assumed
    if not alone or not plain or not gives_one_each(draft, name):
        return None
    items = draft.plan.facts[draft.source(name, _subject(step.work).name)].type.item
    return None if items.is_list else name


def _subject(work: Operation) -> Ref:
    assert isinstance(work, Map) and isinstance(work.subject, Ref)
    return work.subject


def _turn(draft: Draft, id: str, asked: str, call: Apply) -> None:
    """Cuts the items of a map in place of its answers."""
    reader, mapped = draft.steps[id], draft.steps[asked]
    subject, first = _subject(mapped.work), f"{asked}.first"
    cut = Compute(replace(call, args=(subject,)))
    draft.put(first, cut, {subject.name: draft.source(asked, subject.name)}, mapped)
    draft.put(asked, mapped.work, {subject.name: first}, mapped)
    whole = changed(reader.work, lambda e: call.args[0] if e == call else None)
    draft.put(id, whole, {}, reader)
