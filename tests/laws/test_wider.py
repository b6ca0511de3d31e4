"""The type of what is of one of two types: every value of both is of it, whatever their order; and
what a condition says of the items that pass it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.execute.evaluate import evaluate
from rlmlang.ir.expressions import Constant, Expr, Get, Not, Op, Ref
from rlmlang.ir.types import (
    ANY,
    BOOL,
    DATE,
    DOC,
    FLOAT,
    INT,
    NONE,
    SLICE,
    TEXT,
    EnumType,
    Field,
    ListType,
    MapType,
    PairType,
    RecordType,
    TableType,
    Type,
    fits,
    list_of,
    record,
)
from rlmlang.ir.wider import wider, widest
from rlmlang.runtime.code import call_code
from rlmlang.runtime.values import misfit
from rlmlang.verbs.narrowing import narrowed

FEW, MORE = EnumType((("a", ""), ("b", "")), "Few"), EnumType((("b", ""), ("a", ""), ("c", "")))
MOST = st.none() | st.integers(1, 9)


def records(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    """Records of up to three fields whose names repeat from one to the other."""
    fields = st.lists(
        st.builds(Field, st.sampled_from("xyz"), inner, MOST),
        min_size=1,
        max_size=3,
        unique_by=lambda f: f.name,
    )
    return fields.map(lambda found: RecordType((*found,), "Row"))


PLAIN = st.sampled_from([INT, FLOAT, BOOL, TEXT, DATE, FEW, MORE])
MAYBE = st.builds(lambda t, maybe: t.maybe() if maybe else t, PLAIN, st.booleans())
TYPES: st.SearchStrategy[Any] = st.recursive(
    MAYBE,
    lambda inner: st.builds(
        lambda t, maybe: t.maybe() if maybe else t,
        st.builds(ListType, of=inner)
        | st.builds(TableType, of=inner)
        | st.builds(MapType, of=inner)
        | st.builds(PairType, left=inner, right=inner)
        | records(inner),
        st.booleans(),
    ),
    max_leaves=4,
)
SCALARS: dict[Type, st.SearchStrategy[Any]] = {
    INT: st.integers(-9, 9), FLOAT: st.floats(-9, 9), BOOL: st.booleans(), TEXT: st.text("ab"),
    DATE: st.dates().map(str), FEW: st.sampled_from(FEW.names), MORE: st.sampled_from(MORE.names),
}  # fmt: skip


def values(type_: Type) -> st.SearchStrategy[Any]:
    """Values of a type."""
    if type_.optional:
        return st.none() | values(type_.required())
    match type_:
        case ListType(of) | TableType(of):
            return st.lists(values(of), max_size=2)
        case MapType(of):
            return st.dictionaries(st.text("k", max_size=2), values(of), max_size=2)
        case PairType() | RecordType():
            return st.fixed_dictionaries({f.name: values(f.type) for f in type_.fields})
    return SCALARS[type_]


@st.composite
def alike(draw: st.DrawFn, type_: Type) -> Type:
    """A type of the same shape: other numbers and texts, what may be none, fewer fields."""
    made: Type
    match type_:
        case ListType(of) | TableType(of) | MapType(of):
            made = replace(type_, of=draw(alike(of)))
        case PairType(left, right):
            made = replace(type_, left=draw(alike(left)), right=draw(alike(right)))
        case RecordType(fields):
            few = [replace(f, type=draw(alike(f.type)), max=draw(MOST)) for f in fields]
            made = RecordType((*few[: draw(st.integers(1, len(few)))],), "Row")
        case _:
            same = [t for t in (INT, FLOAT, TEXT, DATE, FEW, MORE) if fits(t, type_.required())]
            made = draw(st.sampled_from([type_.required(), *same]))
    return made.maybe() if draw(st.booleans()) else made.required()


PAIRS = TYPES.flatmap(lambda t: st.tuples(alike(t), alike(t)))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PAIRS, st.data())
def test_a_value_of_either_is_of_the_wider_type(pair: tuple[Type, Type], data: Any) -> None:
    for a, b in (pair, pair[::-1]):
        found = wider(a, b)
        if found is None:
            assert wider(b, a) is None and not fits(a, b)
            continue
        for of in (a, b):
            assert fits(of, found)
            assert misfit(data.draw(values(of)), found) == ""
            assert wider(of, found) == wider(found, of) == found == widest([a, b, of])


@given(TYPES, TYPES)
def test_the_wider_type_is_no_wider_than_it_must_be(a: Type, b: Type) -> None:
    assert wider(a, a) == a == widest([a, a, a])
    assert wider(a, ANY) == wider(ANY, a) == a
    assert wider(a, NONE) == wider(NONE, a) == a.maybe()
    assert wider(a.required(), a.maybe()) == a.maybe()
    both = wider(a, b)
    assert both is None or both.optional is (a.optional or b.optional)


ROW = record(Field("a", INT), Field("b", TEXT.maybe(), 9), name="Row")
NARROW = record(Field("a", INT), Field("b", TEXT, 5), name="Row")


@pytest.mark.parametrize(
    ("a", "b", "both"),
    [
        (INT, FLOAT, FLOAT),
        (INT.maybe(), FLOAT, FLOAT.maybe()),
        (list_of(FLOAT.maybe()), list_of(FLOAT), list_of(FLOAT.maybe())),
        (SLICE, DOC, SLICE),
        (SLICE, TEXT, TEXT),
        (FEW, MORE, MORE),
        (FEW, TEXT, TEXT),
        (INT, TEXT, None),
        (FEW, EnumType((("z", ""),)), None),
        (ROW, NARROW, ROW),
        (ROW, record(Field("b", TEXT, 20)), record(Field("b", TEXT.maybe(), 20))),
        (ROW, record(Field("a", INT), Field("c", INT)), None),
        (TableType(ROW), list_of(NARROW), list_of(ROW)),
    ],
    ids=str,
)
def test_what_is_wider(a: Type, b: Type, both: Type | None) -> None:
    assert wider(a, b) == wider(b, a) == both


IT = record(
    Field("x", INT.maybe()), Field("y", record(Field("x", TEXT.maybe())).maybe()), Field("z", BOOL)
).maybe()
HERE = [Ref("it"), Get(Ref("it"), "x"), Get(Ref("it"), "y"), Get(Get(Ref("it"), "y"), "x")]
TEST: st.SearchStrategy[Expr] = st.recursive(
    st.builds(
        Op, st.sampled_from(["==", "!="]), st.sampled_from(HERE),
        st.sampled_from([None, 0, "", False]).map(Constant),
    ),
    lambda e: st.builds(Not, e) | st.builds(Op, st.sampled_from(["and", "or"]), e, e),
    max_leaves=4,
)  # fmt: skip


@given(TEST, values(IT))
def test_an_item_is_of_the_type_that_its_condition_gives(test: Expr, item: Any) -> None:
    try:
        holds = bool(evaluate(test, {"it": item}, call_code))
    except CodedError:
        reject()  # a field of what is none, which the checker does not let a condition read
    assert misfit(item, narrowed(IT, test, holds=holds)) == ""
