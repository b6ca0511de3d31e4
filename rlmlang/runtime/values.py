"""Values from outside the language, of code and of options, held against their types."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from rlmlang.context import Slice
from rlmlang.execute.evaluate import MOST_BITS
from rlmlang.ir.types import Type
from rlmlang.unicode import flaw

PLAIN: dict[str, type | tuple[type, ...]] = {"Int": int, "Float": (int, float), "Bool": bool}
DEEP = "nests too deep"
MORE = Type("Any", optional=True)  # what a record may hold besides its fields


def misfit(value: object, type_: Type) -> str:
    """Why a value is not of its type, in words; nothing where it is."""
    try:
        return next(_wrong(value, type_, "it"), "")
    except RecursionError:
        return DEEP


def _wrong(value: object, type_: Type, what: str) -> Iterator[str]:
    if value is None and (type_.optional or type_.kind in ("Any", "None")):
        return
    if type_.is_list:
        yield from _items(value, type_, what)
    elif type_.kind in ("Record", "Pair"):
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


def _fields(value: object, type_: Type, what: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{what} is {_shown(value)}, not {type_}"
        return
    pair = type_.kind == "Pair"
    fields = zip(("left", "right"), type_.args, strict=True) if pair else (
        (f.name, f.type) for f in type_.fields)  # fmt: skip
    known = dict(fields)
    for name in (*known, *(n for n in value if n not in known)):
        yield from _wrong(value.get(name), known.get(name, MORE), f"`{name}` of {what}")


def _is(value: object, type_: Type) -> bool:
    """Whether a value that holds no others is of a type."""
    if type_.textual:
        return isinstance(value, str | Slice)
    if type_.kind == "Enum":
        return value in [name for name, _ in type_.labels]
    if isinstance(value, bool) and type_.kind != "Bool":
        return type_.kind not in PLAIN
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return False
    if type_.kind == "Any":
        return isinstance(value, str | int | float | Slice | Mapping | list | tuple)
    kind = PLAIN.get(type_.kind)
    return kind is None or isinstance(value, kind)


def _shown(value: object) -> str:
    """A value in a few characters; a number of thousands of digits has no other."""
    try:
        return f"{value!r:.60}"
    except (ValueError, RecursionError):
        return type(value).__name__
