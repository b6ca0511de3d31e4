"""A plan whose calls go in batches, as it would be if they were asked live."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.plan.plan import Plan


def live(plan: Plan) -> Plan | None:
    """The same plan asked live; None where nothing goes in batches."""
    models = plan.binding.models
    if not any(bound.batched for bound in models.values()):
        return None
    asked = {n: replace(b, batched=False, batch_price=None) for n, b in models.items()}
    return plan.bound_to(replace(plan.binding, models=asked))
