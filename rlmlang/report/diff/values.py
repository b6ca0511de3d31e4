"""A difference as JSON values."""

from __future__ import annotations

from typing import cast

from rlmlang.ir.bounds import Bound
from rlmlang.plan.diff.diff import PlanDiff
from rlmlang.plan.graph import bound_data
from rlmlang.report.diff import rows
from rlmlang.report.diff.difference import Difference
from rlmlang.trajectory.diff import RunDiff, RunSide
from rlmlang.value import Json


def values(found: Difference) -> dict[str, Json]:
    """All of it; texts are whole, and not word by word."""
    return {
        "before": found.before,
        "after": found.after,
        "same": found.same,
        "recipes": [_plan(diff) for diff in found.plans],
        "run": None if found.run is None else _run(found.run),
    }


def _plan(diff: PlanDiff) -> dict[str, Json]:
    plans = {"before": diff.before, "after": diff.after}
    return {
        "recipe": diff.name,
        "how": rows.how(diff),
        "hash": {side: None if plan is None else plan.hash for side, plan in plans.items()},
        "verdict": {
            side: None if plan is None else plan.verdict.word for side, plan in plans.items()
        },
        "changes": [
            {
                "kind": c.kind,
                "name": c.name,
                "how": c.how,
                "fields": [vars(f) for f in c.fields],
            }
            for c in diff.changes
        ],
        "totals": {
            side: _bound(None if plan is None else plan.totals) for side, plan in plans.items()
        },
        "steps": [
            {
                "step": s.step,
                "same": s.same,
                "before": _bound(s.before),
                "after": _bound(s.after),
            }
            for s in diff.steps
        ],
        "asked_again": {
            "steps": [vars(a) for a in diff.asked],
            "cost": _bound(diff.again if diff.asked else None),
        },
    }


def _bound(bound: Bound | None) -> Json:
    return None if bound is None else cast("Json", bound_data(bound))  # a typed form of the same


def _run(run: RunDiff) -> dict[str, Json]:
    return {
        "before": _side(run.before),
        "after": _side(run.after),
        "answers": [vars(a) for a in run.answers],
        "alike": run.alike,
        "coverage": [
            {"step": c.step, "source": c.source, "before": c.before, "after": c.after}
            for c in run.coverage
        ],
    }


def _side(side: RunSide) -> dict[str, Json]:
    used = side.usage
    return {
        "run": side.name,
        "state": side.state,
        "result": side.result,
        "calls": used.calls,
        "tokens_in": used.tokens_in,
        "tokens_out": used.tokens_out,
        "usd": float(used.usd),
    }
