"""A condition that ends the run where it does not hold."""

from __future__ import annotations

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.execute.node import NodeRun
from rlmlang.verbs.require import Require


async def run(node: NodeRun, work: Require) -> int:
    """Raises CodedError (requirement-failed)."""
    if not await node.value(work.test):
        raise failed(
            "requirement-failed",
            f"the recipe requires {work.written}",
            hint="the recipe demands it of its inputs; see them with `rlm show`",
        )
    return node.give(True)
