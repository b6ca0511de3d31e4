"""A result that is a list given away item by item while the run goes, so that a long one is never
held whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rlmlang.context import Datum
from rlmlang.execute.stream import Stream
from rlmlang.ir.expressions import Ref
from rlmlang.plan.plan import Plan
from rlmlang.verbs.compute import Compute

KEPT = 10_000
"""So many items are kept all the same, as the run's result, for its record and its evidence."""


@dataclass
class Sink:
    """Who takes the items of a result. `count` is how many there were, `whole` whether all of them
    are in the run's result as well."""

    take: Callable[[Datum], None]
    count: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing was let go."""
        return self.count <= KEPT

    @property
    def words(self) -> str:
        """What stands for a result that was let go."""
        return f"({self.count:,} items, written while the run went; `rlm run` writes them again)"


def streamed(plan: Plan) -> str:
    """The node whose items are the result and are read for nothing else; empty where there is none.
    `return notes` has the items of `notes`."""
    node = plan.node("result")
    work = node.step.work
    if work.makes_items:
        return node.id
    if not isinstance(work, Compute) or not isinstance(work.value, Ref) or node.step.when:
        return ""
    source = plan.node(node.inputs.get(work.value.name, node.id))
    readers = sum(id == source.id for n in plan.nodes for id in n.inputs.values())
    return source.id if readers == 1 and source.step.work.makes_items and not source.within else ""


async def drained(items: Stream, sink: Sink, check: Callable[[Datum, int], None]) -> list[Datum]:
    """Gives each item, checked with its number, to the sink as it comes; the result as far as it is
    kept. Raises what the check and the sink raise."""
    kept: list[Datum] = []
    async for item in items.items():
        sink.count += 1
        check(item, sink.count)
        sink.take(item)
        if sink.whole:
            kept.append(item)
        else:
            kept.clear()
    return kept
