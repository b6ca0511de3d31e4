"""One call of a prompt."""

from __future__ import annotations

from rlmlang.execute.call_model import request_for
from rlmlang.execute.node import NodeRun
from rlmlang.execute.nothing_found import CODE, empty_answer, empty_search
from rlmlang.execute.respond import respond
from rlmlang.verbs.call import Call


async def run(node: NodeRun, work: Call) -> int:
    """The answer; the empty one where the prompt would look at nothing."""
    env = await node.environment()
    if search := await empty_search(node, work.ask, env):
        words = f"{node.id} has nothing to ask about: {search} found nothing"
        return node.give(empty_answer(work.ask.prompt, CODE, words))
    request = await request_for(node.scope, node.call(), work.ask, env, None)
    return node.give(await respond(node.scope, request))
