"""The items of which a model, or a condition, says yes."""

from __future__ import annotations

from rlmlang.context import Datum
from rlmlang.execute.aside import aside
from rlmlang.execute.evaluate import Environment, evaluate
from rlmlang.execute.node import NodeRun
from rlmlang.execute.verbs.for_each import Asking, ForEach, One, parallel_of
from rlmlang.ir.expressions import Expr
from rlmlang.ir.walk import calls_code
from rlmlang.verbs.filter import Filter


async def run(node: NodeRun, work: Filter) -> int:
    """Those items, or both halves."""
    source, env = await node.items(work.subject)
    asking = Asking(node, work.ask, env, work.on_error) if work.ask is not None else None
    one: One = asking.one if asking is not None else _condition(node, work.where, env)
    kept: list[Datum] = []
    rest: list[Datum] = []
    passed = 0

    async def take(item: Datum, answer: Datum) -> bool:
        if work.keep_rest:
            (kept if answer else rest).append(item)
        elif answer:
            await node.put(item)
        if not answer:
            node.scope.receipt.turn_away(node.id, item)
        nonlocal passed
        passed += bool(answer)
        return True

    count = await ForEach(parallel_of(node, work.parallel), one, take).run(source)
    node.scope.receipt.judged[node.id] = passed, count
    if asking is not None:
        asking.skips.few_enough(count, "items")
    return node.give({"kept": kept, "rest": rest}, len(kept)) if work.keep_rest else node.finish()


def _condition(node: NodeRun, where: Expr | None, env: Environment) -> One:
    code, long = node.scope.tools.code, calls_code(where)

    async def one(index: int, item: Datum) -> bool:
        if where is None:
            return True
        inside = {**env, "it": item}
        return bool(await aside(long, lambda: evaluate(where, inside, code)))

    return one
