"""What an earlier part of a run has spent stays spent: by the run, its steps, models and items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rlmlang.budget import Account, Usage
from rlmlang.ir.calls import item_prefixes
from rlmlang.ir.predictors import prompts_of
from rlmlang.plan.plan import Plan
from rlmlang.stores.runs import Spent


def restore(account: Account, spent: Iterable[Spent], plan: Plan, *, above: bool = True) -> None:
    """Books what was spent before in a run's account and those of its steps and models, and with
    `above` in the accounts that it is a part of."""
    models, own = _Models(plan), account.parent
    for one in spent:
        for mine in account.child(one.step).line(models.of(one)):
            if mine is own and not above:
                break
            if not mine.shared:
                mine.spent += one.usage


def has_item_budgets(plan: Plan) -> bool:
    """Whether items of a map have budgets of their own."""
    return any(n.step.work.repeats for n in plan.nodes)


def spent_by_items(spent: Iterable[Spent], plan: Plan) -> Mapping[str, list[tuple[str, Usage]]]:
    """What was spent for each item of a map, by the item's call, with the model."""
    models, found = _Models(plan), dict[str, list[tuple[str, Usage]]]()
    for one in spent:
        for call in _items(plan, one):
            found.setdefault(call, []).append((models.of(one), one.usage))
    return found


def _items(plan: Plan, one: Spent) -> Iterator[str]:
    """The items of maps that a call was made for."""
    node = plan.by_id.get(one.step)
    if node is None:
        return
    maps = [n.id for n in reversed(plan.around(node)) if n.step.work.repeats]
    for id, items in zip(maps, item_prefixes(one.at.removeprefix(one.step)), strict=False):
        yield id + items


class _Models:
    """The models that prompts ask, by the steps that do."""

    def __init__(self, plan: Plan) -> None:
        self.prompts = prompts_of(plan)
        self.known: dict[tuple[str, str], str] = {}

    def of(self, one: Spent) -> str:
        """The model of the calls of a prompt at a step; the step's own where two have one name."""
        key = one.step, one.prompt
        if key not in self.known:
            mine = [p for n, p in self.prompts.items() if f"{n}.".startswith(f"{one.step}.")]
            named = [p for p in (*mine, *self.prompts.values()) if p.name == one.prompt]
            self.known[key] = named[0].model.name if named else ""
        return self.known[key]
