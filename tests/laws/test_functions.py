"""What a built-in function gives is what its typing rule says: its type, its items, its size."""

from __future__ import annotations

import inspect
import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rlmlang.context import TextDocument, Tree
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.execute.evaluate import evaluate
from rlmlang.functions.function import Function, Option
from rlmlang.functions.rules import group_of, innermost
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.dates import instant
from rlmlang.ir.expressions import Aggregate, Apply, Constant, Get, Op, Ref
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import declared_size, shown_size
from rlmlang.ir.types import (
    BOOL,
    DATE,
    FLOAT,
    INT,
    TEXT,
    TIME,
    TREE,
    EnumType,
    Field,
    MapType,
    Type,
    fields_of,
    list_of,
    named,
    record,
)
from rlmlang.partitions.measure import Estimate
from rlmlang.program.render import render
from rlmlang.runtime.code import call_code
from rlmlang.runtime.values import misfit
from rlmlang.schema.formula import ONE, number
from rlmlang.verbs.inference import Names, of_aggregate

MIDNIGHT = datetime(2026, 11, 30)
MOST, TOK = 5, 8  # items of a list, tok of a text
LABEL = EnumType((("good", ""), ("bad", "")), "Label")
ROW = record(
    Field("id", named("Id"), TOK), Field("user", TEXT, TOK), Field("label", LABEL),
    Field("n", INT), Field("score", FLOAT.maybe()), Field("at", TIME), name="Row",
)  # fmt: skip
TEXTS = st.text("aZ0 ΐßİŉé漢😀", max_size=9).filter(lambda t: len(t.encode()) <= 2 * TOK)
NUMBERS = st.integers(-9, 9) | st.integers(-(10**9), 10**9)
FLOATS = st.floats(-1e12, 1e12)
DAYS = st.dates().map(str)
TIMES = (st.datetimes() | st.datetimes(MIDNIGHT, MIDNIGHT.replace(hour=2))).map(instant)
FORMATS = {"parse_date": ["", "%Y-%m-%d"], "parse_time": ["", "%Y-%m-%dT%H:%M:%S%z"],
           "format_date": ["%F", "%A, %B %j", "x%%y"]}  # fmt: skip
ROWS = st.fixed_dictionaries({
    "id": st.sampled_from("abcdefgh"), "user": TEXTS, "label": st.sampled_from(["good", "bad"]),
    "n": NUMBERS, "score": st.none() | FLOATS, "at": TIMES,
})  # fmt: skip
PLAIN = {INT: NUMBERS, FLOAT: FLOATS, TEXT: TEXTS, BOOL: st.booleans(), DATE: DAYS, TIME: TIMES, ROW: ROWS,
         FLOAT.maybe(): st.none() | FLOATS, ROW.maybe(): st.none() | ROWS}  # fmt: skip
FILES = st.dictionaries(st.sampled_from("abc"), st.binary(min_size=2, max_size=3), max_size=3)
PLAIN[TREE] = FILES.map(
    lambda files: Tree("r", tuple(TextDocument(name, data) for name, data in files.items()))
)
ITEMS = [ROW, INT, FLOAT, TEXT, FLOAT.maybe(), ROW.maybe()]
GROUP = (Ref("group"),)
AGGREGATES = [
    Apply("count", GROUP), Apply("count", GROUP, (("where", Op(">", Get(Ref("it"), "n"), Constant(1))),)),
    Apply("sum", GROUP, (("of", "n"),)), Apply("mean", GROUP, (("of", "score"),)),
    Apply("distinct", GROUP, (("of", "user"),)), Apply("first", GROUP), GROUP[0],
    Apply("max", GROUP, (("of", "n"),)), Apply("majority", GROUP, (("of", "user"),)),
    Apply("join_text", (Apply("column", GROUP, (("of", "user"),)),)),
]  # fmt: skip
COLUMNS = ["n_of", "rows", "self", "a_long_name_of_a_column_that_is_a_header"]
UNKNOWN = Facts()
Given = tuple[Facts, Any]


