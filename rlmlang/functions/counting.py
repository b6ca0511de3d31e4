"""Functions that count, add up and test the items of a list, whole or by groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.functions.function import KEYS, OF, Function, Option
from rlmlang.functions.rules import Rule, flat, item, number_of, row_field, scalar
from rlmlang.functions.values import (
    Condition,
    Rows,
    each_of,
    each_value,
    field,
    first_of_each,
    in_order,
    key,
    nothing,
)
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import growth, made_of, table_row
from rlmlang.ir.types import BOOL, FLOAT, INT, Field, TableType, Type, record
from rlmlang.schema.formula import number

if TYPE_CHECKING:
    from rlmlang.context import Datum

T = TypeVar("T")
Group: TypeAlias = "tuple[Datum, ...]"
MAX_GROUPS = Option("max_groups", "count")
LOWER_BOUND = Option("lower_bound", BOOL, waives=True)
WHERE = Option("where", "where")


def _grouped(name: str, type_: Type | None) -> Rule:
    """A table of the keys and one number a group, which can be none only where `of` can; without a
    type it is whole where the field is."""

    def rule(
        rows: Facts, keys: tuple[str, ...], of: str = "", max_groups: int | None = None, **_: object
    ) -> Facts:
        rows = flat(rows)
        fields = [f for n in keys if (f := row_field(rows, n)) is not None]
        given = row_field(rows, of)
        sure = given is None or not given.type.optional
        made = type_ or number_of(rows, of).type
        row = record(*fields, Field(name, made.required() if sure else made))
        count = rows.count if max_groups is None else number(max_groups)
        size = table_row(row, rows.item, growth(rows))
        table = Facts(TableType(row), count * size, count, size)
        return made_of(table, [rows])

    return rule


def _count(xs: Rows, where: Condition | None = None) -> int:
    return len(xs or ()) if where is None else sum(1 for x in each_of(xs) if where(x))


def numbers(rows: Rows, of: str = "") -> list[float]:
    """The numbers of a list, or a field of each. Raises CodedError (wrong-value)."""
    return list(each_number(rows, of))


def each_number(rows: Rows, of: str = "") -> Iterator[float]:
    """The same, one by one."""
    for each in each_value(rows, of):
        if isinstance(each, bool) or not isinstance(each, int | float):
            raise failed("wrong-value", f"{each!r:.60} is no number", hint="name a field with of:")
        yield each


def _mean(rows: Rows, of: str = "") -> float | None:
    return _average(numbers(rows, of))


def _total(found: list[float]) -> float:
    return sum(found)


def _average(found: list[float]) -> float | None:
    return sum(found) / len(found) if found else None


def _sum(rows: Rows, of: str = "") -> float:
    return sum(each_number(rows, of))


def _counts(rows: Rows, keys: tuple[str, ...], of: str) -> Mapping[Group, int]:
    """How many rows each group has."""
    return Counter(tuple(field(row, n) for n in keys) for row in each_of(rows))


def _itself(n: int) -> int:
    return n


def _numbers_of(rows: Rows, keys: tuple[str, ...], of: str) -> Mapping[Group, list[float]]:
    """The numbers of each group: of a row no more is held."""
    groups: dict[Group, list[float]] = {}
    for row in each_of(rows):
        groups.setdefault(tuple(field(row, n) for n in keys), []).extend(each_number((row,), of))
    return groups


def _by(
    name: str,
    grouped: Callable[[Rows, tuple[str, ...], str], Mapping[Group, T]],
    made: Callable[[T], Datum],
) -> Callable[..., list[dict[str, Datum]]]:
    """One row a group, in the order of the keys. Raises CodedError (too-many-groups)."""

    def table(
        rows: Rows,
        keys: tuple[str, ...],
        of: str = "",
        max_groups: int | None = None,
        lower_bound: bool = False,
    ) -> list[dict[str, Datum]]:
        groups = grouped(rows, keys, of)
        if max_groups is not None and len(groups) > max_groups:
            raise too_many(len(groups), max_groups)
        out = [{**dict(zip(keys, k, strict=True)), name: made(g)} for k, g in groups.items()]
        return in_order(out, keys)

    return table


def too_many(groups: int, most: int) -> CodedError:
    """The problem `too-many-groups`."""
    return failed(
        "too-many-groups",
        f"there are {groups:,} groups, more than the {most:,} that were declared",
        reason="The table would be larger than the plan allowed for.",
        hint="raise max_groups, or group by fewer keys",
    )


def _majority(rows: Rows, of: str = "") -> Datum:
    found = [field(row, of) for row in each_of(rows)]
    if not found:
        raise nothing("take a majority of")
    counts = Counter(map(key, found))
    most = max(counts.values())
    return next(v for v in found if counts[key(v)] == most)


OF_GROUPS = (KEYS, replace(OF, required=True), MAX_GROUPS)
TESTED = (replace(WHERE, required=True),)
COUNTING = (
    Function("count", "How many items.", ("list",), scalar(INT), _count, "exact", (WHERE,),
             pairs=True,
             example=("count(rows, where: it.n > 3)", "2")),
    Function("count_distinct", "How many unlike items, or values of a field; none is left out.",
             ("list",), scalar(INT), lambda rows, of="": len(first_of_each(each_value(rows, of))),
             "cover", (OF,), example=("count_distinct(rows, of: user)", "2")),
    Function("count_by", "A table of how many rows share the keys.", ("list",),
             _grouped("n", INT), _by("n", _counts, _itself), "exact",
             (KEYS, MAX_GROUPS, LOWER_BOUND),
             example=("count_by(rows, keys: user)",
                      '[{"user": "ann", "n": 2}, {"user": "bob", "n": 1}]')),
    Function("sum", "The sum of numbers, or of a field; none is left out.", ("list",),
             number_of, _sum, "exact", (OF,),
             example=("sum(rows, of: n)", "12")),
    Function("sum_by", "A table of sums of a field by keys.", ("list",),
             _grouped("total", None), _by("total", _numbers_of, _total), "exact", OF_GROUPS,
             example=("sum_by(rows, keys: user, of: n)",
                      '[{"user": "ann", "total": 7}, {"user": "bob", "total": 5}]')),
    Function("mean", "The mean of numbers, or of a field, where none is left out; none of no "
             "numbers.", ("list",), scalar(FLOAT.maybe()), _mean, "exact", (OF,),
             example=("mean(rows, of: n)", "4.0")),
    Function("mean_by", "A table of means of a field by keys.", ("list",),
             _grouped("mean", FLOAT.maybe()), _by("mean", _numbers_of, _average), "exact",
             OF_GROUPS,
             example=("mean_by(rows, keys: user, of: n)",
                      '[{"user": "ann", "mean": 3.5}, {"user": "bob", "mean": 5.0}]')),
    Function("majority", "The value that occurs most; the first of equals.", ("list",), item,
             _majority, "exact", (OF,), some=True,
             example=("majority(rows, of: label)", '"support"')),
    Function("any", "Whether the condition holds for some item.", ("list",), scalar(BOOL),
             lambda rows, where: any(map(where, each_of(rows))), "some", TESTED,
             example=("any(rows, where: it.n > 4)", "true")),
    Function("all", "Whether the condition holds for every item.", ("list",), scalar(BOOL),
             lambda rows, where: all(map(where, each_of(rows))), "exact", TESTED,
             example=("all(rows, where: it.n > 4)", "false")),
)  # fmt: skip
