"""What follows for a value from what it is made of: type, size, count, coverage and origins.

The checker and whoever changes a plan ask here, so that both say the same of an expression.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.functions.function import Function
from rlmlang.functions.rules import flat, group_of
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.expressions import (
    Aggregate,
    Apply,
    Choose,
    CodeCall,
    Constant,
    Expr,
    Get,
    Items,
    Joined,
    Make,
    Not,
    Op,
    Ref,
)
from rlmlang.ir.facts import Facts
from rlmlang.ir.origins import of_place, unplaced
from rlmlang.ir.sizes import (
    declared_size,
    field_overhead,
    inner_count,
    inside_size,
    item_size,
    largest,
    made_of,
    of_field,
    of_fields,
    shown_size,
)
from rlmlang.ir.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    NONE,
    RANGE,
    TEXT,
    AnyType,
    Field,
    IntType,
    MapType,
    PairType,
    TextType,
    Type,
    bare,
    fields_of,
    fits,
    list_of,
)
from rlmlang.ir.walk import GROUP, calls_of, changed, names
from rlmlang.ir.wider import widest
from rlmlang.schema.formula import ONE, maximum, number, total
from rlmlang.schema.partitions import worst_of
from rlmlang.schema.registry import ALONE, Find
from rlmlang.verbs.narrowing import tested
from rlmlang.verbs.operators import OPERATORS, TESTS, goes_with


@dataclass(frozen=True)
class Names:
    """What is known of the names that an expression may read; `certain` are expressions that were
    tested not to be none; `find` looks for functions of other distributions."""

    facts: Mapping[str, Facts]
    certain: frozenset[Expr] = frozenset()
    find: Find = ALONE.find

    def given(self, test: Expr, *, holds: bool) -> Names:
        """The same where a condition holds, or does not."""
        return replace(self, certain=self.certain | tested(test, holds=holds))

    def about(self, it: Facts) -> Names:
        """The same where `it` names an item."""
        return replace(self, facts={**self.facts, "it": it})

    def of(self, e: Expr) -> Facts:
        """The facts of an expression. Raises CodedError (plan-unsound) for parts that do not go
        together."""
        found = self._of(e)
        if found.type.optional and e in self.certain:
            return replace(found, type=found.type.required())
        return found

    def _of(self, e: Expr) -> Facts:
        match e:
            case Ref(name):
                return self.facts[name]
            case Choose(test, yes, no):
                sides = self.given(test, holds=True), self.given(test, holds=False)
                return largest(sides[0].of(yes), sides[1].of(no))
            case Op("and" | "or" as op, left, right):
                more = self.given(left, holds=op == "and")
                return made_from(e, (self.of(left), more.of(right)))
            case Apply(name, args, options):
                return self._applied(name, [*map(self.of, args)], dict(options))
        parts = [self.of(x) for x in parts_of(e)]
        if words := mismatch(e, parts):
            raise unsound(words)
        return made_from(e, parts)

    def _applied(self, name: str, args: list[Facts], options: dict[str, Any]) -> Facts:
        function = FUNCTIONS.find(name, self.find)
        if function is None:
            raise unsound(f"there is no function `{name}`")
        if words := _misapplied(function, args, options):
            raise unsound(words)
        if args:
            group = replace(self, facts={**self.facts, GROUP: group_of(args[0])})
            made = {
                k: of_aggregate(function, v.value, group.of(v.value))
                for k, v in options.items()
                if isinstance(v, Aggregate)
            }
            options = {**options, **made}
        if words := function.misused(*args, **options):
            raise unsound(words)
        return function.facts(*args, **options)


def of_aggregate(function: Function, e: Expr, facts: Facts) -> Facts:
    """The facts of an aggregate: it may be none where a group may be empty and it needs a row. What
    stands in a choice is taken to be chosen where there are rows."""
    if not function.sparse:
        return facts
    sure = changed(e, lambda x: Constant(None) if isinstance(x, Choose) else None)
    needy = (c for f in FUNCTIONS.values() if f.some for c in calls_of(sure, f.name))
    lacks = any(GROUP in names(call.args) for call in needy)
    return replace(facts, type=facts.type.maybe()) if lacks else facts


def unsound(words: str) -> CodedError:
    """The problem of a plan whose parts do not go together."""
    return failed(
        "plan-unsound",
        words,
        reason="A plan may be changed where types, coverage and bounds still hold.",
        hint="see the types and coverage of its nodes with `rlm plan`",
    )


def _misapplied(function: Function, args: Sequence[Facts], options: Mapping[str, object]) -> str:
    """Why a function cannot be applied to such values, in words; empty where it can."""
    name = function.name
    for at, facts in enumerate(args):
        if not function.fits(at, facts.type):
            return f"`{name}` cannot be applied to {facts.type}"
        if not function.covered(facts, options):
            return f"`{name}` needs `{function.needs}`, and is given `{facts.coverage}`"
    items = [flat(f).type.item for f in args] if function.repeats else []
    if widest(items) is None:
        return f"`{name}` is given lists of {' and '.join(map(str, items))}"
    if function.disagrees([f.type for f in args]):
        return f"`{name}` is given {' and '.join(str(f.type) for f in args)}"
    words = function.unlike(args)
    return f"`{name}` is given lists of unlike items: {words}" if words else ""


def parts_of(e: Expr) -> Iterator[Expr]:
    """The expressions that an expression is made of, in order."""
    match e:
        case Get(base, _) | Not(base):
            yield base
        case Items(inner) | Joined(inner):
            yield from inner
        case Make(_, fields):
            yield from (x for _, x in fields)
        case CodeCall(_, args):
            yield from args
        case Op(_, left, right):
            yield from (left, right)


def made_from(e: Expr, parts: Sequence[Facts]) -> Facts:
    """The facts of an expression, given those of its parts. A call of a function and a choice have
    rules of their own."""
    match e:
        case Constant():
            return _constant(e)
        case Get(_, name, place):
            return of_place(parts[0], name) if place else _field(parts[0], name)
        case Items():
            return _items(parts)
        case Joined():
            return _joined(parts)
        case Make(type_, fields):
            return _record(type_, [n for n, _ in fields], parts)
        case CodeCall(code):
            return _code(code.result, code.max, parts)
        case Op(op):
            return _operation(op, parts[0], parts[1])
        case Not():
            return _scalar(BOOL, 3, *parts)
    raise TypeError(type(e).__name__)


def _constant(e: Constant) -> Facts:
    if isinstance(e.label, TextType):
        size = declared_size(e.label, None) or ONE
        return Facts(e.label, size, ONE, size)
    if e.label is not None:
        return Facts(e.label.required(), number(8), ONE, number(8))
    match e.value:
        case bool():
            return _literal(BOOL, 3)
        case int():
            return _literal(INT, 14)
        case float():
            return _literal(FLOAT, 14)
        case str(text):
            return _literal(TEXT, len(text.encode()) // 2 + 1)
    return _literal(NONE, 2)


@lru_cache(maxsize=256)
def _literal(type_: Type, size: int) -> Facts:
    """A small value that stands in the text; a list may have very many."""
    return _scalar(type_, size)


def _scalar(type_: Type, size: int, *about: Facts) -> Facts:
    """A small value, as complete as what it is about."""
    return Facts(
        type_, number(size), ONE, number(size), coverage=worst_of(f.coverage for f in about)
    )


def _field(base: Facts, name: str) -> Facts:
    field = field_of(base.type, name)
    return made_of(Facts(), [base]) if field is None else of_field(base, field)


def field_of(type_: Type, name: str) -> Field | None:
    """A field of a record, or a side of a pair; None for what has none of that name."""
    if isinstance(type_, PairType):
        return next((f for f in type_.fields if f.name == name), None)
    return None if type_.optional else type_.field(name)


def _items(parts: Sequence[Facts]) -> Facts:
    type_ = widest(f.type for f in parts) or ANY
    size = total(f.size for f in parts)
    most = maximum(0, *(f.size for f in parts))
    within = maximum(ONE, *(f.count for f in parts)) if type_.is_list else ONE
    return made_of(Facts(list_of(type_), size, number(len(parts)), most, within), parts)


def _joined(parts: Sequence[Facts]) -> Facts:
    size = sum(map(shown_size, parts), number(0))
    return made_of(Facts(TEXT, size, ONE, size), parts)


def _record(type_: Type, names: Sequence[str], parts: Sequence[Facts]) -> Facts:
    size = sum(map(inside_size, parts), number(field_overhead(type_)))
    fields = of_fields(zip(names, parts, strict=True))
    return made_of(Facts(type_, size, ONE, size, fields=fields), parts)


def _code(result: Type, most: int | None, inputs: Sequence[Facts]) -> Facts:
    """What code gives: as large as was declared, else no larger than what it is given."""
    given = sum((f.size for f in inputs), number(64))
    declared = declared_size(result, most)
    size = declared if declared is not None else given
    many = size if isinstance(result, MapType) else ONE
    made = Facts(bare(result), size, many, given, many)
    if result.is_list:
        items = sum((f.count * f.inner for f in inputs), number(0))
        item = item_size(result) or given
        count = number(most) if most is not None else items
        made = replace(made, count=count, item=item, inner=inner_count(result, item))
    return made_of(made, inputs)


def _operation(op: str, a: Facts, b: Facts) -> Facts:
    if op == "..":
        return _scalar(RANGE, 16, a, b)
    if op in ("and", "or", *TESTS):
        return _scalar(BOOL, 3, a, b)
    if op == "+" and a.type.textual and b.type.textual:
        size = a.size + b.size
        return made_of(Facts(TEXT, size, ONE, size), (a, b))
    whole = isinstance(a.type, IntType) and isinstance(b.type, IntType) and op != "/"
    return _scalar(INT if whole else FLOAT, 14, a, b)


# ── what does not go together ────────────────────────────────────────────────


def mismatch(e: Expr, parts: Sequence[Facts]) -> str:
    """What of an expression's parts does not go together, in words; empty where all does."""
    types = [f.type for f in parts]
    match e:
        case Get(_, name, True) if why := unplaced(parts[0], name):
            return why
        case Get(_, name, False) if isinstance(types[0], AnyType) or field_of(types[0], name):
            return ""
        case Get(_, name, False):
            return f"{types[0]} has no field `{name}`"
        case Not() if not fits(types[0], BOOL):
            return f"{types[0]} stands behind `not`"
        case Op(op) if op not in OPERATORS:
            return f"there is no operator `{op}`"
        case Op(op) if not goes_with(op, *types):
            return f"{types[0]} and {types[1]} do not go together with `{op}`"
        case Make(made, fields):
            declared = {f.name: f.type for f in fields_of(made)}
            return _unfit([(n, declared[n]) for n, _ in fields if n in declared], types)
        case CodeCall(code):
            return _unfit([(p.name, p.type) for p in code.params], types)
    return ""


def _unfit(wanted: Sequence[tuple[str, Type]], types: Sequence[Type]) -> str:
    pairs = zip(wanted, types, strict=False)
    return next((f"`{n}` is {w}, and is given {t}" for (n, w), t in pairs if not fits(t, w)), "")
