"""Whatever is typed: nothing raises, and every place is one of the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang.diagnostics.source import SourceFile
from rlmlang.editor import project_file
from rlmlang.editor.actions import actions
from rlmlang.editor.completion import completions
from rlmlang.editor.hints import hints, lenses
from rlmlang.editor.hover import hover
from rlmlang.editor.outline import Entry, folds, outline
from rlmlang.editor.places import definition
from rlmlang.editor.positions import Encoding, Positions
from rlmlang.editor.tokens import tokens
from tests.conftest import ROOT
from tests.editor.marked import analysed

TEXTS = [(ROOT / p).read_text() for p in (
    "stdlib/needle.rlm", "examples/routing/route.rlm", "grammar/examples/recurse.rlm", "grammar/examples/batch.rlm",
)]  # fmt: skip
TYPED = st.sampled_from([
    "", "{", "}", "(", ")", '"', '"""', "\n", " ", ".", ":", "🦔", "let ", "let x = map pages with ", "repl {", "é",
    "use \"", "prompt ", "\r\n", "//", "///", "<=", "[", "x.", "\u2028", "}}", "split it by ", "record R {", "tools: [",
])  # fmt: skip
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), TYPED), min_size=1, max_size=4)
LETTERS = st.text(st.sampled_from("ab {é\n🦔\u2028\r漢"), max_size=40)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TEXTS), CHANGES)
def test_no_edit_breaks_a_feature(text: str, changes: list[tuple[float, int, str]]) -> None:
    at = 0
    for where, gone, typed in changes:
        at = int(where * len(text))
        text = text[:at] + typed + text[at + gone :]
        at += len(typed)
    analysis = analysed(text.replace("|", "").replace("‹", "").replace("›", ""))
    size = len(analysis.source.text)
    spans = [o.span for o in analysis.found] + [t.span for t in tokens(analysis)]
    spans += [x.span for x in lenses(analysis)] + [
        e.at for a in actions(analysis, 0, size) for e in a.edits
    ]
    spans += [s for entry in outline(analysis) for s in every(entry)]
    assert all(0 <= s.start <= s.end <= size for s in spans if s.source is analysis.source)
    assert all(0 <= h.offset <= size for h in hints(analysis))
    last = len(analysis.source.lines) - 1
    assert all(0 <= a <= b <= last for a, b, _ in folds(analysis))
    for offset in (at, max(0, at - 1), size):
        hover(analysis, offset)
        definition(analysis, offset)
        completions(analysis, offset)


def every(entry: Entry) -> list:
    """The places of an entry and of those in it."""
    return [entry.span, entry.at, *(s for inner in entry.inside for s in every(inner))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@settings(deadline=None)
@given(LETTERS, st.integers(0, 60))
def test_a_place_comes_back_in_each_encoding(encoding: Encoding, text: str, offset: int) -> None:
    positions = Positions(SourceFile("x", text), encoding)
    offset = min(offset, len(text))
    line, character = positions.of(offset)
    if text[max(0, offset - 1) : offset + 1].rstrip("\n") != "\r":  # a line ends before it
        assert positions.offset(line, character) == offset
    before = text.split("\n")[line][: offset - positions.source.line_starts[line]]
    assert character == len(before.encode(encoding.replace("6", "6-le").replace("2", "2-le"))) // {
        "utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]  # fmt: skip


@settings(deadline=None)
@given(st.integers(-3, 9), st.integers(-3, 99))
def test_a_place_outside_of_the_text_is_moved_into_it(line: int, character: int) -> None:
    assert 0 <= Positions(SourceFile("x", "ab\n🦔\n")).offset(line, character) <= 5


@settings(deadline=None)
@given(st.text(st.sampled_from('[]"=.\n models'), max_size=60), st.integers(0, 60))
def test_no_edit_of_rlm_toml_breaks_a_feature(text: str, offset: int) -> None:
    project_file.completions(text, min(offset, len(text)))
    project_file.hover(text, min(offset, len(text)))
