"""How a run ended: its last event, and what state it is left in."""

from __future__ import annotations

from rlmlang.budget import Account
from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.plain_values import jsonable
from rlmlang.stores.runs import FAILED, FINISHED, PARKED
from rlmlang.trajectory.events import RunFinished
from rlmlang.trajectory.receipt import Line


def state_of(problem: CodedError | None) -> str:
    """What a run is left as."""
    if problem is None:
        return FINISHED
    return PARKED if "parks" in problem.entry else FAILED


def passed(limit: str, account: Account) -> CodedError:
    """More was spent than the budget allows; only an endpoint's own count can do that."""
    most, spent = getattr(account.limits, limit), getattr(account.spent, limit)
    return failed(
        "budget-passed",
        f"{limit}: {float(spent):,.6g} were spent, {float(spent - most):,.6g} more than the budget",
        reason="Every call reserved its worst case; the endpoint counted more than that.",
    )


def last_event(result: Datum, lines: list[Line], problem: CodedError | None) -> RunFinished:
    """The last event of a run."""
    place = problem.diagnostic.place if problem else None
    return RunFinished(
        outcome="failed" if problem else "finished",
        result=jsonable(result),
        code=problem.diagnostic.code if problem else "",
        message=str(problem) if problem else "",
        place=place.where if place else "",
        receipt=[line.record for line in lines],
    )
