"""`SharedBudget`: one budget for many runs of a program."""

from __future__ import annotations

import math
from numbers import Real
from threading import Lock

from rlmlang.budget import Account, Limits, Usage
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.models.engines.budget_waiters import BudgetWaiters

SHARED = "shared budget"
"""The name of the account of one, where a problem says which is spent."""


class SharedBudget:
    """What all runs that are made `within` it may use together, besides what each one's own recipe
    allows: `calls`, `tokens` in and out, and `usd`.

    It holds exactly in any number of threads and event loops of one process: the worst case of a
    call is set aside before it is sent, and a call that does not fit waits while others are on
    their way, since they may give something back. A run that finds it spent is parked like one
    whose own budget is spent (`budget-spent`): what was answered is kept, and what it had spent
    before it went on is not charged again. Raises CodedError (wrong-input) for a limit that is
    none.
    """

    def __init__(
        self, *, calls: int | None = None, tokens: int | None = None, usd: float | None = None
    ) -> None:
        for name, most in (("calls", calls), ("tokens", tokens), ("usd", usd)):
            _hold(name, most)
        if calls is tokens is usd is None:
            raise failed(
                "wrong-input", "a shared budget has a limit", hint="SharedBudget(usd=1.00)"
            )
        self.limits = Limits.declared(calls, tokens, usd)
        self.waiters = BudgetWaiters()
        self._account = Account(
            SHARED,
            self.limits,
            guard=Lock(),
            raised="give the SharedBudget a higher limit and run again",
        )

    @property
    def spent(self) -> Usage:
        """What its runs have used so far: calls, tok in and out, exact dollars."""
        return self._account.spent

    @property
    def left(self) -> Limits:
        """What may still be set aside for calls; None where there is no limit."""
        with self._account.guard:
            return self._account.share(1)

    def take(self, account: Account) -> None:
        """Lets an account spend from it, with all that stand above."""
        if account.top is not self._account:
            account.top.parent = self._account

    def __repr__(self) -> str:
        said = ((n, getattr(self.limits, n)) for n in ("calls", "tokens", "usd"))
        limits = ", ".join(f"{n}={float(most):g}" for n, most in said if most is not None)
        return f"SharedBudget({limits})"


def waiters_of(within: SharedBudget | None) -> BudgetWaiters:
    """Who waits for the same budget as a run does: runs within a shared one wait together."""
    return BudgetWaiters() if within is None else within.waiters


def _hold(name: str, most: float | None) -> None:
    """Raises CodedError for what is no limit."""
    if most is None:
        return
    number = isinstance(most, Real) and not isinstance(most, bool)
    if not number or not 0 <= most < math.inf or (name != "usd" and most != int(most)):
        raise failed("wrong-input", f"`{name}` of a shared budget is {most!r}", hint="0 or more")
