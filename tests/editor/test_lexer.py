"""The lexer of Pygments: by its entry point, over the whole corpus."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
from pygments.token import Comment, Error, Keyword, Name, String, Token

from rlmlang.editor.lexer import KEYWORDS, RlmLexer
from rlmlang.schema.words import WORDS
from tests.conftest import ROOT
from tests.tidy.test_documents import PROJECT

CORPUS = sorted(p for where in ("examples", "stdlib", "grammar/examples", "grammar/mistakes", "tests/golden")
                for p in (ROOT / where).rglob("*.rlm"))  # fmt: skip


def lexed(text: str) -> list[tuple[object, str]]:
    return [(kind, found) for _, kind, found in RlmLexer().get_tokens_unprocessed(text)]


def test_the_whole_corpus_has_colours_and_loses_no_letter() -> None:
    """Mistakes hold what is no recipe: only there may a mark mean nothing."""
    for path in CORPUS:
        text = path.read_text()
        found = lexed(text)
        assert "".join(part for _, part in found) == text, path
        if path.parent.name != "mistakes":
            assert Error not in {kind for kind, _ in found}, path


def test_every_word_of_the_language_is_a_keyword_somewhere_in_the_corpus() -> None:
    seen = {part for path in CORPUS for kind, part in lexed(path.read_text()) if kind in Keyword}
    assert KEYWORDS - seen <= {"group", "it", "result", "max", "exact", "rewrite", "leaf"}
    assert {w.text for w in WORDS if w.group == "verb"} <= seen


@pytest.mark.parametrize(("text", "kinds"), [
    ("let map = 1", [Keyword, Keyword, Token.Operator, Token.Literal.Number]),
    ("record R { map: Int }", [Keyword.Declaration, Name.Class, Token.Punctuation, Name.Attribute, Token.Punctuation,
                               Keyword.Type, Token.Punctuation]),
    ("budget { calls <= 5 }", [Keyword.Declaration, Token.Punctuation, Name.Attribute, Token.Operator,
                               Token.Literal.Number, Token.Punctuation]),
    ("it.model", [Keyword, Token.Punctuation, Name.Attribute]),
    ('"a {b.c}"', [String, String.Interpol, String]),
    ('"a \\\\{b}"', [String, String, String]),
    ('r"a {b}"', [String]),
    ("/// d", [String.Doc]),
    ("// c", [Comment.Single]),
    ("count(xs)", [Name.Builtin, Token.Punctuation, Name, Token.Punctuation]),
    ("#", [Error]),
])  # fmt: skip
def test_a_word_has_the_colour_of_its_place(text: str, kinds: list[object]) -> None:
    found = [kind for kind, part in lexed(text) if part.strip()]
    assert len(found) == len(kinds) and all(f in k for f, k in zip(found, kinds, strict=True))


def test_it_is_found_by_its_entry_point() -> None:
    (said,) = PROJECT["project"]["entry-points"]["pygments.lexers"].items()
    assert EntryPoint(*said, "pygments.lexers").load() is RlmLexer
    assert (RlmLexer.aliases[0], RlmLexer.filenames[0]) == ("rlm", "*.rlm")
