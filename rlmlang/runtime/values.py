"""Values from outside the language, of code and of options, held against their types."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from rlmlang.context import Datum, Slice
from rlmlang.execute.evaluate import MOST_BITS
from rlmlang.images import Image
from rlmlang.ir import types as ty
from rlmlang.ir.dates import is_date, is_time
from rlmlang.ir.types import Type
from rlmlang.unicode import flaw

DEEP = "nests too deep"
NOTHING = ty.AnyType | ty.JsonType | ty.NoneType
"""Types that none is of."""
MORE = ty.ANY.maybe()  # what a record may hold besides its fields


def misfit(value: object, type_: Type) -> str:
    """Why a value is not of its type, in words; nothing where it is."""
    try:
        return next(_wrong(value, type_, "it"), "")
    except RecursionError:
        return DEEP


def _wrong(value: object, type_: Type, what: str) -> Iterator[str]:
    if value is None and (type_.optional or isinstance(type_, NOTHING)):
        return
    if type_.is_list:
        yield from _items(value, type_, what)
    elif isinstance(type_, ty.MapType):
        yield from _entries(value, type_, what)
    elif isinstance(type_, ty.Fielded):
        yield from _fields(value, type_, what)
    elif not _is(value, type_):
        yield f"{what} is {_shown(value)}, not {type_}"
    elif words := flaw(value):
        yield f"{what} {words}"


def _items(value: object, type_: Type, what: str) -> Iterator[str]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        yield f"{what} is {_shown(value)}, not {type_}"
        return
    for at, item in enumerate(value):
        yield from _wrong(item, type_.item, f"item {at + 1}")


def _entries(value: object, type_: ty.MapType, what: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{what} is {_shown(value)}, not {type_}"
        return
    for key, inner in value.items():
        yield from _wrong(key, ty.TEXT, f"a key of {what}")
        yield from _wrong(inner, type_.of, f"`{key}` of {what}")


def _fields(value: object, type_: ty.Fielded, what: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{what} is {_shown(value)}, not {type_}"
        return
    known = {f.name: f.type for f in type_.fields}
    for name in (*known, *(n for n in value if n not in known)):
        if name not in value and not known[name].optional and known[name] != ty.ANY:
            yield f"{what} has no field `{name}`"
        yield from _wrong(value.get(name), known.get(name, MORE), f"`{name}` of {what}")


def _is(value: object, type_: Type) -> bool:
    """Whether a value is of a type; of one that holds others, whatever those are."""
    match type_:
        case ty.TextType("Date"):
            return isinstance(value, str) and is_date(value)
        case ty.TextType("Time"):
            return isinstance(value, str) and is_time(value)
        case ty.TextType():
            return isinstance(value, str | Slice)
        case ty.EnumType(names=names):
            return value in names
        case ty.BoolType():
            return isinstance(value, bool)
        case ty.IntType():
            return isinstance(value, int) and not isinstance(value, bool) and _within(value)
        case ty.FloatType():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return number and _within(value)
        case ty.AnyType() | ty.JsonType():
            known = isinstance(value, str | int | float | Slice | Mapping | list | tuple)
            return known and _within(value)
        case ty.ImageType():
            return isinstance(value, Image)
        case ty.TreeType() | ty.PromptType() | ty.NoneType():
            return _within(value)
        case ty.Listed():
            return isinstance(value, Sequence) and not isinstance(value, str | bytes)
        case ty.RecordType() | ty.PairType() | ty.MapType():
            return isinstance(value, Mapping)
    assert_never(type_)


def _within(value: object) -> bool:
    """Whether a value is no number that nothing can be counted with."""
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or value.bit_length() <= MOST_BITS


def _shown(value: object) -> str:
    """A value in a few characters; a number of thousands of digits has no other."""
    try:
        return f"{value!r:.60}"
    except (ValueError, RecursionError):
        return type(value).__name__


def conformed(result: Type, values: Sequence[Datum], fields: Mapping[str, Datum]) -> Datum:
    """What code submits as a value of its type. Raises ValueError."""
    from rlmlang.program.signatures import conform

    return conform(result, values, fields)
