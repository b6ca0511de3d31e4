"""The values of a row as their declared types. A number is written in ASCII digits and without
separators; what is written otherwise is refused and never guessed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import assert_never

from rlmlang.context import Datum, Document
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir import types as ty
from rlmlang.ir.dates import dated, timed
from rlmlang.ir.types import Type
from rlmlang.sources.physical import line_number

Convert = Callable[[Datum], Datum]
MEND = "mend the row, or declare the field as it is (`T?` for one that may be empty)"
ONE_A_LINE = (
    "JSON lines hold one value a line; a file that is one list: jq -c '.[]' FILE > rows.jsonl"
)
NUMBERS = (str, int, float)
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class MismatchError(Exception):
    """A value that is not of its type; the words say which and how."""


def bad_row(document: Document, number: int, byte: int, what: str, hint: str = MEND) -> CodedError:
    """The problem of a row, named by its number, its line and its byte."""
    line = line_number(document, byte)
    place = f"row {number:,} (line {line:,}, byte {byte:,})"
    return failed("bad-row", f"{document.id}, {place}: {what}", hint=hint)


def converter(want: Type, name: str = "") -> Convert:
    """What makes a value one of a type, or raises MismatchError; `name` is the field's."""
    inner, optional = _of_kind(want, name), want.optional

    def convert(value: Datum) -> Datum:
        if value is None or (optional and value == ""):
            if optional or isinstance(want, ty.AnyType | ty.JsonType):
                return None
            raise MismatchError(f"has nothing in `{name}`" if name else f"is nothing, not {want}")
        try:
            return inner(value)
        except (ValueError, TypeError, OverflowError, LookupError):
            what = f"`{name}` is" if name else "is"
            raise MismatchError(f"{what} {value!r:.40}, not {want}") from None

    return convert


def _of_kind(want: Type, name: str) -> Convert:
    match want:
        case ty.TextType("Text" | "Id" | "Path" | "Quote"):
            return _text
        case ty.TextType("Date"):
            return dated
        case ty.TextType("Time"):
            return timed
        case ty.IntType():
            return _integer
        case ty.FloatType():
            return _decimal
        case ty.BoolType():
            return _truth
        case ty.EnumType(names=names):
            labels: dict[Datum, Datum] = {label: label for label in names}
            return labels.__getitem__
        case ty.RecordType() | ty.PairType():
            return _record(want)
        case ty.MapType(of):
            return _entries(want, converter(of, name))
        case ty.ListType(of) | ty.TableType(of):
            return _items(converter(of, name))
        case ty.TextType() | ty.TreeType() | ty.BatchType() | ty.PromptType() | ty.ImageType():
            return _as_it_is
        case ty.AnyType() | ty.JsonType() | ty.NoneType():
            return _as_it_is
    assert_never(want)


def _record(want: ty.Fielded) -> Convert:
    fields = [(f.name, f.type.optional, converter(f.type, f.name)) for f in want.fields]

    def convert(value: Datum) -> Datum:
        if not isinstance(value, dict):
            raise MismatchError(f"is no record of {want}")
        out = {}
        for name, optional, inner in fields:
            if name not in value and not optional:
                raise MismatchError(f"has no `{name}`")
            out[name] = inner(value.get(name))
        return out

    return convert


def _entries(want: ty.MapType, inner: Convert) -> Convert:
    def convert(value: Datum) -> Datum:
        if not isinstance(value, dict):
            raise MismatchError(f"is no object of {want}")
        return {_text(k): inner(v) for k, v in value.items()}

    return convert


def _items(inner: Convert) -> Convert:
    def convert(value: Datum) -> Datum:
        if not isinstance(value, list):
            raise ValueError(value)
        return [inner(x) for x in value]

    return convert


def _text(value: Datum) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _integer(value: Datum) -> int:
    found = int(_number(value))
    if isinstance(value, float) and found != value:
        raise ValueError(value)
    return found


def _decimal(value: Datum) -> float:
    found = float(_number(value))
    if not math.isfinite(found):
        raise ValueError(value)
    return found


def _number(value: Datum) -> str | int | float:
    """A number, or a text that Python and everybody else read as the same one."""
    if isinstance(value, bool) or not isinstance(value, NUMBERS):
        raise ValueError(value)
    if isinstance(value, str) and not (value.isascii() and "_" not in value):
        raise ValueError(value)
    return value


def _truth(value: Datum) -> bool:
    return value if isinstance(value, bool) else TRUTHS[str(value).lower()]


def _as_it_is(value: Datum) -> Datum:
    return value
