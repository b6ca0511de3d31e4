"""The built-in functions: what they take, what they give, and the coverage they need.

`execute/functions.py` holds what they do; a test keeps the two tables in step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import as_list, declared_size, made_of, of_field, table_row
from rlmlang.ir.types import BOOL, FLOAT, INT, TEXT, Field, Type, list_of, record
from rlmlang.schema.formula import ONE, maximum, number
from rlmlang.schema.partitions import Coverage
from rlmlang.value import Frozen, value

Options = dict[str, object]
Rule = Callable[[list[Facts], Options], Facts]


@value
class Function(Frozen):
    """A built-in. `takes` are the kinds of its positional arguments: list, text, any, number;
    `*` repeats the last. `fields` are options that name fields, `options` other labels."""

    name: str
    doc: str
    takes: tuple[str, ...]
    rule: Rule
    needs: Coverage = "some"
    fields: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


def _same(a: list[Facts], o: Options) -> Facts:
    return _flat(a[0])


def _flat(x: Facts) -> Facts:
    """A list of lists as one list; functions over rows take batches of rows as they come."""
    if not x.type.is_list or not x.type.item.is_list:
        return x
    inner = x.type.item
    size = declared_size(inner.item, None)
    item = size if size is not None else x.item
    return replace(
        x, type=list_of(inner.item), count=x.count * x.inner, item=item, inner=ONE, size=x.size
    )


def _scalar(type_: Type, size: int = 14) -> Rule:
    def rule(a: list[Facts], o: Options) -> Facts:
        amount = number(size)
        return made_of(Facts(type_, amount, ONE, amount), a)

    return rule


def _row_field(rows: Facts, name: str) -> Field | None:
    return rows.type.item.required().field(name)


def _field_of(rows: Facts, o: Options, label: str) -> Facts:
    """An item, or the field of it that `label` names."""
    item = replace(rows, type=rows.type.item, size=rows.item, count=rows.inner, item=rows.item)
    found = _row_field(rows, str(o[label])) if label in o else None
    return of_field(item, found) if found is not None else item


def _grouped(*extra: Field) -> Rule:
    def rule(a: list[Facts], o: Options) -> Facts:
        rows = _flat(a[0])
        keys = o.get("keys")
        names = keys if isinstance(keys, list) else []
        fields = [f for n in names if (f := _row_field(rows, str(n))) is not None]
        type_ = record(*fields, *extra)
        groups = o.get("max_groups")
        count = number(groups) if isinstance(groups, int) else rows.count
        item = table_row(type_, rows.item)
        return replace(
            rows, type=Type("Table", (type_,)), size=count * item, count=count, item=item
        )

    return rule


def _align(a: list[Facts], o: Options) -> Facts:
    left, right = _flat(a[0]), _flat(a[1])
    mine = left.type.item.required().fields
    names = {f.name for f in mine}
    more = tuple(f for f in right.type.item.required().fields if f.name not in names)
    item = left.item + right.item
    return replace(
        made_of(left, [right]),
        type=list_of(record(*mine, *more)),
        size=left.count * item,
        item=item,
    )


def _joined(a: list[Facts], o: Options) -> Facts:
    first = _flat(a[0])
    for other in a[1:]:
        x = _flat(other)
        first = replace(
            made_of(first, [x]),
            size=first.size + x.size,
            count=first.count + x.count,
            item=maximum(first.item, x.item),
        )
    return first


def _taken(a: list[Facts], o: Options) -> Facts:
    rows = _flat(a[0])
    most = o.get("n")
    if not isinstance(most, int):
        return replace(rows, coverage="some")
    return replace(rows, count=number(most), size=rows.item * most, coverage="some")


def _one(a: list[Facts], o: Options) -> Facts:
    return _field_of(_flat(a[0]), {}, "")


def _maybe_one(a: list[Facts], o: Options) -> Facts:
    found = _one(a, o)
    return replace(found, type=found.type.maybe())


def _chosen(a: list[Facts], o: Options) -> Facts:
    return _field_of(_flat(a[0]), o, "of")


def _column(label: str) -> Rule:
    def rule(a: list[Facts], o: Options) -> Facts:
        rows = _flat(a[0])
        one = _field_of(rows, {"of": label} if label else o, "of")
        return made_of(as_list(one, rows.count, list_of(one.type)), [rows])

    return rule


def _text(a: list[Facts], o: Options) -> Facts:
    rows = _flat(a[0])
    size = rows.size + rows.count * 4
    return replace(rows, type=TEXT, size=size, count=ONE, item=size)


def _same_text(a: list[Facts], o: Options) -> Facts:
    return replace(a[0], type=TEXT, count=ONE, item=a[0].size)


def _present(a: list[Facts], o: Options) -> Facts:
    return replace(a[0], type=list_of(a[0].type.item.required()))


FUNCTIONS: dict[str, Function] = {
    f.name: f
    for f in (
        Function("count", "How many items.", ("list",), _scalar(INT), "exact", (), ("where",)),
        Function("count_by", "A table of how many rows share the keys.", ("list",),
                 _grouped(Field("n", INT)), "exact", ("keys",), ("max_groups", "lower_bound"),
                 ("keys",)),
        Function("sum", "The sum of numbers, or of a field.", ("list",), _scalar(FLOAT), "exact",
                 ("of",)),
        Function("sum_by", "A table of sums of a field by keys.", ("list",),
                 _grouped(Field("total", FLOAT)), "exact", ("keys", "of"), ("max_groups",),
                 ("keys", "of")),
        Function("mean", "The mean of numbers, or of a field.", ("list",),
                 _scalar(FLOAT.maybe()), "exact", ("of",)),
        Function("mean_by", "A table of means of a field by keys.", ("list",),
                 _grouped(Field("mean", FLOAT)), "exact", ("keys", "of"), ("max_groups",),
                 ("keys", "of")),
        Function("majority", "The value that occurs most; the first of equals.", ("list",),
                 _chosen, "exact", ("of",)),
        Function("align", "Rows joined to answers by a field; each row must have one.",
                 ("list", "list"), _align, "exact", ("on",), (), ("on",)),
        Function("union", "All items of the lists, without repeats.", ("list", "*"), _joined,
                 "cover", ("on",)),
        Function("concat", "All items of the lists, in order.", ("list", "*"), _joined),
        Function("dedupe", "The list without repeats, the first kept.", ("list",), _same, "cover",
                 ("on",)),
        Function("distinct", "The values of a field, each once.", ("list",), _column(""), "cover",
                 ("of",)),
        Function("top", "The first n items by a field, the greatest first.", ("list",), _taken,
                 "some", ("by",), ("n",), ("n",)),
        Function("take", "The first n items.", ("list",), _taken, "some", (), ("n",), ("n",)),
        Function("best", "The item with the greatest value of a field.", ("list",), _one, "some",
                 ("by",), (), ("by",)),
        Function("first", "The first item, or none.", ("list",), _maybe_one),
        Function("sort_by", "The list in the order of a field.", ("list",), _same, "some",
                 ("by",), ("descending",), ("by",)),
        Function("column", "One field of every row.", ("list",), _column(""), "some", ("of",), (),
                 ("of",)),
        Function("ids", "The `id` of every row.", ("list",), _column("id")),
        Function("flatten", "A list of lists as one list.", ("list",), _same),
        Function("present", "The list without its empty answers.", ("list",), _present),
        Function("join_text", "The items as one text.", ("list",), _text, "some", (),
                 ("separator",)),
        Function("smallest", "The least number, or value of a field.", ("list",), _chosen, "some",
                 ("of",)),
        Function("largest", "The greatest number, or value of a field.", ("list",), _chosen,
                 "some", ("of",)),
        Function("any", "Whether the condition holds for some item.", ("list",), _scalar(BOOL),
                 "some", (), ("where",), ("where",)),
        Function("all", "Whether the condition holds for every item.", ("list",), _scalar(BOOL),
                 "exact", (), ("where",), ("where",)),
        Function("length", "Characters of a text.", ("text",), _scalar(INT)),
        Function("lower", "The text in small letters.", ("text",), _same_text),
        Function("upper", "The text in capitals.", ("text",), _same_text),
        Function("trim", "The text without white space at its ends.", ("text",), _same_text),
        Function("contains", "Whether a text holds another.", ("text", "text"), _scalar(BOOL)),
        Function("starts_with", "Whether a text begins with another.", ("text", "text"),
                 _scalar(BOOL)),
        Function("matches", "Whether a regular expression is found in a text.", ("text", "text"),
                 _scalar(BOOL)),
        Function("round", "A number to so many digits.", ("number",), _scalar(FLOAT), "some", (),
                 ("digits",)),
        Function("text", "A value as text.", ("any",), _same_text),
    )
}  # fmt: skip
