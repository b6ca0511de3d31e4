"""What a session leaves: data as Python writes it, and as much of the conversation as is shown."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang.execute.session_state import bound_in, is_literal, told

PLAIN = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
KEYS = st.text() | st.integers() | st.tuples(st.integers(), st.text())
DATA = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)
ROWS = st.lists(st.fixed_dictionaries({"question": st.text(), "answer": st.text()}))


@settings(deadline=None)
@given(DATA)
def test_data_is_the_same_again(value: object) -> None:
    if is_literal(repr(value)):
        assert ast.literal_eval(repr(value)) == value
    else:
        assert "inf" in repr(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<Text context, 9 bytes: a handle>",
        "Counter({'a': 1})",
        "__import__('os')",
        "[x]",
        "1 +",
    ],
)
def test_what_is_no_data_is_not_taken(text: str) -> None:
    assert not is_literal(text)


@settings(deadline=None)
@given(
    ROWS, st.lists(st.text(min_size=1)), st.lists(st.text(min_size=1)), st.integers(1_000, 9_000)
)
def test_what_is_shown_keeps_to_its_room(
    rows: list[dict[str, str]], names: list[str], lost: list[str], most: int
) -> None:
    shown = told(rows, names, lost, most)
    assert len(shown.encode(errors="replace")) <= most
    assert bool(shown) == bool(rows)


def test_the_last_questions_are_shown_and_one_that_is_too_long_begins() -> None:
    rows = [{"question": f"q{n}", "answer": "a" * 300} for n in range(9)]
    shown = told(rows, ["n"], [], 1_500)
    assert shown.endswith("Asked: q8\nAnswered: " + "a" * 300)
    assert "earlier questions are not shown" in shown
    assert "q2" not in shown
    long = told([{"question": "why", "answer": "b" * 9_000}], [], [], 1_000)
    assert "Asked: why\nAnswered: bbb" in long
    assert "more bytes are not shown" in long


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("a = b = 1\nc, (d, *e) = x\nf: int = 2\ng += 1", "a b c d e f g"),
        ("for i in x:\n    if (n := i):\n        m = n", "i n m"),
        ("with o() as h:\n    pass\nimport os.path, re as r\nfrom x import y", "h os r y"),
        ("def f(p):\n    q = p\nclass C:\n    z = 1\n_own = [k for k in x]", "f C"),
        ("x.y = 1\nx[0] = 2\n(lambda w: w)(1)", ""),
        ("a = (", ""),
    ],
)
def test_the_names_that_a_cell_binds(code: str, names: str) -> None:
    assert " ".join(bound_in(code)) == names
