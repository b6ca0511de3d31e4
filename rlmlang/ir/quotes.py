"""What a quote may come from: text cut from a source, no question, no words of a model."""

from __future__ import annotations

from collections.abc import Iterable

from rlmlang.ir.expressions import Param
from rlmlang.ir.types import Type

CUT = ("Slice", "Doc", "Tree")


def is_cut(type_: Type) -> bool:
    """Whether a value of a type is a part of a source by itself."""
    return type_.kind in CUT and not type_.args


def quotes_in(type_: Type) -> bool:
    """Whether a value of a type holds quotes."""
    inner = (*type_.args, *(f.type for f in type_.fields))
    return type_.kind == "Quote" or any(quotes_in(x) for x in inner)


def is_source(type_: Type, *, told: bool = False, listed: bool = False) -> bool:
    """Whether some text of a value is source text: a slice, a row, a line of a list, as long as
    no model has `told` it. A single text, a number or a label is none."""
    if is_cut(type_):
        return True
    if type_.kind == "Pair":
        return any(is_source(x, told=told) for x in type_.args)
    if type_.is_list:
        return is_source(type_.item, told=told, listed=True)
    if type_.kind == "Record" and cut_fields(type_):
        return True
    return not told and (type_.kind in ("Record", "Any") or (listed and type_.kind == "Text"))


def cut_fields(type_: Type) -> tuple[str, ...]:
    """The fields of a record that hold slices; a row of plain fields has none."""
    return tuple(f.name for f in type_.fields if is_source(f.type, told=True))


def holds_source(params: Iterable[Param]) -> bool:
    """Whether a quote could come from one of these."""
    return any(is_source(p.type) or quotes_in(p.type) for p in params)
