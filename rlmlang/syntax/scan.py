"""A recipe's tokens with their places, comments included: what recovery and the formatter read."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
OPENING, CLOSING = "{([", "})]"


@dataclass(frozen=True, slots=True)
class Piece:
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


def scan(text: str) -> list[Piece]:
    """All tokens of a text, valid or not; white space is counted, not kept."""
    pieces: list[Piece] = []
    lines = depth = 0
    for match in TOKEN.finditer(text):
        kind, found = match.lastgroup or "mark", match.group()
        if kind == "space":
            lines += found.count("\n")
            continue
        depth -= found == "}"
        pieces.append(Piece(kind, found, match.start(), lines, depth))
        depth += found == "{"
        lines = 0
    return pieces
