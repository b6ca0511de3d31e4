"""Given values held against the `max` of their types: of a list's items, a map's keys and values,
a record's fields, at any depth. The bounds of a plan are computed from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rlmlang.context import Datum, Measure, Row, Slice, text_of, tok_in
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.validate import sized
from rlmlang.ir import types as ty
from rlmlang.ir.expressions import Param
from rlmlang.ir.types import Type
from rlmlang.sources.physical import line_number
from rlmlang.sources.rows import Rows

TOO_LARGE = "Every bound of the plan was computed with that size."


def hold_parts(param: Param, value: Datum, measure: Measure) -> None:
    """Raises CodedError (input-too-large) for the first part of a value that is larger than the
    `max` of its type."""
    if _has_max(param.type) and not _surely_within(param.type.item, value, measure):
        for words in _beyond(param.type, value, measure, f"`{param.name}`"):
            raise _too_large(words, param)


def _has_max(type_: Type) -> bool:
    """Whether something has a `max` in what a type is made of."""
    match type_:
        case ty.Listed(most=most) if most is not None:
            return True
        case ty.MapType(most=most) if most != (None, None):
            return True
        case ty.RecordType() | ty.PairType() if any(f.max is not None for f in type_.fields):
            return True
    return any(map(_has_max, ty.parts_of(type_)))


def _surely_within(item: Type, value: Datum, measure: Measure) -> bool:
    """Whether rows of texts need no second look: the longest of each field was noted when they were
    opened. No tokenizer makes more tokens of a text than it has bytes."""
    if not isinstance(value, Rows) or value.widest is None:
        return False
    if any(map(_has_max, (f.type for f in ty.fields_of(item)))):
        return False
    limits = {f.name: f.max for f in ty.fields_of(item) if f.max is not None}
    widest: Mapping[str, int] = value.widest
    return limits.keys() <= widest.keys() and all(
        widest[name] <= most * measure.per_tok for name, most in limits.items()
    )


def _beyond(type_: Type, value: Datum, measure: Measure, what: str) -> Iterator[str]:
    """The parts of a value that are larger than was declared, in words."""
    for of, most, inner, where in sized(type_, value):
        if inner is None:
            continue
        size = None if most is None else _size(of, inner, measure, most)
        if most is not None and size is not None and size > most:
            unit = "items" if of.is_list else "tok"
            yield f"{where}{what} has {size:,} {unit}; at most {most:,} are taken"
        found = _beyond(of, inner, measure, where + what)
        if isinstance(inner, Row):
            found = (words.replace(where, f"{_row(inner)} of ", 1) for words in found)
        yield from found


def _row(row: Row) -> str:
    """A row by its number and its line."""
    line = line_number(row.part.document, row.part.start)
    return f"row {row.at + 1:,} (line {line:,})"


def _size(type_: Type, value: Datum, measure: Measure, most: int) -> int | None:
    """The items of a list, or the tok of a text where it may have more than `most`."""
    if type_.is_list:
        return len(value) if isinstance(value, list | Rows) else None
    if isinstance(value, Slice):
        return tok_in(value.parts, measure)
    text = text_of(value)
    return measure.tok(text) if len(text.encode()) > most * measure.per_tok else None


def _too_large(words: str, param: Param) -> CodedError:
    return failed(
        "input-too-large",
        words,
        reason=TOO_LARGE,
        hint=f"raise the `max` in the type of `{param.name}`, or give less",
    )
