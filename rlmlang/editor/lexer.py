"""The language for Pygments, found by the entry point `pygments.lexers`: colours for pages,
notebooks and terminals. Its words are those of the table that the grammar is held against."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pygments.lexer import Lexer
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
    _TokenType,
)

from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.types import TYPE_NAMES
from rlmlang.schema.words import WORDS
from rlmlang.syntax.scan import DECLARATIONS, PREFIXES, Piece, scan

Found = tuple[int, _TokenType, str]
CONSTANTS = ("true", "false", "none")
KEYWORDS = frozenset(w.text for w in WORDS if w.group not in ("mark", "coverage"))
MARKS = frozenset(w.text for w in WORDS if w.group == "mark" and '"' not in w.text)
BRACKETS = frozenset("(){}[],:.")
TYPES = ("enum", "record")
PARTS = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\\?\{[A-Za-z_][\w.]*\})", re.DOTALL)
OTHERS = {"comment": Comment.Single, "doc": String.Doc, "number": Number, "date": Literal.Date,
          "version": Literal}  # fmt: skip


class RlmLexer(Lexer):
    """Tokens of a recipe, whatever is wrong with it."""

    name = "rlm"
    aliases = ("rlm", "rlmlang")
    filenames = ("*.rlm",)
    mimetypes = ("text/x-rlm",)
    version_added = ""

    def get_tokens_unprocessed(self, text: str) -> Iterator[Found]:
        """Each piece of a text with its place and kind, and the space between them."""
        pieces, end = scan(text), 0
        for number, piece in enumerate(pieces):
            if piece.start > end:
                yield end, Whitespace, text[end : piece.start]
            yield from _tokens(pieces, number)
            end = piece.end
        if end < len(text):
            yield end, Whitespace, text[end:]


def _tokens(pieces: Sequence[Piece], number: int) -> Iterator[Found]:
    piece = pieces[number]
    if piece.kind == "text":
        yield from _parts(piece)
    elif piece.kind == "word":
        yield piece.start, word(pieces, number), piece.text
    elif piece.kind == "mark":
        known = Punctuation if piece.text in BRACKETS else Operator
        yield piece.start, known if piece.text in MARKS else Error, piece.text
    else:
        yield piece.start, OTHERS[piece.kind], piece.text


def _parts(piece: Piece) -> Iterator[Found]:
    """A text, and the names that are put into it."""
    at = piece.start
    raw = piece.text.startswith("r")
    for part in [piece.text] if raw else PARTS.split(piece.text):
        named = not raw and PARTS.fullmatch(part) is not None and not part.startswith("\\")
        if part:
            yield at, String.Interpol if named else String, part
        at += len(part)


def word(pieces: Sequence[Piece], number: int) -> _TokenType:
    """What a word is, by what stands around it: a word of the language may be a field, a label or a
    setting as well."""
    text = pieces[number].text
    before = pieces[number - 1].text if number else ""
    after = pieces[number + 1].text if number + 1 < len(pieces) else ""
    if before == ".":
        return Name.Attribute
    if (
        before in DECLARATIONS
        and before not in PREFIXES
        and after in ("(", "{", "=", ":", "<", "for")
    ):
        return Name.Class if before in TYPES else Name.Function
    if after == ":" or (after == "<=" and text not in ("leaf", "depth")):
        return Name.Attribute
    if text in CONSTANTS:
        return Keyword.Constant
    if text in TYPE_NAMES:
        return Keyword.Type
    if after == "(" and text in FUNCTIONS:
        return Name.Builtin
    if text in KEYWORDS:
        return Keyword.Declaration if text in DECLARATIONS else Keyword
    return Name.Class if text[:1].isupper() else Name
