"""What the implementations of functions share: lists of lists, fields, equality, order, text.

`rlmlang.context` is imported when a function is called: checking a recipe needs no values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.functions.function import Names
from rlmlang.ir.places import NAMES as PLACES

if TYPE_CHECKING:
    from rlmlang.context import Datum

Rows: TypeAlias = "Sequence[Datum] | None"
Condition: TypeAlias = "Callable[[Datum], Datum]"
PLAIN = (str, int, float, type(None))


def text_of(value: Datum) -> str:
    """A value as text: slices are read, none is empty."""
    from rlmlang.context import text_of

    return text_of(value)


def each_of(rows: Rows) -> Iterator[Datum]:
    """The items of a list, or of a list of lists, one by one: what is read so is never held
    whole."""
    for each in rows or ():
        if isinstance(each, list | tuple):
            yield from each
        else:
            yield each


def flat(rows: Rows) -> list[Datum]:
    """A list, or a list of lists as one."""
    return list(each_of(rows))


def concat(*lists: Rows) -> list[Datum]:
    """The items of lists, in order."""
    return [x for rows in lists for x in flat(rows)]


def field(row: Datum, name: Names) -> Datum:
    """A field of a record or of where it came from, or the values of several; the item itself where
    no field is named."""
    if not name:
        return row
    if isinstance(name, tuple):
        return tuple(field(row, n) for n in name)
    if isinstance(row, dict) and (name in row or name not in PLACES):
        return row.get(name)
    if name in PLACES:
        from rlmlang.origin import place_of

        return place_of(row, name)
    return record(row, name).get(name)


def record(row: Datum, name: Names) -> dict[str, Datum]:
    """A row that has fields such as `name`. Raises CodedError (wrong-value)."""
    if isinstance(row, dict):
        return row
    raise failed("wrong-value", f"{row!r:.60} has no field `{name}`")


def values(rows: Rows, of: str) -> list[Datum]:
    """The items of a list, or a field of each; empty ones are left out."""
    return list(each_value(rows, of))


def each_value(rows: Rows, of: str) -> Iterator[Datum]:
    """The same, one by one."""
    return (v for row in each_of(rows) if (v := field(row, of)) is not None)


def key(value: Datum) -> Hashable:
    """What two equal values have in common."""
    if isinstance(value, Mapping):
        return tuple(sorted((k, key(v)) for k, v in value.items()))
    if isinstance(value, list | tuple):
        return tuple(map(key, value))
    return value if isinstance(value, PLAIN) else text_of(value)


def order(value: Datum) -> Any:
    """What values are sorted by: none comes first, several fields one after the other."""
    return tuple(map(order, value)) if isinstance(value, tuple) else (value is not None, value)


def in_order(rows: list[dict[str, Datum]], keys: tuple[str, ...]) -> list[dict[str, Datum]]:
    """Rows in the order of fields, numbers by their size, none last."""

    def place(row: dict[str, Datum]) -> list[tuple[bool, float, str]]:
        found = [row[n] for n in keys]
        return [(v is None, v if isinstance(v, int | float) else 0.0, shown(v)) for v in found]

    return sorted(rows, key=place)


def first_of_each(items: Iterable[Datum], name: Names = "") -> list[Datum]:
    """Items without repeats of themselves, or of a field."""
    found: dict[Hashable, Datum] = {}
    for each in items:
        found.setdefault(key(field(each, name)), each)
    return list(found.values())


def shown(value: Datum) -> str:
    """A value as text, records and lists as JSON."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=text_of)
    if isinstance(value, bool):
        return "true" if value else "false"
    return text_of(value)


def nothing(to_do: str, hint: str = "") -> CodedError:
    """The problem `empty-list`."""
    return failed("empty-list", f"there is nothing to {to_do}", hint=hint)
