"""Rows of two lists put together where keys are equal, as a database joins them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.functions.function import Function, Option
from rlmlang.functions.rules import flat, row_field
from rlmlang.functions.values import Rows, each_of, key, record
from rlmlang.ir.coverage import Kept
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import field_overhead, made_of
from rlmlang.ir.types import TEXT, EnumType, Field, RecordType, fields_of, fits, list_of
from rlmlang.ir.types import record as record_of

if TYPE_CHECKING:
    from rlmlang.context import Datum

HOW = EnumType(
    (
        ("inner", "rows that have a match"),
        ("left", "all rows of the left list, with none for what has no match"),
    )
)
Keys = tuple[str, ...]
"""Fields that both lists have, or a field of each as `user == name`."""


def _sides(on: Keys) -> list[tuple[str, str]]:
    """The field of the left list and that of the right one, for each key."""
    return [(a, b or a) for a, _, b in (name.partition(" == ") for name in on)]


def _added(right: Facts, on: Keys, prefix: str, how: str) -> list[Field]:
    """The fields that a row gets of the right list."""
    keys = {theirs for _, theirs in _sides(on)}
    fields = [f for f in fields_of(right.type.item.required()) if f.name not in keys]
    return [
        Field(prefix + f.name, f.type.maybe() if how == "left" else f.type, f.max) for f in fields
    ]


def _joined(
    left: Facts,
    right: Facts,
    on: Keys,
    how: str = "inner",
    max_matches: int | None = None,
    prefix: str = "",
) -> Facts:
    """Each row of the left list once, or as often as it may match: then it covers them only."""
    left, right, most = flat(left), flat(right), max(1, max_matches or 1)
    added = _added(right, on, prefix, how)
    item = left.item + right.item + field_overhead(record_of(*added)) + 2 * len(added)
    count = left.count * most
    row = record_of(*fields_of(left.type.item.required()), *added)
    made = made_of(Facts(list_of(row), count * item, count, item), [left, right])
    if how == "inner":
        made = made.keeping(made.kept.passing(f"{' and '.join(on)} is matched"))
    repeats = most > 1 and made.coverage == "exact"
    return made.keeping(Kept("cover", made.where)) if repeats else made


def _unfit(left: Facts, right: Facts, on: Keys, prefix: str = "", **_: object) -> str:
    """Keys of types that are never equal, or fields that both lists have."""
    left, right = flat(left), flat(right)
    if not all(isinstance(f.type.item, RecordType) for f in (left, right)):
        return "`join` takes lists of records"
    for mine, theirs in _sides(on):
        a, b = row_field(left, mine), row_field(right, theirs)
        if a is None or b is None:
            return f"one of the lists has no field `{mine if a is None else theirs}`"
        if not (fits(a.type.required(), b.type.maybe()) or fits(b.type.required(), a.type.maybe())):
            return f"`{mine}` is {a.type} on the left, and `{theirs}` {b.type} on the right"
    if prefix and not prefix.isidentifier():
        return f"`{prefix}` is no beginning of a name"
    clash = [f.name for f in _added(right, on, prefix, "inner") if row_field(left, f.name)]
    if not clash:
        return ""
    return f'both lists have `{clash[0]}`: add `prefix: "other_"`, for the names on the right'


def _join(
    left: Rows,
    right: Rows,
    on: Keys,
    how: str = "inner",
    max_matches: int | None = None,
    prefix: str = "",
) -> list[Datum]:
    """Raises CodedError (repeated-key) where a key has more matches than the plan counts with."""
    sides, theirs = _sides(on), list(each_of(right))
    found = _by_key(theirs, [b for _, b in sides], max(1, max_matches or 1), max_matches)
    keys = {b for _, b in sides}
    names = dict.fromkeys(n for row in theirs for n in record(row, "") if n not in keys)
    nothing = [dict.fromkeys(names)] if how == "left" else []
    return [
        {**record(row, on), **{prefix + n: other.get(n) for n in names}}
        for row in each_of(left)
        for other in found.get(_key(row, [a for a, _ in sides]), nothing)
    ]


def _key(row: Datum, names: Sequence[str]) -> Hashable:
    """The values of fields; None where one of them is none, which equals nothing."""
    values = tuple(record(row, n).get(n) for n in names)
    return None if None in values else key(values)


def _by_key(
    rows: list[Datum], names: list[str], most: int, declared: int | None
) -> dict[Hashable, list[dict[str, Datum]]]:
    found: dict[Hashable, list[dict[str, Datum]]] = {}
    for row in rows:
        if (of := _key(row, names)) is not None:
            found.setdefault(of, []).append(record(row, ""))
            if len(found[of]) > most:
                raise repeated(names, row, most if declared is not None else None)
    return found


def repeated(
    names: Sequence[str], row: Datum, most: int | None = None, what: str = "the right list"
) -> CodedError:
    """The problem `repeated-key`."""
    shown = ", ".join(f"{n} = {record(row, n).get(n)!s:.40}" for n in names)
    than = f"more than the {most:,} rows that were declared" if most else "more than one row"
    return failed(
        "repeated-key",
        f"{than} of {what} have {shown}",
        reason="The bound of the plan counts with one row for each key unless more are declared.",
        hint="dedupe the list, or say with max_matches how many rows of a join have one key",
    )


JOINS = (
    Function("join", "Each row of a list with the fields of the row of another that has the same "
             "key; with `left` those without a match too, with `max_matches` several a row.",
             ("list", "list"), _joined, _join,
             options=(Option("on", "matches", required=True), Option("how", HOW),
                      Option("max_matches", "count"), Option("prefix", TEXT)),
             refuses=_unfit,
             example=('column(join(rows, group_by(rows, keys: user, most: max(group, of: n)), '
                      'on: user), of: most)', "[4, 5, 4]")),
)  # fmt: skip
