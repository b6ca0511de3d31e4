"""Texts as they are written: escapes, margins, and the names in braces that a value is filled with.

A line has escapes, a block none but a backslash before a name in braces; raw texts have neither.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rlmlang.syntax import tree as t
from rlmlang.syntax.mistakes import RESERVED

ESCAPES = {
    "n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "0": "\0", "{": "{", "}": "}",
}  # fmt: skip
WORD = r"[A-Za-z_][A-Za-z0-9_]*"
PATH = rf"{WORD}(?:\.{WORD})*"
BRACES = rf"\{{\{{{PATH}\}}\}}|\{{({PATH})\}}"
IN_LINE = re.compile(rf"\\(.)|{BRACES}")
IN_BLOCK = re.compile(rf"\\(\{{)(?={PATH}\}})|{BRACES}")


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a text: what it says where the text is taken as it is written (`plain`), and where
    it stands for a value (`value`, or what `path` names); an `escape` is the character behind its
    backslash, `start` its place in the file."""

    plain: str
    value: str
    start: int
    path: str = ""
    escape: str = ""


def pieces_of(raw: str, start: int) -> list[TextPiece]:
    """The pieces of a token that begins at a place of the file."""
    if raw.startswith("r"):
        inner = without_margin(raw[4:-3]) if raw.startswith('r"""') else raw[2:-1]
        return [TextPiece(inner, inner, start)]
    if not raw.startswith('"""'):
        if "{" not in raw and "\\" not in raw:
            return [_plain(raw[1:-1])]
        return list(_pieces(raw[1:-1], IN_LINE, _places(raw[1:-1], IN_LINE, start + 1)))
    places = _places(raw[3:-3], IN_BLOCK, start + 3)
    return list(_pieces(without_margin(raw[3:-3]), IN_BLOCK, places))


def _places(text: str, form: re.Pattern[str], start: int) -> list[int]:
    """Where the marks of a text stand in the file."""
    return [start + mark.start() for mark in form.finditer(text)]


def _pieces(text: str, form: re.Pattern[str], places: list[int]) -> Iterator[TextPiece]:
    """What stands between the marks of a text, and the marks with their places."""
    end = 0
    for mark, place in zip(form.finditer(text), places, strict=True):
        yield _plain(text[end : mark.start()])
        yield _mark(mark, place, in_block=form is IN_BLOCK)
        end = mark.end()
    yield _plain(text[end:])


def _plain(text: str) -> TextPiece:
    return TextPiece(text, text, 0)


def _mark(mark: re.Match[str], place: int, *, in_block: bool) -> TextPiece:
    whole, escape, path = mark.group(), mark.group(1), mark.group(2)
    if escape and in_block:
        return TextPiece(whole, escape, place)
    if escape:
        letter = ESCAPES.get(escape, escape)
        return TextPiece(letter, letter, place, escape=escape)
    if path and path.split(".")[0] not in RESERVED:
        return TextPiece(whole, whole, place, path=path)
    return TextPiece(whole, whole, place)


def as_written(e: t.Expr) -> t.Expr:
    """A text, or a list of texts, that is taken as it is written: nothing is filled in."""
    if isinstance(e, t.ListOf):
        return replace(e, items=tuple(map(as_written, e.items)))
    return replace(e, parts=()) if isinstance(e, t.Text) else e


def without_margin(text: str) -> str:
    """A text block's lines without their common margin and without its first and last breaks."""
    return textwrap.dedent(text.replace("\r\n", "\n")).strip("\n").rstrip()
