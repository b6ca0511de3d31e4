"""What was not given: the value of a source, or none."""

from __future__ import annotations

from rlmlang.execute.node import NodeRun
from rlmlang.verbs.inputs import Input, ReadSource


async def run(node: NodeRun, work: Input | ReadSource) -> int:
    """The default's value, where there is one."""
    env = await node.environment()
    return node.give(env.get("default"))
