"""Functions that take a part of a list, by places counted from 0 or by the order of fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.functions import rules
from rlmlang.functions.function import BY, Function, Names, Option
from rlmlang.functions.values import Rows, field, flat, nothing, order, values
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import LONGEST, made_of
from rlmlang.ir.types import INT, list_of
from rlmlang.schema.formula import minimum, number

if TYPE_CHECKING:
    from rlmlang.context import Datum

N = Option("n", "items", required=True, last=True)
FROM, TO = Option("from", "items", required=True, last=True), Option("to", "items", last=True)
DESCENDING = Option("descending", "order")
MAX_ITEMS = Option("max_items", "count")
Order = bool | tuple[str, ...]
"""All fields the greatest first, or those named."""


def _each(name: Names) -> tuple[str, ...]:
    return name if isinstance(name, tuple) else (name,)


def _taken(rows: Facts, n: int | None, by: Names = "") -> Facts:
    rows = replace(rules.flat(rows), coverage="some")
    return rows if n is None else replace(rows, count=number(n), size=rows.item * n)


def _dropped(rows: Facts, n: int | None) -> Facts:
    return replace(rules.flat(rows), coverage="some")


def _sliced(rows: Facts, **places: int | None) -> Facts:
    rows, start, end = rules.flat(rows), places["from"], places.get("to")
    if end is None:
        return _dropped(rows, start)
    count = minimum(rows.count, max(0, end - (start or 0)))
    return replace(rows, count=count, size=rows.item * count, coverage="some")


def _slice(rows: Rows, **places: int | None) -> list[Datum]:
    start, end = places["from"] or 0, places.get("to")
    return flat(rows)[_place(start) : end if end is None else _place(end)]


def _place(n: int) -> int:
    """A number of items. Raises CodedError (wrong-value)."""
    if n < 0:
        raise failed("wrong-value", f"a number of items is 0 or more, and this is {n:,}")
    return n


def _most(**places: int | None) -> int | None:
    """How many numbers a range may hold; None where nothing says it."""
    start, end = (places["n"], places["to"]) if "to" in places else (0, places["n"])
    if end is None or start is None:
        return places.get("max_items")
    return max(0, end - start)


def _range_facts(**places: int | None) -> Facts:
    count, item = number(_most(**places) or 0), number(LONGEST["Int"])
    return Facts(list_of(INT), item * count, count, item)


def _unbounded(**places: int | None) -> str:
    return "" if _most(**places) is not None else "`range` needs `max_items: …` here"


def _range(n: int, to: int | None = None, max_items: int | None = None) -> list[int]:
    found = range(_place(n)) if to is None else range(_place(n), _place(to))
    if max_items is not None and len(found) > max_items:
        raise failed(
            "wrong-value",
            f"`range` gives {len(found):,} numbers, more than the {max_items:,} declared",
            hint="raise max_items",
        )
    return list(found)


def _sort_by(rows: Rows, by: Names, descending: Order = False) -> list[Datum]:
    """Sorted by the last field first: what is equal in a field stays in the order it has."""
    found, names = flat(rows), _each(by)
    down = names if descending is True else descending or ()
    for name in reversed(names):
        found.sort(key=lambda row: order(field(row, name)), reverse=name in down)
    return found


def _unsorted(rows: Facts, by: Names, descending: Order = False) -> str:
    """Fields that are descending and are not sorted by."""
    lost = [n for n in descending if n not in _each(by)] if isinstance(descending, tuple) else []
    return f"`descending` names `{lost[0]}`, which is not in `by`" if lost else ""


def _first_facts(rows: Facts) -> Facts:
    one = rules.item(rows)
    return replace(one, type=one.type.maybe())


def _at_facts(rows: Facts, place: Facts) -> Facts:
    return made_of(_first_facts(rows), [place])


def _at(rows: Rows, place: float) -> Datum:
    found, at = flat(rows), int(place)
    return found[at] if place == at and -len(found) <= at < len(found) else None


def _chosen(choose: Callable[..., Datum]) -> Callable[..., Datum]:
    def pick(rows: Rows, by: Names) -> Datum:
        found = values(rows, "")
        if not found:
            raise nothing("choose from", "give the list another look-up, or test count(xs) first")
        return choose(found, key=lambda row: order(field(row, by)))

    return pick


PARTS = (
    Function("take", "The first n items.", ("list",), _taken,
             lambda rows, n: flat(rows)[:_place(n)], options=(N,),
             example=("ids(take(rows, 2))", "[1, 2]")),
    Function("drop", "The list without its first n items.", ("list",), _dropped,
             lambda rows, n: flat(rows)[_place(n):], options=(N,),
             example=("ids(drop(rows, 2))", "[3]")),
    Function("slice", "The items from a place to before another, or to the end.", ("list",),
             _sliced, _slice, options=(FROM, TO), example=("ids(slice(rows, 1, 3))", "[2, 3]")),
    Function("top", "The first n items by a field, the greatest first.", ("list",), _taken,
             lambda rows, n, by="": _sort_by(rows, by, descending=True)[:_place(n)],
             options=(replace(BY, required=False), N),
             example=("ids(top(rows, 2, by: n))", "[2, 3]")),
    Function("sort_by", "The list in the order of a field, or of several, one after the other; "
             "the greatest first where `descending` is true, or for the fields it names.",
             ("list",), rules.same, _sort_by, options=(BY, DESCENDING), refuses=_unsorted,
             example=("ids(sort_by(rows, by: [user, n], descending: [n]))", "[3, 1, 2]")),
    Function("range", "The whole numbers from 0 to below n, or from n to below `to`.", (),
             _range_facts, _range, options=(N, TO, MAX_ITEMS), refuses=_unbounded,
             example=("range(2, 5)", "[2, 3, 4]")),
    Function("first", "The first item, or none.", ("list",), _first_facts,
             lambda rows: next(iter(flat(rows)), None),
             example=("first(column(rows, of: user))", '"ann"')),
    Function("at", "The item at a place, counted from 0, from the end below 0; none outside.",
             ("list", "number"), _at_facts, _at,
             example=("at(column(rows, of: user), -1)", '"ann"')),
    Function("best", "The item with the greatest value of a field.", ("list",),
             lambda rows, by: rules.item(rows), _chosen(max), options=(BY,), some=True,
             example=("best(rows, by: n).user", '"bob"')),
    Function("worst", "The item with the least value of a field.", ("list",),
             lambda rows, by: rules.item(rows), _chosen(min), options=(BY,), some=True,
             example=("worst(rows, by: n).user", '"ann"')),
)  # fmt: skip
