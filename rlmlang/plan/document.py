"""A plan as a document: what `rlm plan --json` prints."""

from __future__ import annotations

from rlmlang.ir.bounds import Bound, Cost
from rlmlang.plan.graph import Plan
from rlmlang.schema.formula import Formula


def plan_json(plan: Plan) -> dict[str, object]:
    """What `rlm plan --json` prints."""
    return {
        "recipe": plan.recipe.name,
        "hash": plan.hash,
        "measure": plan.binding.measure,
        "prices_from": plan.binding.prices_from,
        "nodes": [
            {
                "id": n.id, "verb": n.verb, "words": n.words, "type": n.type,
                "coverage": n.coverage, "prompt": n.prompt, "model": n.model,
                "within": n.within, "bound": _bound(n.bound),
            }
            for n in plan.nodes
        ],
        "edges": [
            {"source": a, "target": b, **d} for a, b, d in plan.graph.edges(data=True)
        ],
        "totals": _bound(plan.totals),
        "budget": {k: v for k, v in vars(plan.recipe.budget).items() if v is not None},
        "verdict": {
            "word": plan.verdict.word,
            "dominant": plan.verdict.dominant,
            "limits": [vars(line) for line in plan.verdict.lines],
        },
    }  # fmt: skip


def _bound(bound: Bound) -> dict[str, object]:
    cases = {k: _cost(getattr(bound, k)) for k in ("best", "expected", "worst")}
    return {**cases, "rounds": number_or_formula(bound.rounds), "depth": bound.depth}


def _cost(cost: Cost) -> dict[str, object]:
    return {
        "calls": number_or_formula(cost.calls),
        "tokens_in": number_or_formula(cost.tokens_in),
        "tokens_out": number_or_formula(cost.tokens_out),
        "usd": None if cost.usd is None else number_or_formula(cost.usd, whole=False),
    }


def number_or_formula(f: Formula, *, whole: bool = True) -> object:
    """The number, or the formula as text while something in it is unknown."""
    exact = f.exact()
    if exact is None:
        return str(f)
    return f.value() if whole else round(float(exact), 6)
