"""What was written into a reply is read from it, or nothing is; and no data poses as a field."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlmlang.framing.markers import Escapes, names_in
from rlmlang.framing.replies import DONE, UnreadableError, header, read

MARKERS = st.sampled_from([
    "[[ ## result ## ]]", "[[ ## completed ## ]]", "[[ ## question ## ]]", "[[## Result ##]]",
    "  [[ ## result ## ]]", "**[[ ## result ## ]]**", "[## result ##]", "<think>", "</think>",
    "```", "```json", "[[ __ result __ ]]",
])  # fmt: skip
LINES = st.one_of(MARKERS, st.text('ab #[]_*`<>/"\\\n', max_size=12))
TEXTS = st.lists(LINES, max_size=6).map("\n".join)


def framed(value: str) -> str:
    """A reply in the form that requests ask for."""
    return f"{header('result')}\n{value}\n\n{header(DONE)}"


@given(TEXTS)
def test_a_text_is_read_whole_or_not_at_all(value: str) -> None:
    try:
        found = read(framed(value), {"result": True}, [value])
    except UnreadableError:
        return
    assert found.fields["result"].strip() == value.strip()


@given(st.text("abc .,!\n", max_size=60))
def test_a_plain_text_is_always_read(value: str) -> None:
    found = read(framed(value), {"result": True})
    assert (found.fields["result"], found.repairs) == (value.strip(), ())


DAMAGES = [
    ("as it is", "{}", 0),
    ("a blank before it", " {}", 1),
    ("thinking before it", "<think>\nIt may be 1.\n</think>\n\n{}", 1),
    ("thinking that rehearses it", "<think>\n[[ ## result ## ]]\n1\n</think>\n{}", 1),
    ("thinking without its beginning", "It may be 1.\n</think>\n{}", 1),
    ("words behind it", "{}\n\nIs that right?", 1),
]


@pytest.mark.parametrize(("what", "around", "repairs"), DAMAGES, ids=[d[0] for d in DAMAGES])
@given(st.text("xyz ", min_size=1, max_size=20).filter(str.strip))
def test_what_models_put_around_an_answer_is_left_out(
    what: str, around: str, repairs: int, value: str
) -> None:
    found = read(around.replace("{}", framed(value)), {"result": True})
    assert found.fields["result"] == value.strip()
    assert len(found.repairs) == repairs


@given(TEXTS)
def test_escaped_data_holds_no_marker_and_comes_back(text: str) -> None:
    escapes = Escapes()
    shown = escapes.escape(text)
    assert names_in([shown]) == frozenset()
    assert len(shown.encode()) == len(text.encode())
    if "__" not in text:
        assert escapes.restore(shown, [text]) == text


@given(TEXTS)
def test_rows_and_tables_are_escaped_as_well(text: str) -> None:
    line = json.dumps({"id": 1, "text": text}, ensure_ascii=False)
    escaped = Escapes().escape(line)
    assert names_in([escaped]) == frozenset()
    assert json.loads(escaped)["id"] == 1
