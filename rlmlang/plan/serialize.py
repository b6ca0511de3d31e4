"""A plan as JSON values, the same every time, and the hash of what it does.

The hash covers the checked recipe, never its text: formatting, comments, the order of
independent keys, locale and hash seed do not change it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING

from rlmlang.ir.recipe import Recipe
from rlmlang.ir.types import Type
from rlmlang.schema.formula import Formula

if TYPE_CHECKING:
    from rlmlang.plan.bounds import Bound, Cost
    from rlmlang.plan.graph import Plan

EDITION = 1


def hash_of(value: object) -> str:
    """sha256 of the canonical JSON of a value made of checked parts."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def recipe_hash(recipe: Recipe) -> str:
    """The hash of a checked recipe with its edition."""
    return hash_of((EDITION, recipe))


def plain(value: object) -> object:
    """Checked parts as JSON values; what does not take part in comparison is left out."""
    if isinstance(value, Formula):
        return str(value)
    if isinstance(value, Type):
        return _type(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kept = {
            f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.compare
        }
        return {"is": type(value).__name__, **kept}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if isinstance(value, frozenset):
        return sorted(str(v) for v in value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in sorted(value.items())}
    return value


def _type(value: Type) -> object:
    inner = [
        {"name": f.name, "type": _type(f.type), "max": f.max, "doc": f.doc, "where": plain(f.where)}
        for f in value.fields
    ]
    labels = [list(pair) for pair in value.labels]
    return {"is": "Type", "type": str(value), "doc": value.doc, "fields": inner, "labels": labels}


def plan_json(plan: Plan) -> dict[str, object]:
    """What `rlm plan --json` prints."""
    return {
        "recipe": plan.recipe.name,
        "hash": plan.hash,
        "measure": plan.measure,
        "prices_from": plan.prices_from,
        "nodes": [
            {
                "id": n.id, "verb": n.verb, "words": n.words, "type": n.type,
                "coverage": n.coverage, "prompt": n.prompt, "model": n.model,
                "region": n.region, "bound": _bound(n.bound),
            }
            for n in plan.nodes
        ],
        "edges": [list(e) for e in plan.edges],
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
