"""The limits of a prepared run: whether it may begin, and the account that holds it to them."""

from __future__ import annotations

from rlmlang.budget import Account, Limits, limits_of_models
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, failed
from rlmlang.ir.recipe import Budget
from rlmlang.runtime.prepared import Prepared
from rlmlang.runtime.project import near_name
from rlmlang.schema.dimensions import budget_key


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
                hint=f"raise it: --set {budget_key(line.limit)}=…, or cut larger pieces",
            )
    _raise_first(unpriced(ready))


def _raise_first(problems: list[Diagnostic]) -> None:
    if found := [d for d in problems if d.severity == "error"]:
        raise CodedError(found[0])


def refuse_within(ready: Prepared, above: Budget) -> None:
    """Raises CodedError where the price limit of a budget above a run's own cannot be kept."""
    _raise_first(unpriced(ready, above))


def unpriced(ready: Prepared, above: Budget | None = None) -> list[Diagnostic]:
    """What is said of a limit in dollars, of the recipe or of a budget above it, that a model
    without a price is under: an error, but at an endpoint of this machine or network, which sends
    no bill, a note."""
    budget = above or ready.recipe.budget
    within = ready.options.within
    shared = within.limits.usd if within is not None else None
    all_limited = shared is not None or (budget.usd is not None and not budget.default)
    limited = {model for limit, model, _ in budget.of_models if limit == "usd"}
    names = [
        b.name
        for role, b in ready.binding.models.items()
        if b.price is None and (all_limited or role in limited)
    ]
    if not names:
        return []
    words = f"nobody here knows a price for {names[0]}"
    if near := near_name(names[0], ready.project):
        words += f" (`{near}` is near)"
    hint = f'in rlm.toml: [prices] "{names[0]}" = {{ input = %s, output = %s }}'
    if ready.address is None or not ready.address.local:
        words += ", so a limit in dollars cannot be kept"
        return [Diagnostic("price-unknown", words, hint=hint % ("0.25", "2.00"))]
    most = float(shared or budget.usd or 0)
    limit = f"`usd <= {most:g}`" if all_limited else "a limit in dollars"
    words += f": dollars are not counted, and {limit} limits nothing"
    return [Diagnostic("price-unknown", words, hint=hint % (0, 0), softened=True)]


def account_for(ready: Prepared) -> Account:
    """The run's account with the budget's limits."""
    budget = ready.recipe.budget
    priced = all(b.price is not None for b in ready.binding.models.values())
    limits = Limits.declared(budget.calls, budget.tokens, budget.usd if priced else None)
    unpriced_models = {m for m, b in ready.binding.models.items() if b.price is None}
    kept = [x for x in budget.of_models if x[0] != "usd" or x[1] not in unpriced_models]
    return Account.limited(ready.recipe.name, limits, limits_of_models(kept), None)
