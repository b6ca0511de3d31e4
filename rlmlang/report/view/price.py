"""What each step was to cost, and what it did cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from rlmlang.ir.bounds import Cost
from rlmlang.plan.graph import Node, number_or_formula
from rlmlang.plan.plan import Plan
from rlmlang.trajectory.calls import RunRecord, StepRecord
from rlmlang.trajectory.events import CallFailed, CallFinished
from rlmlang.trajectory.usage import cost_of, usage_of
from rlmlang.value import Json

Attempts: TypeAlias = Sequence[CallFinished | CallFailed]
CASES = ("best", "expected", "worst")


def price(plan: Plan | None, run: RunRecord) -> dict[str, Json]:
    """The steps of the plan with their three cases and what was paid, parts of a step added to it;
    the totals, and the verdict of the budget. Where no plan is kept there is only what was paid."""
    paid = {step.name: attempts(step) for step in run.steps.values()}
    if plan is None:
        steps: list[Json] = [_unplanned(step, paid) for step in run.steps.values()]
        return {"planned": False, "steps": steps, "totals": {}, "verdict": []}
    nodes = [n for n in plan.nodes if n.step.work.kind != "given"]
    totals: dict[str, Json] = {c: _cost(getattr(plan.totals, c)) for c in CASES}
    return {
        "planned": True,
        "steps": [_step(node, plan, paid) for node in nodes],
        "totals": totals,
        "verdict": [
            {"limit": v.limited, "word": v.word, "because": v.because.strip(" ()")}
            for v in plan.verdict.lines
        ],
        "models": sorted({n.model for n in plan.nodes if n.model}),
        "prices": str(plan.binding.prices_from),
    }


def _step(node: Node, plan: Plan, paid: Mapping[str, Attempts]) -> Json:
    inside = [n.id for n in plan.nodes if node.id in [a.id for a in plan.around(n)]]
    made = [a for id in (node.id, *inside) for a in paid.get(id, ())]
    return {
        "step": node.id,
        "name": node.id.removeprefix(f"{node.within}."),
        "depth": len(plan.around(node)),
        "verb": node.verb,
        "words": node.words,
        "coverage": node.coverage,
        "dearest": node.id == plan.verdict.dominant,
        **{case: _cost(getattr(node.bound, case)) for case in CASES},
        "paid": used(made),
    }


def _unplanned(step: StepRecord, paid: Mapping[str, Attempts]) -> Json:
    return {
        "step": step.name,
        "name": step.name,
        "depth": step.name.count("."),
        "verb": step.verb,
        "words": step.verb,
        "coverage": "",
        "paid": used(paid[step.name]),
    }


def attempts(step: StepRecord) -> Attempts:
    """All that was asked in a step."""
    return [a for call in step.calls.values() for a in call.attempts]


def used(made: Attempts) -> Json:
    """What attempts used; no dollars where one has no known price."""
    found = usage_of(made)
    tokens: dict[str, Json] = {"tokens_in": found.tokens_in, "tokens_out": found.tokens_out}
    known = cost_of(made) is not None
    return {"calls": found.calls, **tokens, "usd": float(found.usd) if known else None}


def _cost(cost: Cost) -> Json:
    """A case in numbers, formulas as text; no dollars where a model has no known price."""
    return {
        "calls": number_or_formula(cost.calls),
        "tokens_in": number_or_formula(cost.tokens_in),
        "tokens_out": number_or_formula(cost.tokens_out),
        "usd": None if cost.usd is None else number_or_formula(cost.usd, whole=False),
    }
