"""Runs a plan: a task a node, streams along the edges, one task group around all.

It knows the graph and a rule for each verb; of the recipe that the graph came from it knows what it
takes and gives.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping

import anyio

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.causes import first_cause
from rlmlang.execute.coding import coded
from rlmlang.execute.coverage import followed, lines_of
from rlmlang.execute.evaluate import evaluate
from rlmlang.execute.node import NodeRun
from rlmlang.execute.placed import placed
from rlmlang.execute.receipt import verify
from rlmlang.execute.run_context import RunContext
from rlmlang.execute.stream import Cell, Stream
from rlmlang.execute.streamed import Sink, drained, streamed
from rlmlang.execute.validate import too_large
from rlmlang.execute.verbs import RULES
from rlmlang.ir.walk import calls_code
from rlmlang.plan.graph import Node
from rlmlang.plan.plan import Plan
from rlmlang.trajectory.events import StepFinished, StepStarted
from rlmlang.trajectory.receipt import Line
from rlmlang.verbs.inputs import Pattern


async def execute(
    plan: Plan, inputs: Mapping[str, Datum], scope: RunContext
) -> tuple[Datum, list[Line]]:
    """The result of a plan over its inputs, and the receipt. Raises CodedError for what stopped
    the run."""
    scope.receipt.followed = followed(plan)
    if scope.sink is not None:
        cells = await _given_away(plan, inputs, scope, scope.sink)
    else:
        cells = await run_parts(plan, "", inputs, {}, scope)
    result = await _result(plan, cells)
    with placed(plan.node("result").step):
        _within(plan, scope, result)
    lines = lines_of(scope, plan, inputs)
    verify(lines)
    return result, lines


async def _given_away(
    plan: Plan, inputs: Mapping[str, Datum], scope: RunContext, sink: Sink
) -> Mapping[str, Cell]:
    """Runs the nodes, the items of the result given to the sink as they come."""
    id, items = streamed(plan), Stream(passing=True)
    kept, recipe, measure = Cell(), plan.recipe, scope.tools.measure

    def check(item: Datum, number: int) -> None:
        if recipe.result_max is not None and number > recipe.result_max:
            raise _beyond(plan, f"the result has more than {recipe.result_max:,} items")
        words = f"item {number:,} of the result"
        if problem := too_large(recipe.result.item, None, item, measure, words):
            raise _beyond(plan, problem)

    async def drain() -> None:
        with placed(plan.node("result").step):
            kept.set(await drained(items, sink, check))
        scope.receipt.ended.add("result")

    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(drain)
            found = await run_parts(plan, "", inputs, {}, scope, {"result": kept, id: items})
    except BaseExceptionGroup as group:
        raise first_cause(group) from None
    return {**found, "result": kept}


async def run_parts(
    plan: Plan,
    within: str,
    inputs: Mapping[str, Datum],
    outside: Mapping[str, Cell],
    scope: RunContext,
    ours: Mapping[str, Cell] | None = None,
) -> Mapping[str, Cell]:
    """Runs the nodes that a node is made of, of the whole plan for none; gives where their values
    are. `ours` are cells in place of theirs; a node of which it has one that takes no items is not
    run. Raises CodedError for what stopped one."""
    nodes, ours = plan.parts(within), ours or {}
    made = {n.id: ours.get(n.id) or _cell(n) for n in nodes}
    cells = ChainMap(made, dict(outside))

    async def inside(run: NodeRun, given: Mapping[str, Datum]) -> Mapping[str, Cell]:
        return await run_parts(plan, run.id, given, run.cells, run.scope)

    try:
        async with anyio.create_task_group() as tasks:
            for node in nodes:
                if node.id in inputs:
                    made[node.id].set(inputs[node.id])
                elif isinstance(made[node.id], Stream) or node.id not in ours:
                    tasks.start_soon(_run, NodeRun(plan, node, cells, scope, inside))
    except BaseExceptionGroup as group:
        raise first_cause(group) from None
    return cells


async def run_pattern(scope: RunContext, id: str, inputs: Mapping[str, Datum]) -> Datum:
    """What a pattern gives that code has called. Raises what stopped one of its steps."""
    node = scope.plan.node(id)
    given = {f"{id}.{name}": value for name, value in inputs.items()}
    cells = await run_parts(scope.plan, id, given, {}, scope)
    env = {port: await cells[source].value() for port, source in node.inputs.items()}
    assert isinstance(node.step.work, Pattern)
    value = node.step.work.tool.value
    return await coded(
        scope, scope.call(id), calls_code(value), lambda code: evaluate(value, env, code)
    )


async def _result(plan: Plan, cells: Mapping[str, Cell]) -> Datum:
    if "result" not in cells:
        raise failed(
            "plan-incomplete", "the plan has no node `result`", hint="plan the recipe anew"
        )
    return await cells["result"].value()


def _within(plan: Plan, scope: RunContext, result: Datum) -> None:
    """Raises CodedError (result-too-large) for more than the recipe says that it returns."""
    recipe, measure = plan.recipe, scope.tools.measure
    if problem := too_large(recipe.result, recipe.result_max, result, measure, "the result"):
        raise _beyond(plan, problem)


def _beyond(plan: Plan, problem: str) -> CodedError:
    return failed(
        "result-too-large",
        f"{plan.recipe.name}: {problem}",
        reason="What models answered is kept: with a larger `max` nothing is paid again.",
        hint="raise `max` behind the recipe's result, or return less",
    )


def _cell(node: Node) -> Cell:
    return Stream(passing=node.passing) if node.step.work.makes_items else Cell()


async def _run(run: NodeRun) -> None:
    """One node, with the events of its beginning and end."""
    step, scope = run.node.step, run.scope
    with placed(step):
        wanted = await _wanted(run)
    if not wanted:
        _skip(run)
        return
    recorded = step.work.recorded and not scope.inside
    if recorded:
        scope.emit(StepStarted(node=scope.node(run.id), verb=step.verb))
    with placed(step):
        items = await RULES[type(step.work)](run, step.work)
    scope.receipt.end(run.id, items)
    if recorded:
        skipped = scope.receipt.skipped.get(run.id, 0)
        node = scope.node(run.id)
        scope.emit(StepFinished(node=node, verb=step.verb, items=items, skipped=skipped))


async def _wanted(run: NodeRun) -> bool:
    """Whether the condition holds under which a node runs."""
    if run.node.step.when is None:
        return True
    test, truth = run.node.step.when
    return bool(await run.value(test)) is truth


def _skip(run: NodeRun) -> None:
    cell = run.cells[run.id]
    cell.finish() if isinstance(cell, Stream) else cell.set(None)
