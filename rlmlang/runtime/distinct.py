"""How many items of a list differ: equal ones are asked about once.

Texts are read and cut for it, so it is counted only where a budget seems too small for a plan
whose items all differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from rlmlang import plugins
from rlmlang.context import Datum, Measure, Slice, as_slice, items_of
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.framing.json_lines import json_line
from rlmlang.ir.binding import Binding
from rlmlang.ir.expressions import Ref
from rlmlang.plan.graph import Node
from rlmlang.plan.plan import Plan
from rlmlang.protocols import Partition, Refusing
from rlmlang.verbs.split import Split


def with_distinct(plan: Plan, inputs: Mapping[str, Datum], measure: Measure) -> Plan:
    """The plan with a best case of the items that differ, where that says whether it fits."""
    if plan.verdict.word == "proven":
        return plan  # its worst case fits
    if _bound(plan, replace(plan.binding, all_differ=True)).verdict.word != "cannot fit":
        return plan
    return _bound(plan, replace(plan.binding, distinct=_counted(plan, inputs, measure)))


def _bound(plan: Plan, binding: Binding) -> Plan:
    return replace(plan.bound_to(binding), rewrites=plan.rewrites)


def _counted(plan: Plan, inputs: Mapping[str, Datum], measure: Measure) -> dict[str, int]:
    """The different items of lists that are given, and the different pieces of what is cut."""
    lists: dict[str, Iterable[Datum]] = {
        n.id: items_of(inputs[n.id]) for n in plan.nodes if n.id in inputs and n.facts.type.is_list
    }
    for node in plan.nodes:
        subject = cut_input(node)
        if subject in inputs:
            lists[node.id] = _pieces(node, inputs[subject], measure)
    return {id: _different(items) for id, items in lists.items()}


def refuse_large(plan: Plan, inputs: Mapping[str, Datum], measure: Measure) -> None:
    """Raises CodedError for an input that some split of the plan is sure not to cut; what comes to
    a split by way of other steps is looked at when it begins."""
    for node in plan.nodes:
        if (subject := cut_input(node)) in inputs and node.step.when is None:
            cut = partition_of(node)
            if isinstance(cut, Refusing):
                cut.refuse(inputs[subject], measure)


def cut_input(node: Node) -> str:
    """The node whose value a split cuts; empty for what is no split of a value itself."""
    work = node.step.work
    if not isinstance(work, Split) or not isinstance(work.subject, Ref):
        return ""
    return node.inputs.get(work.subject.name, "")


def partition_of(node: Node) -> Partition:
    """The partition of a split."""
    work = node.step.work
    if not isinstance(work, Split):
        raise TypeError(node.id)
    how = work.partition
    return plugins.partition(how.strategy, how.options, how.before, how.after)


def _pieces(node: Node, given: Datum, measure: Measure) -> Iterable[Datum]:
    text = as_slice(node.id, given) if isinstance(given, str) else given
    return partition_of(node).split(text, measure)


def _different(items: Iterable[Datum]) -> int:
    """How many differ in what a model would be shown; none where they cannot be read, which the
    run will say."""
    try:
        return len({_digest(x) for x in items if x is not None})
    except CodedError:
        return 0


def _digest(item: Datum) -> bytes:
    text = item.text() if isinstance(item, Slice) else json_line(item)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
