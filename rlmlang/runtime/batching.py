"""Whether a run's calls go in batches of their providers', and what they cost there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir.binding import BoundModel, Price
from rlmlang.ir.predictors import HasSteps
from rlmlang.ir.walk import predictors
from rlmlang.models.batch_forms import form_of
from rlmlang.models.capabilities import tier_shares
from rlmlang.models.endpoints import Address
from rlmlang.runtime.prepared import Options, Prepared
from rlmlang.runtime.project import Project
from rlmlang.schema.provider_batches import FORMS

TIER = "batches"  # what the table of prices calls them


def engine_of(options: Options, project: Project) -> str:
    """How models are asked: `live` or `batch`."""
    return options.engine or project.engine or "live"


def with_batches(
    models: Mapping[str, BoundModel],
    recipe: HasSteps,
    options: Options,
    project: Project,
    address: Address | None,
) -> dict[str, BoundModel]:
    """Models whose calls go in batches where that is wanted. Sessions of code and modules wait for
    each answer: what only they ask is asked live. Raises CodedError (batch-unavailable)."""
    if engine_of(options, project) != "batch":
        return dict(models)
    base = address.url("") if address is not None else ""
    asked = [ask.prompt for _, ask in predictors(recipe.steps)]
    waits = {p.model.name for p in asked if p.repl is None and p.module is None}
    return {
        name: _batched(bound, base, options, project) if name in waits else bound
        for name, bound in models.items()
    }


def _batched(bound: BoundModel, base: str, options: Options, project: Project) -> BoundModel:
    form = form_of(bound, base)
    if not form or options.engines:
        raise _unavailable(bound.name, base)
    return replace(bound, batched=True, batch_price=_price(bound, form, project))


def at_once(ready: Prepared) -> int:
    """How many calls of a run may wait in batches: what one holds, unless somebody has said how
    many go at a time; 0 where none goes in any."""
    if not any(bound.batched for bound in ready.binding.models.values()):
        return 0
    most = max(limits.calls for limits in FORMS.values())
    return ready.options.parallel or ready.recipe.budget.parallel or most


def _price(bound: BoundModel, form: str, project: Project) -> Price | None:
    """What a call costs: as the project says, else the table, else what the provider says of all
    its models."""
    usual = bound.price
    if usual is None:
        return None
    names = (bound.name, f"openai/{bound.name}")
    said = next((project.batch_shares[n] for n in names if n in project.batch_shares), None)
    shares = (said, said) if said is not None else tier_shares(bound.name, TIER)
    sent, written = shares or (FORMS[form].share,) * 2
    return Price(usual.input * sent, usual.output * written, usual.origin)


def _unavailable(name: str, base: str) -> CodedError:
    where = f" at {base}" if base else ""
    known = f'; or in rlm.toml: [takes] "{name}" = {{ batch = true }}' if base else ""
    return failed(
        "batch-unavailable",
        f"nobody here knows how calls of {name}{where} go in batches",
        reason=f"Batches are those of {', '.join(FORMS)}, and of servers that take its format.",
        hint=f"leave out --engine batch{known}",
    )
