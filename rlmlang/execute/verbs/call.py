"""One call of a prompt."""

from __future__ import annotations

from rlmlang.execute.call_model import request_for
from rlmlang.execute.node import NodeRun
from rlmlang.execute.repl_session import respond
from rlmlang.ir.calls import CallId
from rlmlang.verbs.call import Call


async def run(node: NodeRun, work: Call) -> int:
    """The answer."""
    env = await node.environment()
    request = request_for(node.scope, CallId.of(node.id), work.ask, env, None)
    return node.give(await respond(node.scope, request))
