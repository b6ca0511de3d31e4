"""A recipe's tokens with their places, comments included: what recovery and the formatter read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r\n]+)
    | (?P<doc>///[^\n]*)
    | (?P<comment>//[^\n]*)
    | (?P<text>r?\"\"\"(?:.|\n)*?\"\"\" | "(?:\\.|[^"\\\n])*" | r"[^"\n]*")
    | (?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}
        (?:T[0-9]*(?::[0-9]+)*(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?(?![0-9A-Za-z_]))
    | (?P<number>[0-9][0-9_]*(?:\.[0-9]+)?[A-Za-z%]*)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<version>@[\^~<>=]*[0-9]+(?:\.[0-9]+)*)
    | (?P<mark>->|<=|>=|==|!=|\.\.|.)
    """,
    re.VERBOSE,
)

DECLARATIONS = frozenset(
    "use const enum record model source partition budget prompt code export pattern main recipe "
    "test dataset metric eval tune batch".split()
)
STATEMENTS = ("let", "return", "require")
PREFIXES = {
    "main": ("recipe",),
    "export": tuple("const enum record model source partition budget prompt code pattern main "
                    "recipe".split()),
}  # fmt: skip
"""What stands before a declaration, and the words that go on behind it."""
TITLED = ("use", "test")
"""What a text stands behind, where behind others a name does."""
KEPT, LONGEST = 8, 200_000
"""Texts whose tokens are kept, those last asked for, and the characters of one that is."""
OPENING, CLOSING = "{([", "})]"


class Piece(NamedTuple):
    """One token. `lines` counts the line breaks before it; `depth` the braces open around it."""

    kind: str
    text: str
    start: int
    lines: int
    depth: int

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.start + len(self.text)


def unclosed(pieces: Sequence[Piece], text: str, at: int) -> Piece | None:
    """The bracket that is still open where something begins that cannot stand in it, the last time
    before `at`: a declaration in column one, or a line of a body. None where none is."""
    stack: list[tuple[Piece, bool]] = []  # with whether lines of a body stand in it
    found: Piece | None = None
    header = False  # of a declaration, whose first brace opens its body
    for number, piece in enumerate(pieces):
        if piece.start > at:
            break
        if piece.kind == "mark" and piece.text in OPENING:
            rung = number > 1 and pieces[number - 2].text == "rung"
            body = piece.text == "{" and (header or rung)
            stack.append((piece, body))
            header = header and not body
        elif piece.kind == "mark" and piece.text in CLOSING and stack:
            stack.pop()
        elif piece.lines and piece.text in DECLARATIONS and text[piece.start - 1] == "\n":
            found, header = stack[0][0] if stack else None, True
        elif piece.lines and piece.text in STATEMENTS and stack and not stack[-1][1]:
            found = next(p for p, body in reversed(stack) if not body)
        elif piece.text in DECLARATIONS and not stack:
            header = True
    return found


def swallowed(pieces: Sequence[Piece], text: str, at: int) -> Piece | None:
    """The word before `at` that begins a declaration in column one, and was read as the end of what
    is not finished before it: behind such a word a name, or a text, is never wrong. None where none
    stands."""
    here = next((n for n, p in enumerate(pieces) if p.start == at), 0)
    before = pieces[here - 1] if here > 1 else None
    if before is None or before.text not in DECLARATIONS:
        return None
    if pieces[here].kind != ("text" if before.text in TITLED else "word"):
        return None
    if pieces[here].text not in PREFIXES.get(before.text, (pieces[here].text,)):
        return None
    return before if before.lines and text[before.start - 1] == "\n" else None


def scan(text: str) -> list[Piece]:
    """All tokens of a text, valid or not; white space is counted, not kept."""
    return list(_scan(text)) if len(text) <= LONGEST else [*_pieces(text)]


@lru_cache(KEPT)
def _scan(text: str) -> tuple[Piece, ...]:
    return tuple(_pieces(text))


def _pieces(text: str) -> Iterator[Piece]:
    lines = depth = 0
    for match in TOKEN.finditer(text):
        kind, found = match.lastgroup or "mark", match.group()
        if kind == "space":
            lines += found.count("\n")
            continue
        depth -= found == "}"
        yield Piece(kind, found, match.start(), lines, depth)
        depth += found == "{"
        lines = 0
