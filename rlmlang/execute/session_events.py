"""What a free-form session tells of its turns."""

from __future__ import annotations

from collections.abc import Sequence

from rlmlang.execute.plain_values import jsonable
from rlmlang.execute.run_context import RunContext
from rlmlang.ir.calls import CallId
from rlmlang.protocols import CellResult
from rlmlang.schema.dimensions import SPENT
from rlmlang.trajectory.events import BudgetUsed, CellFinished


def tell_cell(
    scope: RunContext,
    call: CallId,
    code: str,
    ran: CellResult,
    seconds: float,
    begun: Sequence[CallId],
) -> None:
    """Tells what came of a turn's code, which has `begun` calls and sessions, and what the run has
    used by then."""
    scope.emit(
        CellFinished(
            call=call,
            code=code,
            output=ran.output,
            error=ran.error,
            kind=ran.kind,
            seconds=seconds,
            submitted=ran.submitted,
            value=jsonable(ran.value),
            tier=ran.tier,
            fresh=ran.fresh,
            ranges=[list(found) for found in ran.ranges],
            calls=[str(each) for each in begun],
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
