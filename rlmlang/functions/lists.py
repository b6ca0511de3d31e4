"""Functions that put lists together and take them apart: sets, columns, orders, choices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.functions import rules
from rlmlang.functions.function import OF, ON, Function, Names
from rlmlang.functions.values import (
    Rows,
    concat,
    field,
    first_of_each,
    flat,
    key,
    nothing,
    record,
    values,
)
from rlmlang.ir.coverage import side_by_side
from rlmlang.ir.places import above
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import as_list, field_overhead, made_of
from rlmlang.ir.types import ANY, PairType, fields_of, list_of
from rlmlang.ir.types import record as record_of
from rlmlang.ir.wider import wider
from rlmlang.schema.formula import maximum

if TYPE_CHECKING:
    from rlmlang.context import Datum


def _joined(first: Facts, *others: Facts, **_: object) -> Facts:
    first = rules.flat(first)
    for other in map(rules.flat, others):
        kept = side_by_side(first.kept, other.kept, related=bool(first.origins & other.origins))
        first = replace(
            made_of(first, [other]).keeping(kept),
            type=list_of(wider(first.type.item, other.type.item) or ANY),
            placed=first.placed & other.placed,
            holds=first.holds or other.holds,
            size=first.size + other.size,
            count=first.count + other.count,
            item=maximum(first.item, other.item),
            fields=(),
        )
    return first


def _column_facts(rows: Facts, of: str = "") -> Facts:
    rows, one = rules.flat(rows), rules.item(rows, of)
    return made_of(as_list(one, rows.count, list_of(one.type)), [rows])


def _present_facts(rows: Facts) -> Facts:
    rows = rules.flat(rows)
    return replace(rows, type=list_of(rows.type.item.required()))


def _aligned(left: Facts, right: Facts, on: Names) -> Facts:
    left, right = rules.flat(left), rules.flat(right)
    mine = fields_of(left.type.item)
    names = {f.name for f in mine}
    more = tuple(f for f in fields_of(right.type.item) if f.name not in names)
    item = left.item + right.item
    return replace(
        made_of(left, [right]),
        type=list_of(record_of(*mine, *more)),
        size=left.count * item,
        item=item,
    )


def _align(rows: Rows, answers: Rows, on: Names) -> list[Datum]:
    """Each row with its answer, at the place of the row. Raises CodedError when they do not go one
    to one."""
    from rlmlang.origin import like

    left, right = flat(rows), flat(answers)
    by_key = {key(field(a, on)): a for a in right}
    missing = [r for r in left if key(field(r, on)) not in by_key]
    if missing or len(by_key) != len(right):
        shown = ", ".join(str(field(r, on)) for r in missing[:5])
        what = f"{len(missing):,} rows have no answer ({shown})" if missing else "answers repeat"
        raise failed(
            "align-mismatch",
            f"rows and answers do not go one to one on `{on}`: {what}",
            reason="A count over them would be wrong, and nobody would see it.",
            hint=f"add to the prompt: check: ids(result) == ids(rows)  (on `{on}`), retry <= 2",
        )
    pairs = ((r, by_key[key(field(r, on))]) for r in left)
    return [like({**record(answer, on), **record(row, on)}, row) for row, answer in pairs]


def _paired(left: Facts, right: Facts) -> Facts:
    left, right = rules.flat(left), rules.flat(right)
    pair = PairType(left.type.item, right.type.item)
    item = left.item + right.item + field_overhead(pair)
    placed = above(left.placed, "left") | above(right.placed, "right")
    made = Facts(list_of(pair), left.count * item, left.count, item, placed=placed)
    return made_of(made, [left, right])


def _zip(left: Rows, right: Rows) -> list[Datum]:
    ours, theirs = flat(left), flat(right)
    if len(ours) != len(theirs):
        raise failed(
            "wrong-value",
            f"`zip` is given lists of {len(ours):,} and {len(theirs):,} items",
            hint="join them by a field instead: align(xs, ys, on: id)",
        )
    return [{"left": a, "right": b} for a, b in zip(ours, theirs, strict=True)]


def _extreme(choose: Callable[..., Datum]) -> Callable[..., Datum]:
    def pick(rows: Rows, of: str = "") -> Datum:
        found = values(rows, of)
        if not found and not flat(rows):
            raise nothing("choose from")
        return choose(found, default=None)

    return pick


LISTS = (
    Function("align", "Rows joined to answers by a field; each row must have one.",
             ("list", "list"), _aligned, _align, "exact", (replace(ON, required=True),),
             alike=True,
             example=("column(align(rows, rows, on: id), of: user)", '["ann", "bob", "ann"]')),
    Function("union", "All items of the lists, without repeats.", ("list", "*"), _joined,
             lambda *lists, on="": first_of_each(concat(*lists), on), "cover", (ON,),
             example=("union([1, 2], [2, 3])", "[1, 2, 3]")),
    Function("concat", "All items of the lists, in order.", ("list", "*"), _joined, concat,
             instead='texts are joined with +, or in one text: "{a}{b}"',
             example=("concat([1, 2], [2, 3])", "[1, 2, 2, 3]")),
    Function("dedupe", "The items without repeats, unique by a field with `on`; the first is kept.",
             ("list",), rules.same,
             lambda rows, on="": first_of_each(flat(rows), on), "cover", (ON,),
             example=("ids(dedupe(rows, on: user))", "[1, 2]")),
    Function("distinct", "The values of a field, each once.", ("list",), _column_facts,
             lambda rows, of="": first_of_each(values(rows, of)), "cover", (OF,),
             example=("distinct(rows, of: user)", '["ann", "bob"]')),
    Function("column", "One field of every row.", ("list",), _column_facts,
             lambda rows, of: [field(row, of) for row in flat(rows)],
             options=(replace(OF, required=True),),
             example=("column(rows, of: label)", '["sales", "support", "support"]')),
    Function("ids", "The `id` of every row.", ("list",), lambda rows: _column_facts(rows, "id"),
             lambda rows: [field(row, "id") for row in flat(rows)], reads="id", pairs=True,
             example=("ids(rows)", "[1, 2, 3]")),
    Function("flatten", "A list of lists as one list.", ("list",), rules.same, flat,
             example=("flatten([[1, 2], [3]])", "[1, 2, 3]")),
    Function("present", "The list without its empty answers.", ("list",), _present_facts,
             lambda rows: values(rows, ""),
             example=("present([first([1]), none])", "[1]")),
    Function("min", "The least item, or value of a field.", ("list",), rules.item,
             _extreme(min), options=(OF,), some=True,
             example=("min(rows, of: n)", "3")),
    Function("max", "The greatest item, or value of a field.", ("list",), rules.item,
             _extreme(max), options=(OF,), some=True,
             example=("max(rows, of: n)", "5")),
    Function("reverse", "The list from its end to its beginning.", ("list",), rules.same,
             lambda rows: flat(rows)[::-1],
             example=("reverse([3, 1, 2])", "[2, 1, 3]")),
    Function("zip", "Pairs of the items of two lists that hold the same items.", ("list", "list"),
             _paired, _zip, alike=True,
             example=('zip(["a", "b"], [1, 2])',
                      '[{"left": "a", "right": 1}, {"left": "b", "right": 2}]')),
)  # fmt: skip
