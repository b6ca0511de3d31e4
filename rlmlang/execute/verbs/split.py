"""Pieces of a context, as they are cut."""

from __future__ import annotations

import anyio

from rlmlang.execute.contracts import held
from rlmlang.execute.node import NodeRun
from rlmlang.verbs.split import Split


async def run(node: NodeRun, work: Split) -> int:
    """As many pieces as are wanted."""
    tools, how = node.scope.tools, work.partition
    subject = await node.context(work.subject)
    partition = tools.partition(how.strategy, how.options, how.before, how.after)
    pieces = partition.split(subject, tools.measure)
    for piece in held(pieces, how.strategy, node.node.facts, tools.measure):
        if not await node.put(piece):
            break
        await anyio.lowlevel.checkpoint()
    return node.finish()
