"""What each step was to cost, and what it did cost."""

from __future__ import annotations

from collections.abc import Mapping

from rlmlang.budget import Usage
from rlmlang.ir.bounds import Cost
from rlmlang.plan.graph import Node, number_or_formula
from rlmlang.plan.plan import Plan
from rlmlang.trajectory.calls import RunRecord, StepRecord
from rlmlang.trajectory.usage import usage_of
from rlmlang.value import Json

CASES = ("best", "expected", "worst")


def price(plan: Plan | None, run: RunRecord) -> dict[str, Json]:
    """The steps of the plan with their three cases and what was paid, parts of a step added to it;
    the totals, and the verdict of the budget. Where no plan is kept there is only what was paid."""
    paid = {step.name: _paid(step) for step in run.steps.values()}
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


def _step(node: Node, plan: Plan, paid: Mapping[str, Usage]) -> Json:
    inside = [n.id for n in plan.nodes if node.id in [a.id for a in plan.around(n)]]
    used = sum((paid.get(id, Usage()) for id in inside), paid.get(node.id, Usage()))
    return {
        "step": node.id,
        "name": node.id.removeprefix(f"{node.within}."),
        "depth": len(plan.around(node)),
        "verb": node.verb,
        "words": node.words,
        "coverage": node.coverage,
        "dearest": node.id == plan.verdict.dominant,
        **{case: _cost(getattr(node.bound, case)) for case in CASES},
        "paid": _used(used),
    }


def _unplanned(step: StepRecord, paid: Mapping[str, Usage]) -> Json:
    return {
        "step": step.name,
        "name": step.name,
        "depth": step.name.count("."),
        "verb": step.verb,
        "words": step.verb,
        "coverage": "",
        "paid": _used(paid[step.name]),
    }


def _paid(step: StepRecord) -> Usage:
    return usage_of(a for call in step.calls.values() for a in call.attempts)


def _used(used: Usage) -> Json:
    tokens: dict[str, Json] = {"tokens_in": used.tokens_in, "tokens_out": used.tokens_out}
    return {"calls": used.calls, **tokens, "usd": float(used.usd)}


def _cost(cost: Cost) -> Json:
    """A case in numbers, formulas as text; no dollars where a model has no known price."""
    return {
        "calls": number_or_formula(cost.calls),
        "tokens_in": number_or_formula(cost.tokens_in),
        "tokens_out": number_or_formula(cost.tokens_out),
        "usd": None if cost.usd is None else number_or_formula(cost.usd, whole=False),
    }
