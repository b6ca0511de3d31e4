"""One rung after the other, until an answer is accepted."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.execute.causes import leaves
from rlmlang.execute.node import NodeRun
from rlmlang.execute.nothing_found import CODE
from rlmlang.verbs.ladder import Ladder, Rung


async def run(node: NodeRun, work: Ladder) -> int:
    """The first answer that is accepted; the last rung's where none is."""
    env = await node.environment()
    *early, last = work.rungs
    for name in early:
        try:
            value = await _climbed(node, name)
        except Exception as mistake:
            if not all(_found_nothing(leaf) for leaf in leaves(mistake)):
                raise
        else:
            if await node.evaluate(work.accept, {**env, "it": value}):
                return node.give(value)
    return node.give(await _climbed(node, last))


async def _climbed(node: NodeRun, name: str) -> Datum:
    """The answer of a rung."""
    rung = node.part(name)
    inside = replace(rung, cells=await node.run_inside(rung, {}))
    assert isinstance(rung.node.step.work, Rung)
    return await inside.value(rung.node.step.work.value)


def _found_nothing(mistake: BaseException) -> bool:
    """Whether a rung had nothing to ask about, which the next may have."""
    return isinstance(mistake, CodedError) and mistake.diagnostic.code == CODE