def known(type_: Type) -> Facts:
    """What is known of a value, as of a parameter of a recipe."""
    if isinstance(type_, MapType):
        value = known(type_.of)
        size = number(MOST) * (shown_size(value) * 2 + TOK * 2 + 6)
        return Facts(type_, size, size, size, size)
    size = declared_size(type_, TOK) or number(TOK)
    if not type_.is_list:
        return Facts(type_, size, ONE, size)
    item = declared_size(type_.item, None) or number(TOK)
    if type_.item.is_list:
        item = number(MOST) * (declared_size(type_.item.item, None) or number(TOK))
    inner = number(MOST) if type_.item.is_list else ONE
    return Facts(type_, item * MOST, number(MOST), item, inner)


def of_type(type_: Type) -> st.SearchStrategy[Any]:
    """Values of a type."""
    if isinstance(type_, MapType):
        return st.dictionaries(TEXTS, of_type(type_.of), max_size=MOST)
    return st.lists(of_type(type_.item), max_size=MOST) if type_.is_list else PLAIN[type_]


@st.composite
def arguments(draw: st.DrawFn, function: Function) -> list[Given]:
    """Values for the arguments of a function, with what is known of them."""
    if not function.takes:
        return []
    of_fields = any(o.required and o.takes in ("field", "fields", "keys") for o in function.options)
    item = draw(st.sampled_from([ROW] if of_fields else [ROW] * 4 + ITEMS))
    item = list_of(item) if function.takes[0] == "list" and draw(st.booleans()) else item
    count = function.least + (draw(st.integers(0, 2)) if function.repeats else 0)
    kinds = {
        "list": st.just(list_of(item)),
        "text": st.just(TEXT),
        "pattern": st.just(TEXT),
        "date": st.sampled_from([DATE, TIME]),
        "time": st.just(TIME),
        "map": st.sampled_from([MapType(of=INT), MapType(of=list_of(ROW)), MapType(of=ROW)]),
        "number": st.sampled_from([INT, FLOAT]),
        "tree": st.just(TREE),
        "any": st.sampled_from([*ITEMS, BOOL, list_of(INT), list_of(ROW)]),
    }
    types = [draw(kinds[function.kind(at)]) for at in range(count)]
    types = [types[0]] * count if function.agree else types
    dated = DAYS | TIMES | TEXTS if function.name.startswith("parse_") else None
    return [(known(t), draw(of_type(t) if dated is None else dated)) for t in types]


def option(draw: st.DrawFn, function: Function, each: Option, row: Type) -> Any:
    """A value for an option."""
    if each.name == "format":
        return draw(st.sampled_from(FORMATS[function.name]))
    if each.takes == "duration":
        return draw(st.sampled_from([300.0, 3600.0, 7200.0, 0.5]))
    if function.name == "windows" and each.name == "by":
        return "at"
    fields = st.sampled_from([f.name for f in fields_of(row)] or [""])
    several = st.lists(fields, min_size=1, max_size=2, unique=True).map(tuple)
    match each.takes:
        case "field" if each.name == "columns":
            return "label"
        case "field":
            return draw(fields)
        case "fields":
            return draw(fields | several)
        case "keys":
            return draw(several)
        case "count" | "items":
            return draw(st.integers(0, MOST + 2))
        case "order":
            return draw(st.booleans() | several)
        case "matches":
            return draw(several | st.just(("n == score",)))
        case EnumType(names=names):
            return draw(st.sampled_from(names))
        case "aggregate":
            return Aggregate(draw(st.sampled_from(AGGREGATES)))
        case "where":
            on = draw(fields)
            return Op("==", Get(Ref("it"), on) if on else Ref("it"), Ref("it"))
    if each.name == "prefix":
        return "other_"
    literal = st.integers(-2, 3) if each.takes == INT else PLAIN[each.takes]
    return draw(literal)


