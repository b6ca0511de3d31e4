"""What a free-form session tells of its turns."""

from __future__ import annotations

from rlmlang.execute.run_context import RunContext
from rlmlang.ir.calls import CallId
from rlmlang.protocols import CellResult
from rlmlang.schema.dimensions import SPENT
from rlmlang.trajectory.events import BudgetUsed, CellFinished


def tell_cell(scope: RunContext, call: CallId, code: str, ran: CellResult, seconds: float) -> None:
    """Tells what came of a turn's code, and what the run has used by then."""
    scope.emit(
        CellFinished(
            call=call,
            code=code,
            output=ran.output,
            error=ran.error,
            kind=ran.kind,
            seconds=seconds,
            submitted=ran.submitted,
            fresh=ran.fresh,
        )
    )
    account = scope.account
    spent, node = account.spent, scope.node(call.step)
    limits = {d.name: float(m) for d in SPENT if (m := account.limits.of(d)) is not None}
    scope.emit(
        BudgetUsed(
            node=node, calls=spent.calls, tokens=spent.tokens, usd=float(spent.usd), limits=limits
        )
    )
