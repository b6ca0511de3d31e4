"""A prompt put to every item, an expression over each, or steps for each."""

from __future__ import annotations

from rlmlang.context import Datum, parts_in
from rlmlang.execute.evaluate import Environment, RunCode, evaluate
from rlmlang.execute.made import made_of
from rlmlang.execute.node import NodeRun
from rlmlang.execute.verbs.bodies import Bodies
from rlmlang.execute.verbs.for_each import Asking, Computing, ForEach, Take, in_turn, parallel_of
from rlmlang.ir.walk import calls_code
from rlmlang.origin import origin_of, placed
from rlmlang.verbs.map import Map, MapBody, MapValue, OverItems


async def run(node: NodeRun, work: Map) -> int:
    """The answers, until one of them makes it stop."""
    source, env = await node.items(work.subject)
    asking = Asking(node, work.ask, env, work.on_error)
    take = _taking(node, work, env)
    count = await ForEach(parallel_of(node, work.parallel), asking.one, take).run(source)
    asking.skips.few_enough(count, "items")
    return node.finish()


async def run_value(node: NodeRun, work: MapValue) -> int:
    """The values, until one of them makes it stop."""
    source, env = await node.items(work.subject)

    def made(item: Datum, code: RunCode) -> Datum:
        value = made_of(evaluate(work.value, {**env, "it": item}, code), item)
        if next(parts_in(value), None) is None:
            node.scope.receipt.turn_away(node.id, item)
        return value

    computing = Computing(node, made, work.on_error, long=calls_code(work.value))
    take = _taking(node, work, env)
    if computing.long:
        most = parallel_of(node, work.parallel, asks=False)
        count = await ForEach(most, computing.one, take).run(source)
    else:
        count = await in_turn(source, computing.now, take)
    computing.skips.few_enough(count, "items")
    if lost := computing.skips.count:
        node.scope.receipt.judge(node.id, count - lost, count)
    return node.finish()


async def run_body(node: NodeRun, work: MapBody) -> int:
    """What the steps give for each item, until one value makes it stop."""
    source, env = await node.items(work.subject)
    bodies = Bodies(node, work)
    bodies.begin()
    take = _taking(node, work, env)
    count = await ForEach(parallel_of(node, work.parallel), bodies.one, take).run(source)
    bodies.skips.few_enough(count, "items")
    bodies.end()
    return node.finish()


def _taking(node: NodeRun, work: OverItems, env: Environment) -> Take:
    """Hands a value on; says whether more are wanted."""

    facts = node.node.facts
    known, type_ = "" in facts.placed, facts.type.item

    async def take(item: Datum, answer: Datum) -> bool:
        answer = placed(answer, origin_of(item) if known else None, type_)
        if isinstance(work, Map):
            node.scope.receipt.answered(node.id, answer)
        await node.put(answer)
        if work.stop is None or answer is None:
            return True
        return not await node.evaluate(work.stop, {**env, "it": answer})

    return take
