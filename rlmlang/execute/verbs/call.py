"""One call of a prompt."""

from __future__ import annotations

from rlmlang.execute.ask import request_for
from rlmlang.execute.node import NodeRun
from rlmlang.execute.respond import respond
from rlmlang.verbs.call import Call


async def run(node: NodeRun, work: Call) -> int:
    """The answer."""
    env = await node.environment()
    request = request_for(node.scope, node.id, node.id, work.ask, env, None)
    return node.give(await respond(node.scope, request))