@st.composite
def applications(draw: st.DrawFn, function: Function) -> tuple[list[Given], dict[str, Any]]:
    """A call of a function that checks."""
    values = draw(arguments(function))
    row = innermost(values[0][0]).type.required() if values else TEXT
    options = {
        o.name: option(draw, function, o, row)
        for o in function.options
        if o.required or draw(st.booleans())
    }
    group = group_of(values[0][0]) if values else UNKNOWN
    if function.columns:
        names = draw(st.lists(st.sampled_from(COLUMNS), max_size=2, unique=True))
        options |= {n: option(draw, function, Option(n, "aggregate"), row) for n in names}
    facts = [f for f, _ in values]
    known = about(function, options, group)
    assume(not function.misused(*facts, **known))
    return values, options | function.settled(*facts, **known)


def about(function: Function, options: dict[str, Any], group: Facts) -> dict[str, Any]:
    """Options, with what is known of the aggregates among them."""
    known = Names({"group": group})
    made = {k: v.value for k, v in options.items() if isinstance(v, Aggregate)}
    return options | {k: of_aggregate(function, e, known.of(e)) for k, e in made.items()}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda f: f.name)
def test_a_value_is_what_the_typing_rule_says(function: Function) -> None:
    done = []

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(applications(function))
    def law(call: tuple[list[Given], dict[str, Any]]) -> None:
        values, options = call
        group = group_of(values[0][0]) if values else UNKNOWN
        try:
            facts = function.facts(*(f for f, _ in values), **about(function, options, group))
        except CodedError:
            return  # options that do not go with the arguments, such as the hour of a day
        names = {f"x{i}": v for i, (_, v) in enumerate(values)}
        apply = Apply(function.name, tuple(map(Ref, names)), tuple(options.items()))
        try:
            value = evaluate(apply, names, call_code)
        except CodedError:
            return  # values that have no order, no number, no partner: said in one line
        done.append(value)
        assert misfit(value, facts.type) == ""
        assert value is None or not facts.type.is_list or len(value) <= facts.count.value()
        assert Estimate().tok(render(value, facts.type)) <= shown_size(facts).value()

    law()
    assert done


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda f: f.name)
def test_both_readings_of_a_function_have_its_signature(function: Function) -> None:
    assert FUNCTIONS[function.name] is function
    assert function.doc.endswith(".")
    assert all(
        function.fits(at, known(list_of(ROW)).type) is (function.kind(at) in ("list", "any"))
        for at in range(function.least)
    )
    for reading in (function.gives, function.run):
        given = [None] * (function.least + function.repeats)
        inspect.signature(reading).bind(*given, **{o.name: None for o in function.options})


NAMED = (
    r"(?P<a>.)",
    r"(?P<a>.*)(?P<a_group_with_a_long_name>.*)",
    r"(?P<x>Z)?(?P<y>é)|(?<z>a)",
    "x",
)


@pytest.mark.parametrize("name", ["captures", "capture_all"])
def test_what_groups_with_names_hold_is_the_record_that_their_pattern_makes(name: str) -> None:
    function = FUNCTIONS[name]

    @settings(max_examples=200, deadline=None)
    @given(TEXTS, st.sampled_from(NAMED))
    def law(text: str, pattern: str) -> None:
        written = Constant(text), Constant(pattern)
        options = function.of_pattern(*written)
        apply = Apply(name, written, tuple(options.items()))
        facts = Names({}).of(apply)
        value = evaluate(apply, {}, call_code)
        assert misfit(value, facts.type) == ""
        assert Estimate().tok(render(value, facts.type)) <= shown_size(facts).value()
        item = facts.type.item if name == "capture_all" else facts.type
        assert [f.name for f in fields_of(item)] == re.findall(r"\?P?<(\w+)>", pattern)

    law()
