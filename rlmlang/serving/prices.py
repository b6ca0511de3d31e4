"""The price of a call before it is paid, in values that an agent can decide on."""

from __future__ import annotations

from rlmlang.ir.bounds import Cost
from rlmlang.ir.declarations import Budget
from rlmlang.plan.plan import Plan
from rlmlang.plan.verdict import Line, Verdict, judge
from rlmlang.report.plan import short
from rlmlang.runtime.shared_budget import SharedBudget
from rlmlang.schema.formula import Formula
from rlmlang.serving.offers import Reply
from rlmlang.serving.schemas import Schema
from rlmlang.value import Json

CASES = ("best", "expected", "worst")
AMOUNT: Schema = {"type": ["number", "null"]}
CASE: Schema = {
    "type": "object",
    "properties": dict.fromkeys(("calls", "tok_in", "tok_out", "usd"), AMOUNT),
    "description": "null where it is not known: bind all arguments, and give models a price",
}
VERDICT: Schema = {
    "type": "string",
    "enum": ["proven", "may be hit", "unknown", "cannot fit", "none"],
}
GIVES: Schema = {
    "type": "object",
    "properties": {
        "recipe": {"type": "string"},
        "plan": {"type": "string"},
        **dict.fromkeys(CASES, CASE),
        "rounds": AMOUNT,
        "models": {"type": "array", "items": {"type": "string"}},
        "budget": VERDICT,
        "ceiling": VERDICT,
        "limits": {"type": "array", "items": {"type": "object"}},
    },
}


def plan_reply(tool: str, plan: Plan, ceiling: SharedBudget | None) -> Reply:
    """Calls, tok and dollars at best, expected and worst; whether the recipe's own budget holds,
    and whether what is left of the ceiling of all calls does."""
    against = ceiling_verdict(plan, ceiling)
    totals, rounds = plan.totals, plan.totals.rounds.value()
    values: dict[str, Json] = {
        "recipe": tool,
        "plan": plan.hash,
        **{name: _case(getattr(totals, name)) for name in CASES},
        "rounds": rounds,
        "models": sorted({node.model for node in plan.nodes if node.model}),
        "budget": plan.verdict.word,
        "ceiling": against.word if ceiling is not None else "none",
        "limits": [
            *(_limit("budget", line) for line in plan.verdict.lines),
            *(_limit("ceiling", line) for line in against.lines),
        ],
    }
    lines = [short(plan).plain]
    lines += [f"budget {x.limited}: {x.word}{x.because}" for x in plan.verdict.lines]
    lines += [f"left of the ceiling, {x.limited}: {x.word}{x.because}" for x in against.lines]
    if not totals.worst.calls.known:
        lines.append(f"worst calls = {totals.worst.calls}: give all arguments to see a number")
    return Reply("\n".join(lines), values)


def ceiling_verdict(plan: Plan, ceiling: SharedBudget | None) -> Verdict:
    """A plan against what is left of the ceiling; of none nothing is said."""
    if ceiling is None:
        return Verdict(())
    left = ceiling.left
    usd = None if left.usd is None else float(left.usd)
    return judge(Budget(calls=left.calls, usd=usd), plan.totals, "", {})


def _case(cost: Cost) -> Json:
    return {
        "calls": cost.calls.value(),
        "tok_in": cost.tokens_in.value(),
        "tok_out": cost.tokens_out.value(),
        "usd": None if cost.usd is None else _dollars(cost.usd),
    }


def _dollars(amount: Formula) -> float | None:
    exact = amount.exact()
    return None if exact is None else float(exact)


def _limit(of: str, line: Line) -> Json:
    return {
        "of": of,
        "limit": line.limit,
        "most": line.most,
        "best": line.best,
        "worst": line.worst,
        "verdict": line.word,
    }
