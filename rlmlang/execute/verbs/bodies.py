"""The steps of a map, carried out for each of its items: with an account, a depth and call ids of
the item's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rlmlang.budget import Account, Limits, limits_of_models
from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.node import NodeRun
from rlmlang.execute.skips import Skipped, Skips
from rlmlang.ir.calls import CallId
from rlmlang.plan.graph import Node
from rlmlang.trajectory.events import StepFinished, StepStarted
from rlmlang.verbs.map import MapBody


@dataclass
class Bodies:
    """The steps of one map. A run records once that each of them began and ended, whatever the
    number of items."""

    node: NodeRun
    work: MapBody

    def __post_init__(self) -> None:
        self.skips = Skips(self.node.scope, self.node.id, self.work.on_error)

    async def one(self, index: int, item: Datum) -> Datum | Skipped:
        """What the steps give for an item; SKIPPED when it was given up."""
        node, call = self.node, self.node.call(index)
        try:
            made = await self._carried_out(index, call, item)
        except CodedError as problem:
            return self.skips.fail(self._own(problem, call), call, item)
        node.scope.receipt.turn_away(node.id, item)
        return made

    async def _carried_out(self, index: int, call: CallId, item: Datum) -> Datum:
        node, budget = self.node, self.work.budget
        deepest = None if budget.depth is None else node.scope.depth + budget.depth
        scope = node.scope.for_item(index, self._account(call), deepest)
        inside = replace(node, scope=scope)
        cells = await inside.run_inside(inside, {f"{node.id}.it": item})
        return await replace(inside, cells=cells).value(self.work.value)

    def _account(self, call: CallId) -> Account:
        """An account for what an item may take, a part of that of the step; the same where it may
        take what is there."""
        budget, above = self.work.budget, self.node.scope.account
        limits = Limits.declared(budget.calls, budget.tokens, budget.usd)
        of_models = limits_of_models(budget.of_models)
        if limits == Limits() and not of_models:
            return above
        account = Account.limited(str(call), limits, of_models, above)
        for model, usage in self.node.scope.before.get(str(call), ()):
            for mine in (account, *filter(None, [account.models.get(model)])):
                mine.spent += usage
        return account

    def _own(self, problem: CodedError, call: CallId) -> CodedError:
        """What ends an item where its own budget is spent, or that of an equal item which asks the
        same; any other problem as it is."""
        mine = f"{self.node.id}[" in problem.account
        if problem.diagnostic.code != "budget-spent" or not mine:
            return problem
        return failed(
            "item-budget-spent",
            problem.diagnostic.message,
            reason=f"`{self.work.callee}` declares a budget, which each item has for itself.",
            hint=f"raise the budget of `{self.work.callee}`",
        )

    # ── what is recorded of its steps ────────────────────────────────────────

    def begin(self) -> None:
        """Records that its steps begin."""
        for step in self._recorded():
            scope = self.node.scope
            scope.emit(StepStarted(node=scope.node(step.id), verb=step.verb))

    def end(self) -> None:
        """Records that its steps ended, with what they made for all items."""
        scope = self.node.scope
        for step in self._recorded():
            items = scope.receipt.made.get(step.id, 0)
            skipped = scope.receipt.skipped.get(step.id, 0)
            node = scope.node(step.id)
            scope.emit(StepFinished(node=node, verb=step.verb, items=items, skipped=skipped))

    def _recorded(self) -> Iterator[Node]:
        """The steps for each item, those within them included; none where this is one itself."""
        plan, within = self.node.plan, f"{self.node.id}."
        inside = (n for n in plan.nodes if n.id.startswith(within) and not self.node.scope.inside)
        return (n for n in inside if n.step.work.recorded)
