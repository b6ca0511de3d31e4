"""What a step may cost, in a few words beside it."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.ir.bounds import Bound, Cost
from rlmlang.ir.facts import Facts
from rlmlang.plan.plan import Plan
from rlmlang.report.plan import dollars
from rlmlang.schema.formula import ZERO, Formula

LONGEST = 40
"""Characters of a formula that are shown beside a line."""


def short(cost: Cost) -> str:
    """`≤ 406 calls · $0.12`: the worst case; empty where no call is made."""
    if cost.calls == ZERO:
        return ""
    parts = [f"≤ {_amount(cost.calls)} {'call' if cost.calls.value() == 1 else 'calls'}"]
    if cost.usd is not None and cost.usd.known and cost.usd != ZERO:
        parts.append(f"${dollars(cost.usd)}")
    return " · ".join(parts)


def _amount(formula: Formula) -> str:
    value, written = formula.value(), str(formula)
    if value is not None:
        return f"{value:,}"
    return written if len(written) <= LONGEST else "formula"


def coverage(facts: Facts) -> str:
    """How much of its sources a list holds; empty for what is no list."""
    return str(facts.kept) if facts.type.is_list else ""


def lines(bound: Bound) -> Iterator[str]:
    """The bound of a step or recipe in full, with its formulas, as lines of Markdown."""
    worst = bound.worst
    if worst.calls == ZERO:
        return
    yield f"- calls ≤ `{_written(worst.calls)}`, expected `{_written(bound.expected.calls)}`"
    yield f"- tok in ≤ `{_written(worst.tokens_in)}`, tok out ≤ `{_written(worst.tokens_out)}`"
    if worst.usd is None:
        yield "- price unknown: a model has none"
    elif worst.usd != ZERO:
        known = f"${dollars(worst.usd)}" if worst.usd.known else f"`{worst.usd}` dollars"
        yield f"- at most {known}"
    rounds = bound.rounds.value()
    if rounds is not None:
        yield f"- depth {bound.depth}, {rounds:,} rounds one after another"


def _written(formula: Formula) -> str:
    value = formula.value()
    return str(formula) if value is None else f"{value:,}"


def verdicts(plan: Plan) -> Iterator[str]:
    """What is said of each limit of a recipe's budget, as lines of Markdown."""
    for line in plan.verdict.lines:
        yield f"- budget `{line.limited}`: {line.word}{line.because}"
