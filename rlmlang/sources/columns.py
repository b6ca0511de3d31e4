"""The values of many rows at once, a column at a time: the same that `values.converter` makes of
each of them, at a fraction of the time where all values of a column are plain."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from operator import setitem
from typing import cast

from rlmlang.context import Datum, Row
from rlmlang.ir import types as ty
from rlmlang.ir.types import Type, fields_of
from rlmlang.sources.values import MismatchError, converter

Cells = Sequence[Datum]
Objects = Sequence[dict[str, Datum]]
Kinds = set[type] | frozenset[type]
Whole = Callable[[Cells, Kinds], Cells | None]
"""The values of a column, whose types are given; None where they must be looked at one by one."""
TEXT = frozenset([str])
EMPTY = (None, "")


class Columns:
    """The columns of a type's fields; a type without fields takes all columns as they are. All
    cells of `texts` are text."""

    def __init__(self, item: Type, *, texts: bool = False) -> None:
        self.fields = [
            (f.name, f.type.optional, column(f.type, f.name, texts=texts)) for f in fields_of(item)
        ]
        limited = (f.name for f in fields_of(item) if f.max is not None and f.type.textual)
        self.widest: dict[str, int] = dict.fromkeys(limited, 0)
        """The most bytes that a value of each field with a `max` has, of what `whole` was given."""

    def whole(self, columns: Mapping[str, Cells], count: int) -> bool:
        """Whether so many rows are of the type, when they are read for the first time."""
        found = self.typed(columns, count)
        for name in self.widest if found is not None else ():
            texts = map(str.encode, filter(None, cast("dict[str, Sequence[str]]", found)[name]))
            self.widest[name] = max(self.widest[name], max(map(len, texts), default=0))
        return found is not None

    def typed(self, columns: Mapping[str, Cells], count: int) -> dict[str, Cells] | None:
        """So many values a field, of its type; None where a row is not of its type: which one it
        is, only a look at each row can say."""
        if not self.fields:
            return dict(columns)
        absent = [None] * count
        try:
            return {
                name: absent if optional and name not in columns else make(columns[name])
                for name, optional, make in self.fields
            }
        except (MismatchError, KeyError):
            return None

    def rows(self, columns: Mapping[str, Cells], count: int) -> list[Row] | None:
        """So many rows; None where one is not of its type."""
        found = self.typed(columns, count)
        if found is None:
            return None
        rows = list(map(Row, repeat(dict.fromkeys(found), count)))
        for name, cells in found.items():
            deque(map(setitem, rows, repeat(name), cells), maxlen=0)
        return rows

    def fit(self, objects: Objects) -> bool:
        """Whether all of some objects are plainly of the type."""
        found = self._by_field(objects)
        return found is not None and self.whole(found, len(objects))

    def rows_of(self, objects: Objects) -> list[Row] | None:
        """Some objects as rows; None where one is not of the type."""
        if not self.fields:
            return list(map(Row, objects))
        found = self._by_field(objects)
        return None if found is None else self.rows(found, len(objects))

    def _by_field(self, objects: Objects) -> dict[str, Cells] | None:
        try:
            return {
                name: [x.get(name) for x in objects] if optional else [x[name] for x in objects]
                for name, optional, _ in self.fields
            }
        except KeyError:
            return None


def column(want: Type, name: str, *, texts: bool = False) -> Callable[[Cells], Cells]:
    """What makes the values of a column those of a type. Raises MismatchError."""
    whole, each = _whole(want), converter(want, name)

    def made(cells: Cells) -> Cells:
        found = whole(cells, TEXT if texts else set(map(type, cells)))
        return list(map(each, cells)) if found is None else found

    def given(cells: Cells) -> Cells:
        some = [x for x in cells if x not in EMPTY]
        if len(some) == len(cells):
            return made(cells)
        found = iter(made(some))
        return [None if x in EMPTY else next(found) for x in cells]

    return given if want.optional else made


def _whole(want: Type) -> Whole:
    match want:
        case ty.TextType("Text" | "Id" | "Path" | "Quote"):
            return lambda cells, kinds: cells if kinds <= TEXT else None
        case ty.IntType():
            return _integers
        case ty.FloatType():
            return _decimals
        case ty.BoolType():
            return lambda cells, kinds: cells if kinds <= {bool} else None
        case ty.EnumType():
            labels = frozenset(want.names)
            return lambda cells, kinds: cells if kinds <= TEXT and labels >= set(cells) else None
        case ty.AnyType() | ty.JsonType():
            return lambda cells, kinds: cells
    return lambda cells, kinds: None


def _integers(cells: Cells, kinds: Kinds) -> Cells | None:
    if kinds <= {int}:
        return cells
    try:
        return list(map(int, _digits(cells, kinds)))
    except ValueError:
        return None


def _decimals(cells: Cells, kinds: Kinds) -> Cells | None:
    numbers = kinds <= {float, int}
    try:
        given = cast("Sequence[float]", cells) if numbers else _digits(cells, kinds)
        found = list(map(float, given))
    except (ValueError, OverflowError):
        return None
    plain = math.isfinite(sum(found)) or all(map(math.isfinite, found))
    return found if plain else None


def _digits(cells: Cells, kinds: Kinds) -> Sequence[str]:
    """Texts that Python reads as the numbers that everybody else does. Raises ValueError for
    others."""
    texts = cast("Sequence[str]", cells) if kinds <= TEXT else []
    joined = "".join(texts)
    if len(texts) != len(cells) or "_" in joined or not joined.isascii():
        raise ValueError
    return texts
