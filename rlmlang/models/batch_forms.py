"""In which format a model's provider takes batches. Imports nothing heavy: plans ask it."""

from __future__ import annotations

from rlmlang.ir.binding import BoundModel
from rlmlang.models.keys import owner_of, provider_of
from rlmlang.schema.provider_batches import FORMS

OFFLINE = "offline/"


def form_of(bound: BoundModel, base: str) -> str:
    """The format; empty where there is none. A server that was named takes OpenAI's where it is
    known that it takes batches at all, a provider its own."""
    takes, name = bound.takes.batch, bound.name
    if takes is False or name.startswith(OFFLINE):
        return ""
    owner = owner_of(base) if base else provider_of(name)
    if base and not owner:
        return "openai" if takes else ""
    return owner if owner in FORMS else ""
