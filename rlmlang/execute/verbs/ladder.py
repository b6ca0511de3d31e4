"""One rung after the other, until an answer is accepted."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.context import Datum
from rlmlang.execute.node import NodeRun
from rlmlang.verbs.ladder import Ladder, Rung


async def run(node: NodeRun, work: Ladder) -> int:
    """The first answer that is accepted; the last rung's where none is."""
    env = await node.environment()
    value: Datum = None
    for name in work.rungs:
        rung = node.part(name)
        inside = replace(rung, cells=await node.run_inside(rung))
        assert isinstance(rung.node.step.work, Rung)
        value = await inside.value(rung.node.step.work.value)
        if node.evaluate(work.accept, {**env, "it": value}):
            break
    return node.give(value)
