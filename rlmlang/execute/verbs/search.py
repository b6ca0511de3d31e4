"""A look-up, in a thread of its own."""

from __future__ import annotations

import anyio

from rlmlang.execute.node import NodeRun
from rlmlang.execute.nothing_found import say
from rlmlang.verbs.search import Search


async def run(node: NodeRun, work: Search) -> int:
    """What is found."""
    tools = node.scope.tools
    subject, query = await node.context(work.subject), await node.value(work.query)
    search = tools.search(work.method, dict(work.options)).search
    found = await anyio.to_thread.run_sync(search, subject, str(query), tools.measure)
    if not found:
        say(node, str(query))
    return node.give(found, len(found))
