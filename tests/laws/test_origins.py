"""What is said to know where it came from does know it; and every byte and line is the right one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlmlang.context import Part, Slice, TextDocument
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.execute.evaluate import evaluate
from rlmlang.functions.function import Function
from rlmlang.functions.rules import group_of
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.expressions import Apply, Ref
from rlmlang.ir.places import NAMES, PLACES, carries, innermost
from rlmlang.ir.recipe import Facts
from rlmlang.origin import READ, line_of, origin_of, place_of, placed, quoted
from rlmlang.runtime.code import call_code
from tests.laws.test_functions import UNKNOWN, Given, about, applications

DOCUMENT = TextDocument("d/a b.md", "line one\nline two “quoted”\nline three\n".encode())
PIECE = Slice((Part(DOCUMENT, 9, 31),))


def at_its_place(given: Given) -> Given:
    """A value of a list that came from a piece, and what is known of it."""
    facts, value = given
    if not facts.type.is_list or not carries(innermost(facts.type)):
        return given
    return replace(facts, placed=frozenset([""])), placed(value, PIECE, facts.type)


def items(value: Any) -> Iterator[Any]:
    """The innermost items of a value that are not none."""
    if isinstance(value, list):
        for each in value:
            yield from items(each)
    elif value is not None:
        yield value


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda f: f.name)
def test_a_function_keeps_the_places_that_its_rule_promises(function: Function) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(applications(function))
    def law(call: tuple[list[Given], dict[str, Any]]) -> None:
        values, options = [at_its_place(v) for v in call[0]], call[1]
        group = group_of(values[0][0]) if values else UNKNOWN
        try:
            facts = function.facts(*(f for f, _ in values), **about(function, options, group))
        except CodedError:
            return
        names = {f"x{i}": v for i, (_, v) in enumerate(values)}
        apply = Apply(function.name, tuple(map(Ref, names)), tuple(options.items()))
        try:
            value = evaluate(apply, names, call_code)
        except CodedError:
            return
        if "" in facts.placed and carries(innermost(facts.type)):
            assert all(origin_of(x) == PIECE for x in items(value))

    law()


def test_one_table_says_what_may_be_asked_and_what_is_answered() -> None:
    assert set(READ) == NAMES == {f.name for f in PLACES}
    assert {name: place_of(PIECE, name) for name in NAMES - {"text"}} == {
        "path": "d/a b.md", "name": "a b.md", "size": 22, "part": "", "range": "9..31", "line": 2,
    }  # fmt: skip
    with pytest.raises(CodedError, match="it comes from no document"):
        place_of({"user": "ann"}, "path")


def test_a_value_with_a_place_is_the_value() -> None:
    row = placed({"user": "ann", "path": "own"}, PIECE, innermost(Facts().type))
    assert row == {"user": "ann", "path": "own"}
    assert origin_of(row) == PIECE
    assert placed([1, None, True], PIECE, Facts().type) == [1, None, True]


@pytest.mark.parametrize(
    ("quote", "range"),
    [
        ("two", "14..17"),
        ('two "quoted"', "14..30"),
        ("line\ttwo", "9..17"),
        ("of other words", "9..31"),
    ],
)
def test_a_quote_knows_its_own_bytes(quote: str, range: str) -> None:
    assert place_of(quoted(quote, PIECE), "range") == range
    assert place_of(quoted(quote, quoted("line two", PIECE)), "line") == 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=12), st.data())
def test_a_line_is_counted_from_the_beginning(lengths: list[int], data: st.DataObject) -> None:
    document = TextDocument("a", b"\n".join(b"x" * n for n in lengths))
    at = data.draw(st.integers(0, document.size))
    assert line_of(document, at) == 1 + document.data[:at].count(b"\n")
