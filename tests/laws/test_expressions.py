"""A recipe that checks does not crash: random expressions over all functions, by what they take.
`python -m tests.laws 20000` tries so many.

Each expression is built twice, as text for the checker and as a plan has it. Both find the same
type; its value is of it, and no larger than was said, or one coded problem is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rlmlang import compiler
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.diagnostics.source import SourceFile
from rlmlang.execute.evaluate import evaluate
from rlmlang.functions.function import Function, Option
from rlmlang.functions.rules import group_of, innermost
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.declared import of_param
from rlmlang.ir.expressions import (
    Aggregate,
    Apply,
    Choose,
    Computed,
    Constant,
    Expr,
    Get,
    Items,
    Op,
    Param,
    Ref,
)
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import shown_size
from rlmlang.ir.types import BOOL, FLOAT, INT, TEXT, EnumType, MapType, Type, fields_of, list_of
from rlmlang.ir.wider import wider
from rlmlang.partitions.measure import Estimate
from rlmlang.program.render import render
from rlmlang.runtime.code import call_code
from rlmlang.runtime.files import load_import
from rlmlang.runtime.values import misfit
from rlmlang.schema.formula import Unknown
from rlmlang.verbs.compute import Compute
from rlmlang.verbs.inference import Names, of_aggregate
from rlmlang.verbs.operators import goes_with
from tests.laws.test_functions import FLOATS, LABEL, MOST, NUMBERS, ROW, ROWS, TEXTS, TOK

EXAMPLES = 150
GIVEN: dict[str, tuple[Type, int | None, st.SearchStrategy[Any]]] = {
    "rows": (list_of(ROW), MOST, st.lists(ROWS, max_size=MOST)),
    "more": (list_of(ROW), MOST, st.lists(ROWS, max_size=MOST)),
    "ints": (list_of(INT), MOST, st.lists(NUMBERS, max_size=MOST)),
    "texts": (list_of(TEXT), MOST, st.lists(TEXTS, max_size=MOST)),
    "nested": (
        list_of(list_of(TEXT, TOK), 3),
        MOST,
        st.lists(st.lists(TEXTS, max_size=3), max_size=MOST),
    ),
    "lists": (
        list_of(list_of(INT)),
        MOST,
        st.lists(st.lists(NUMBERS, max_size=MOST), max_size=MOST),
    ),
    "maybes": (list_of(FLOAT.maybe()), MOST, st.lists(st.none() | FLOATS, max_size=MOST)),
    "t": (TEXT, TOK, TEXTS),
    "n": (INT, None, NUMBERS),
    "x": (FLOAT, None, FLOATS),
    "b": (BOOL, None, st.booleans()),
    "some": (LABEL.maybe(), None, st.none() | st.sampled_from(LABEL.names)),
    "counts": (MapType(of=INT), None, st.dictionaries(TEXTS, NUMBERS, max_size=MOST)),
}
KNOWN = {n: of_param(Param(n, type_, most)) for n, (type_, most, _) in GIVEN.items()}
REAL = {
    Unknown("longest", "texts"): TOK,
    Unknown("longest", "lists"): MOST * 13,
    Unknown("", "counts"): MOST * (2 * TOK + 20),
}
HEAD = """rlm 1
enum Label { good, bad }
record Row { id: Id max 8, user: Text max 8, label: Label, n: Int, score: Float?, at: Time }
recipe f(
  rows: [Row] max 5, more: [Row] max 5, ints: [Int] max 5, texts: [Text] max 5,
  nested: [[Text max 8] max 3] max 5, lists: [[Int]] max 5, maybes: [Float?] max 5, t: Text max 8, n: Int, x: Float, b: Bool, some: Label?,
  counts: Map<Text, Int>
) -> Int {
"""
AGGREGATES = {
    "count(group)": Apply("count", (Ref("group"),)),
    "group": Ref("group"),
    "first(group)": Apply("first", (Ref("group"),)),
    "max(group, of: n)": Apply("max", (Ref("group"),), (("of", "n"),)),
    "majority(group, of: score)": Apply("majority", (Ref("group"),), (("of", "score"),)),
}
OPERATORS = ("and", "or", "+", "-", "*", "/", "%", "==", "!=", "<", ">=", "in")


@dataclass(frozen=True)
class Made:
    """An expression as it is written and as a plan has it, with what is known of it."""

    text: str
    value: Expr
    facts: Facts


def option(draw: st.DrawFn, each: Option, rows: Facts | None) -> tuple[str, Any]:
    """A value of an option, as text and as a plan has it."""
    row = innermost(rows).type.required() if rows is not None else TEXT
    names = [f.name for f in fields_of(row)]
    assume(names or each.takes not in ("field", "fields", "keys", "order", "matches"))
    match each.takes:
        case "field":
            name = draw(st.sampled_from(names))
            return name, name
        case "fields" | "keys" | "matches" | "order":
            found = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
            return f"[{', '.join(found)}]", tuple(found)
        case "where":
            on = draw(st.sampled_from(names)) if names else ""
            it = Get(Ref("it"), on) if on else Ref("it")
            return (f"it.{on} == it.{on}" if on else "it == it"), Op("==", it, it)
        case "aggregate":
            text = draw(st.sampled_from(sorted(AGGREGATES)))
            return text, Aggregate(AGGREGATES[text])
        case "duration":
            return "1h", 3600.0
        case "count" | "items":
            if each.takes == "items" and draw(st.booleans()):
                return "n", Computed(Ref("n"))
            count = draw(st.integers(0, 6))
            return str(count), count
        case EnumType(names=labels):
            label = draw(st.sampled_from(labels))
            return label, label
    literals: dict[Type, list[tuple[str, object]]] = {
        INT: [("2", 2), ("-1", -1)], FLOAT: [("0.5", 0.5)], BOOL: [("true", True), ("false", False)],
        TEXT: [('"r"', "r"), ('", "', ", ")],
    }  # fmt: skip
    return draw(st.sampled_from(literals[each.takes]))


def applied(draw: st.DrawFn, function: Function, pool: list[Made]) -> tuple[str, Expr] | None:
    """A call of a function over what there is."""
    count = function.least + (draw(st.integers(0, 1)) if function.repeats else 0)
    args: list[Made] = []
    for at in range(count):
        fitting = [m for m in pool if function.fits(at, m.facts.type)]
        if not fitting:
            return None
        args.append(draw(st.sampled_from(fitting)))
    rows = args[0].facts if args else None
    chosen = [o for o in function.options if o.required or draw(st.booleans())]
    given = [(o.name, *option(draw, o, rows)) for o in chosen]
    if function.columns and draw(st.booleans()):
        given.append(("made", *option(draw, Option("made", "aggregate"), rows)))
    words = [m.text for m in args] + [f"{name}: {text}" for name, text, _ in given]
    options = {n: v for n, _, v in given}
    if function.name == "pivot":
        group = Names({"group": group_of(args[0].facts)})
        about = {n: of_aggregate(function, v.value, group.of(v.value))
                 for n, v in options.items() if isinstance(v, Aggregate)}  # fmt: skip
        options |= function.settled(*(m.facts for m in args), **{**options, **about})
    made = Apply(function.name, tuple(m.value for m in args), tuple(options.items()))
    return f"{function.name}({', '.join(words)})", made


def operated(draw: st.DrawFn, pool: list[Made]) -> tuple[str, Expr] | None:
    """An operator, a choice, a match, a list or a field over what there is."""
    a, c = (draw(st.sampled_from(pool)) for _ in range(2))
    match draw(st.sampled_from(["op", "if", "match", "list", "field"])):
        case "op":
            fitting = [o for o in OPERATORS if goes_with(o, a.facts.type, c.facts.type)]
            if not fitting:
                return None
            op = draw(st.sampled_from(fitting))
            return f"({a.text}) {op} ({c.text})", Op(op, a.value, c.value)
        case "if" if wider(a.facts.type, c.facts.type) is not None:
            return f"if b then {a.text} else {c.text}", Choose(Ref("b"), a.value, c.value)
        case "match" if wider(a.facts.type, c.facts.type) is not None:
            test = Op("==", Ref("some"), Constant(None))
            return (
                f"match some {{ good, bad -> {a.text}  none -> {c.text} }}",
                Choose(test, c.value, a.value),
            )
        case "list" if wider(a.facts.type, c.facts.type) is not None:
            return f"[{a.text}, {c.text}]", Items((a.value, c.value))
        case "field" if fields_of(a.facts.type) and not a.facts.type.optional:
            name = draw(st.sampled_from([f.name for f in fields_of(a.facts.type)]))
            return f"({a.text}).{name}", Get(a.value, name)
    return None


@st.composite
def expressions(draw: st.DrawFn) -> Made:
    """An expression of a few calls and operators, one over the other."""
    pool = [Made(n, Ref(n), facts) for n, facts in KNOWN.items()]
    last: Made | None = None
    for _ in range(draw(st.integers(1, 4))):
        among = [last, *pool] if last is not None else pool
        if draw(st.integers(0, 3)):
            written = applied(draw, draw(st.sampled_from([*FUNCTIONS.values()])), among)
        else:
            written = operated(draw, among)
        if written is None:
            continue
        try:
            facts = Names(KNOWN).of(written[1])
        except CodedError:
            continue  # it needs more coverage, or options that go together
        last = Made(*written, facts)
        pool.append(last)
    assume(last is not None)
    assert last is not None
    return last


def checked(text: str) -> tuple[Expr, Facts]:
    """What the checker makes of it."""
    source = SourceFile("f.rlm", f"{HEAD}  let made = {text}\n  return 1\n}}\n")
    found = compiler.check(source, load_import)
    errors = (d for d in found.diagnostics if d.severity == "error" and d.code != "unused-input")
    problems = [f"{d.code}: {d.message}" for d in errors]
    assert not problems, (text, problems)
    step = next(s for s in found.recipes["f"].steps if s.name == "made")
    assert isinstance(step.work, Compute)
    return step.work.value, step.facts


LAW = settings(
    max_examples=EXAMPLES, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
INPUTS = expressions(), st.fixed_dictionaries({n: values for n, (_, _, values) in GIVEN.items()})


@LAW
@given(*INPUTS)
def test_an_expression_that_checks_does_not_crash(made: Made, values: dict[str, Any]) -> None:
    holds(made, values)


def holds(made: Made, values: dict[str, Any]) -> None:
    """Asserts that an expression is for the checker what it is in a plan, and its value of its type
    and size."""
    expression, facts = checked(made.text)
    assert str(facts.type) == str(made.facts.type)
    assert str(facts.size) == str(made.facts.size)
    try:
        value = evaluate(expression, values, call_code)
    except CodedError as found:
        problem = found.diagnostic.code
    else:
        problem = ""
    assert problem in ("", *CODES), made.text
    if problem:
        return
    assert misfit(value, facts.type) == "", made.text
    count = facts.count.value(REAL)
    listed = value is not None and facts.type.is_list and count is not None
    assert not listed or len(value) <= count, made.text
    most = shown_size(facts).value(REAL)
    assert most is not None
    assert Estimate().tok(render(value, facts.type)) <= most, made.text


CODES = ("wrong-value", "empty-list", "too-many-groups", "align-mismatch", "repeated-key",
         "bad-pattern", "slow-pattern")  # fmt: skip
