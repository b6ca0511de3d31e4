"""Text to syntax tree, with every syntax error of the file and not only the first.

After an error the statement that holds it is blanked out, from its `let`, `return` or declaration
to the next one, and the rest is parsed again; offsets stay true because blanks replace text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from lark import Lark
from lark.exceptions import UnexpectedInput

from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.syntax import tree
from rlmlang.syntax.build import Builder
from rlmlang.syntax.grammar import load
from rlmlang.syntax.mistakes import diagnose
from rlmlang.syntax.scan import DECLARATIONS, Piece, scan

EDITION = 1
MOST_ERRORS = 20
STATEMENTS = ("let", "return")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file's tree, or None where nothing of it could be read, and what is wrong with it."""

    tree: tree.File | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether the whole file was read."""
        return not any(d.severity == "error" for d in self.diagnostics)


def parse(source: SourceFile) -> Parsed:
    """The syntax tree of a recipe. Never raises: problems come back as diagnostics."""
    text = source.text
    found: list[Diagnostic] = []
    while len(found) < MOST_ERRORS:
        try:
            raw = _parser().parse(text + "\n")
        except UnexpectedInput as mistake:
            at = _offset(mistake, text)
            found.append(diagnose(source, text, mistake, at))
            shorter = _without_statement(text, at)
            if shorter == text:
                return Parsed(None, tuple(found))
            text = shorter
            continue
        builder = Builder(source)
        file: tree.File = builder.build(raw)
        return Parsed(file, (*found, *builder.problems, *_edition(file, source)))
    return Parsed(None, tuple(found))


@cache
def _parser() -> Lark:
    return load()


def _offset(mistake: UnexpectedInput, text: str) -> int:
    at = mistake.pos_in_stream
    token = getattr(mistake, "token", None)
    if token is not None and token.type == "$END":
        return len(text.rstrip())
    return min(len(text), at if at is not None and at >= 0 else len(text))


def _without_statement(text: str, at: int) -> str:
    """The text with the statement around `at` blanked, line breaks kept."""
    pieces = scan(text)
    start = _statement_start(pieces, text, at)
    end = _statement_end(pieces, text, at, start)
    if end is None:  # its body never closes: the whole declaration goes
        start = _last(pieces, at, lambda p: _declares(p, text))
        end = _next_declaration(pieces, text, at)
    begin = pieces[start].start if start is not None else text.rfind("\n", 0, at) + 1
    return _blank(text, begin, end)


def _statement_start(pieces: list[Piece], text: str, at: int) -> int | None:
    return _last(pieces, at, lambda p: _declares(p, text) or p.text in STATEMENTS)


def _statement_end(pieces: list[Piece], text: str, at: int, start: int | None) -> int | None:
    """Where the statement that begins at piece `start` ends; None when its body is left open."""
    first = pieces[start] if start is not None else None
    if first is None or first.text not in STATEMENTS:
        return _next_declaration(pieces, text, at)
    for piece in pieces:
        if piece.start <= max(at, first.start):
            continue
        if _declares(piece, text):
            return None
        if piece.text in STATEMENTS and piece.depth <= first.depth:
            return piece.start
        if piece.text == "}" and piece.depth < first.depth:
            return piece.start
    return None


def _next_declaration(pieces: list[Piece], text: str, at: int) -> int:
    starts = (p.start for p in pieces if p.start > at and _declares(p, text))
    return next(starts, len(text))


def _last(pieces: list[Piece], at: int, wanted: Callable[[Piece], bool]) -> int | None:
    return next(
        (i for i in reversed(range(len(pieces))) if pieces[i].start <= at and wanted(pieces[i])),
        None,
    )


def _declares(piece: Piece, text: str) -> bool:
    """Whether a declaration begins here: a word at the start of a line, in column one."""
    first = piece.start == 0 or text[piece.start - 1] == "\n"
    return first and (piece.text in DECLARATIONS or (piece.kind == "word" and piece.depth == 0))


def _blank(text: str, start: int, end: int) -> str:
    hole = "".join(c if c == "\n" else " " for c in text[start:end])
    return text[:start] + hole + text[end:]


def _edition(file: tree.File, source: SourceFile) -> list[Diagnostic]:
    if file.edition == EDITION:
        return []
    span = Span(source, 0, min(len(source.text), max(1, source.text.find("\n"))))
    if file.edition == 0:
        return [
            error(
                "missing-edition",
                "the file does not begin with its edition",
                span,
                reason="The edition says which rules the file was written for.",
                hint=f"begin the file with the line `rlm {EDITION}`",
            )
        ]
    return [
        error(
            "unknown-edition",
            f"edition {file.edition} is not known",
            span,
            reason=f"This version of rlmlang reads edition {EDITION}.",
            hint=f"write `rlm {EDITION}`, or install a newer rlmlang",
        )
    ]
