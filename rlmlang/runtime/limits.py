"""The limits of a prepared run: whether it may begin, and the account that holds it to them."""

from __future__ import annotations

from rlmlang.budget import Account, Limits
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, failed
from rlmlang.runtime.prepared import Prepared
from rlmlang.runtime.project import near_name


def refuse(ready: Prepared) -> None:
    """Raises CodedError for a plan that must not be begun: one that cannot fit its budget, or
    whose price limit cannot be kept."""
    for line in ready.plan.verdict.lines:
        if line.word == "cannot fit":
            raise failed(
                "budget-cannot-fit",
                f"even the best case takes {line.best:,.6g} {line.limit}; the budget is "
                f"{line.most:,.6g}",
                reason=f"The step that costs most is `{ready.plan.verdict.dominant}`.",
                hint=f"raise it: --set budget.{line.limit}=…, or cut larger pieces",
            )
    _priced(ready)


def _priced(ready: Prepared) -> None:
    if found := [d for d in unpriced(ready) if d.severity == "error"]:
        raise CodedError(found[0])


def unpriced(ready: Prepared) -> list[Diagnostic]:
    """What is said of a limit in dollars that a model without a price is under: an error, but at an
    endpoint of this machine or network, which sends no bill, a note."""
    budget = ready.recipe.budget
    names = [b.name for b in ready.binding.models.values() if b.price is None]
    if budget.usd is None or budget.default or not names:
        return []
    words = f"nobody here knows a price for {names[0]}"
    if near := near_name(names[0], ready.project):
        words += f" (`{near}` is near)"
    hint = f'in rlm.toml: [prices] "{names[0]}" = {{ input = %s, output = %s }}'
    if ready.address is None or not ready.address.local:
        words += ", so a limit in dollars cannot be kept"
        return [Diagnostic("price-unknown", words, hint=hint % ("0.25", "2.00"))]
    words += f": dollars are not counted, and `usd <= {budget.usd:g}` limits nothing"
    return [Diagnostic("price-unknown", words, hint=hint % (0, 0), softened=True)]


def account_for(ready: Prepared) -> Account:
    """The run's account with the budget's limits."""
    budget = ready.recipe.budget
    priced = all(b.price is not None for b in ready.binding.models.values())
    limits = Limits.declared(budget.calls, budget.tokens, budget.usd if priced else None)
    return Account(ready.recipe.name, limits)
