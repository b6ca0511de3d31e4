"""A prompt put to every item."""

from __future__ import annotations

from rlmlang.context import Datum
from rlmlang.execute.node import NodeRun
from rlmlang.execute.verbs.for_each import Asking, ForEach, parallel_of
from rlmlang.origin import origin_of, placed
from rlmlang.verbs.map import Map


async def run(node: NodeRun, work: Map) -> int:
    """The answers, until one of them makes it stop."""
    source, env = await node.items(work.subject)
    asking = Asking(node, work.ask, env, work.on_error)
    known = "" in node.node.facts.placed

    async def take(item: Datum, answer: Datum) -> bool:
        answer = placed(answer, origin_of(item) if known else None, work.ask.prompt.result)
        node.scope.receipt.answered(node.id, answer)
        await node.put(answer)
        if work.stop is None or answer is None:
            return True
        return not await node.evaluate(work.stop, {**env, "it": answer})

    count = await ForEach(parallel_of(node, work.parallel), asking.one, take).run(source)
    asking.skips.few_enough(count, "items")
    return node.finish()
