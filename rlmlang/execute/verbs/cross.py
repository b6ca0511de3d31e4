"""For each item on the left those on the right that fit it best, in order."""

from __future__ import annotations

import anyio

from rlmlang.context import Datum, items_of, text_of
from rlmlang.execute.node import NodeRun
from rlmlang.verbs.cross import Cross


async def run(node: NodeRun, work: Cross) -> int:
    """The pairs."""
    tools = node.scope.tools
    left, right = await node.value(work.left), await node.value(work.right)
    search = tools.search(work.method, dict(work.options)).search
    items = [x for x in items_of(right) if x is not None]
    pairs: list[Datum] = []
    for one in items_of(left):
        if one is not None:
            found = await anyio.to_thread.run_sync(search, items, text_of(one), tools.measure)
            pairs += [{"left": one, "right": other} for other in found]
    return node.give(pairs, len(pairs))
