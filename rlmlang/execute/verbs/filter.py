"""The items of which a model, or a condition, says yes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from rlmlang.context import Datum, Slice, Tree
from rlmlang.execute.coding import coded
from rlmlang.execute.evaluate import Environment, RunCode, evaluate
from rlmlang.execute.node import NodeRun
from rlmlang.execute.verbs.for_each import Asking, ForEach, One, in_turn, parallel_of
from rlmlang.ir.expressions import Expr
from rlmlang.ir.walk import calls_code
from rlmlang.verbs.filter import Filter


async def run(node: NodeRun, work: Filter) -> int:
    """Those items, or both halves."""
    source, env = await node.items(work.subject)
    asking = Asking(node, work.ask, env, work.on_error) if work.ask is not None else None
    kept: list[Datum] = []
    rest: list[Datum] = []
    passed = 0

    async def take(item: Datum, answer: Datum) -> bool:
        if not work.makes_items:
            (kept if answer else rest).append(item)
        elif answer:
            await node.put(item)
        if not answer:
            node.scope.receipt.turn_away(node.id, item)
        nonlocal passed
        passed += bool(answer)
        return True

    if asking is None and not calls_code(work.where):
        passes = _condition(node, work.where, env)
        count = await in_turn(source, lambda index, item: passes(item), take)
    else:
        one: One = asking.one if asking is not None else _coded(node, work.where, env)
        most = parallel_of(node, work.parallel, asks=asking is not None)
        count = await ForEach(most, one, take).run(source)
    node.scope.receipt.judge(node.id, passed, count)
    if asking is not None:
        asking.skips.few_enough(count, "items")
    if work.makes_items:
        return node.finish()
    halves = (
        [_tree(await node.value(work.subject), half) for half in (kept, rest)]
        if work.tree
        else [kept, rest]
    )
    value = dict(zip(("kept", "rest"), halves, strict=True)) if work.keep_rest else halves[0]
    return node.give(value, len(kept))


def _tree(whole: Datum, documents: Iterable[Datum]) -> Datum:
    """Some documents of a tree as a tree again."""
    if not isinstance(whole, Tree):
        return list(documents)
    kept = [piece.parts[0].document for piece in documents if isinstance(piece, Slice)]
    return replace(whole, documents=tuple(kept), left_out=())


def _condition(node: NodeRun, where: Expr | None, env: Environment) -> Callable[[Datum], bool]:
    code = node.scope.tools.code
    return lambda item: _holds(where, {**env, "it": item}, code)


def _holds(where: Expr | None, env: Environment, code: RunCode) -> bool:
    return where is None or bool(evaluate(where, env, code))


def _coded(node: NodeRun, where: Expr | None, env: Environment) -> One:
    """A condition with the user's code in it, which may take long."""

    async def one(index: int, item: Datum) -> bool:
        inside = {**env, "it": item}
        call = node.call(index)
        return await coded(node.scope, call, long=True, work=lambda c: _holds(where, inside, c))

    return one
