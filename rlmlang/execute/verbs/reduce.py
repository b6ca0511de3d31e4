"""A list joined to one value: groups of neighbours as soon as they are there."""

from __future__ import annotations

import anyio

from rlmlang.context import Datum
from rlmlang.execute.call_model import request_for
from rlmlang.execute.joining import Joining
from rlmlang.execute.node import NodeRun
from rlmlang.execute.nothing_found import empty_answer
from rlmlang.execute.respond import respond
from rlmlang.execute.stream import each
from rlmlang.ir.calls import CallId
from rlmlang.verbs.reduce import Reduce


async def run(node: NodeRun, work: Reduce) -> int:
    """The value; what says nothing is left out."""
    source, env = await node.items(work.subject)
    limiter = anyio.Semaphore(work.parallel or node.scope.at_once, fast_acquire=True)

    def call(level: int | None, index: int) -> CallId:
        return node.call("end" if level is None else level, index)

    async def ask(call: CallId, group: list[Datum]) -> Datum:
        request = await request_for(node.scope, call, work.ask, env, group)
        async with limiter:
            return await respond(node.scope, request)

    seen = 0
    async with anyio.create_task_group() as tasks:
        joining = Joining(work.fanin, tasks, call, ask)
        async for item in each(source):
            if item is not None:
                seen += 1
                joining.add(item)
    left = await joining.last()
    words = f"{node.id} has nothing to join"
    return node.give(left[0] if left else empty_answer(work.ask.prompt, "empty-list", words), seen)
