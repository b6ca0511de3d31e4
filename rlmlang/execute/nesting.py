"""The limit of a budget on depth: levels of a recursion, sessions below sessions."""

from __future__ import annotations

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.execute.run_context import RunContext


def deep_enough(scope: RunContext, step: str, depth: int) -> None:
    """Raises CodedError (budget-spent) for a call that lies deeper than the budget allows."""
    if scope.deepest is not None and depth > scope.deepest:
        raise failed(
            "item-budget-spent",
            f"{step} goes down to depth {depth:,}; an item's budget allows {scope.deepest:,}",
            hint="allow more `depth` in the budget of the recipe or pattern behind `with`",
        )
    most = scope.plan.recipe.budget.depth
    if most is not None and depth > most:
        raise failed(
            "budget-spent",
            f"{step} goes down to depth {depth:,}; the budget allows {most:,}",
            reason="A call has depth 1; each level of a recursion, and each session or sub-call "
            "below another, adds one.",
            hint="run again with --set budget.depth=…, or allow larger leaves",
        )
