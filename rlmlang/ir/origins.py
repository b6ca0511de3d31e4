"""What is known before a run of where a value came from."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.ir.facts import Facts
from rlmlang.ir.places import OF_ONE, PLACES, carries, is_piece
from rlmlang.ir.sizes import declared_size
from rlmlang.ir.types import BatchType, Field
from rlmlang.schema.formula import ONE

FIELDS = {f.name: f for f in PLACES}
SEVERAL = "it may come from several documents at once"


def place_field(facts: Facts, name: str) -> Field | None:
    """The field of that name of where a value came from; None where it has none."""
    return FIELDS.get(name) if not unplaced(facts, name) else None


def unplaced(facts: Facts, name: str) -> str:
    """Why a value has no such field of its place, in words; empty where it has."""
    type_ = facts.type
    if name not in FIELDS:
        return f"{type_} has no field `{name}`"
    if type_.optional:
        return f"{type_} may be none"
    if type_.is_list and not isinstance(type_, BatchType):
        return f"{type_} has no field `{name}`: its items have"
    if "" not in facts.placed or not carries(type_):
        return f"it is not known where {type_} came from"
    if name == "text" and not is_piece(type_):
        return f"`text` is of documents and slices, and this is {type_}"
    return SEVERAL if name in OF_ONE and facts.holds == "documents" else ""


def of_place(base: Facts, name: str) -> Facts:
    """The facts of a field of where a value came from; no model has said it."""
    field = FIELDS[name]
    size = declared_size(field.type, field.max)
    made = replace(base, type=field.type, count=ONE, inner=ONE, fields=(), told=False)
    if size is not None:
        return replace(made, size=size, item=size, placed=frozenset(), holds="")
    return made
