"""An expression, as soon as what it reads is there."""

from __future__ import annotations

from rlmlang.execute.node import NodeRun
from rlmlang.verbs.compute import Compute


async def run(node: NodeRun, work: Compute) -> int:
    """Its value."""
    return node.give(await node.value(work.value))
