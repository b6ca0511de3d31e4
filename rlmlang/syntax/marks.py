"""What was meant where a character has no meaning, or a line imports as other languages do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rlmlang.diagnostics.fix import Fix, write
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.schema import foreign
from rlmlang.syntax.foreign import line_of
from rlmlang.syntax.scan import Piece

NONE = re.compile(r"\|\s*(None|none|null|undefined)\b")
"""What stands behind a type that may be none."""


def quoted(source: SourceFile, at: int) -> Fix | None:
    """A text between marks of another language, as it is written here; None where it is none."""
    text = source.text
    end = text.find(foreign.QUOTES.get(text[at : at + 1], "\0"), at + 1)
    if end < 0 or "\n" in text[at:end]:
        return None
    inner = text[at + 1 : end].replace('"', '\\"')
    return write(Span(source, at, end + 1), f'"{inner}"', foreign.MARKS[text[at]])


def character(source: SourceFile, at: int) -> Fix | None:
    """What stands for a character without a meaning; None where nothing does."""
    text, char = source.text, source.text[at : at + 1]
    if char in foreign.QUOTES:
        return quoted(source, at)
    words = foreign.MARKS.get(char, "remove it, or put it between double quotes")
    if char == "#":
        return write(Span(source, at, at + 1), "//", words)
    if text[at : at + 2] in ("&&", "||"):
        return write(Span(source, at, at + 2), foreign.OPERATORS[char * 2], words)
    if char == "|" and (none := NONE.match(text, at)):
        start = len(text[:at].rstrip())
        return write(Span(source, start, none.end()), "?", "what may be none is written with ?")
    if char in "&|":
        return write(Span(source, at, at + 1), "and" if char == "&" else "or", words)
    if char == "!":
        return write(Span(source, at, at + 1), "not ", words)
    if char in foreign.CHARACTERS:
        return write(Span(source, at, at + 1), foreign.CHARACTERS[char], words)
    return None


def imported(source: SourceFile, pieces: Sequence[Piece]) -> Fix | None:
    """`import x`, `import "x"`, `from x import a, b`: the `use` that does it."""
    line = list(line_of(pieces[1:]))
    words = [p.text for p in line if p.text != ","]
    if pieces[0].text == "from" and "import" in words:
        cut = words.index("import")
        path, names = words[:cut], words[cut + 1 :]
    else:
        path, names = words, []
    path = path[: path.index("as")] if "as" in path else path
    if not path or not line:
        return None
    where = path[0] if path[0].startswith('"') else f'"./{"".join(path).strip(".")}.rlm"'
    ours = f"use {where}" + (f" {{ {', '.join(names)} }}" if names and "*" not in names else "")
    return write(Span(source, pieces[0].start, line[-1].end), ours)
