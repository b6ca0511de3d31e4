"""Text to syntax tree, with every syntax error of the file and not only the first.

After an error the statement that holds it is blanked out, from its `let`, `return` or declaration
to the next one, and the rest is parsed again; offsets stay true because blanks replace text. The
tree says what was blanked, so that nothing which follows from it is told as a mistake of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from lark.exceptions import UnexpectedInput

from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.fix import Edit, Fix
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.syntax import tree
from rlmlang.syntax.mistakes import diagnose
from rlmlang.syntax.scan import DECLARATIONS, STATEMENTS, Piece, scan, swallowed, unclosed
from rlmlang.syntax.sections import blank, read

EDITION = 1
MOST_ERRORS = 20


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
    holes: list[Span] = []
    while len(found) < MOST_ERRORS:
        try:
            built, problems = read(source, text)
        except RecursionError:
            return Parsed(None, (*found, too_deep(source)))
        except UnexpectedInput as mistake:
            at = _offset(mistake, text)
            found.append(diagnose(source, text, mistake, at))
            hole = _statement(text, at)
            shorter = text[: hole[0]] + blank(text[hole[0] : hole[1]]) + text[hole[1] :]
            if shorter == text:
                return Parsed(None, tuple(found))
            holes.append(Span(source, *hole))
            text = shorter
            continue
        file: tree.File = replace(built, holes=tuple(holes), lost=_lost(holes))
        return Parsed(file, (*found, *problems, *_edition(file, source)))
    return Parsed(None, tuple(found))


def too_deep(source: SourceFile) -> Diagnostic:
    """What is nested so deeply that it cannot be walked."""
    return error(
        "too-deep",
        f"{source.path} holds an expression that is nested too deeply",
        reason="What is read is walked level by level; some hundred levels always go.",
        hint="give parts of it names of their own, with `let`",
    )


def _lost(holes: Iterable[Span]) -> frozenset[str]:
    """The words of blanked text: any of them may have been declared there. With "" where a
    declaration or step has no name, which may be any."""
    found: set[str] = set()
    for hole in holes:
        pieces = [p for p in scan(hole.text) if p.kind not in ("comment", "doc")]
        found |= {p.text for p in pieces if p.kind == "word"}
        named = len(pieces) < 2 or pieces[1].kind != "mark" or pieces[1].text not in "{(="
        if not named and pieces[0].text in (*DECLARATIONS, "let"):
            found.add("")
    return frozenset(found)


def _offset(mistake: UnexpectedInput, text: str) -> int:
    at = mistake.pos_in_stream
    token = getattr(mistake, "token", None)
    if token is not None and token.type == "$END":
        return len(text.rstrip())
    return min(len(text), at if at is not None and at >= 0 else len(text))


def _statement(text: str, at: int) -> tuple[int, int]:
    """Where the statement around `at` begins and ends."""
    pieces = scan(text)
    if len(pieces) > 1 and pieces[0].text == "rlm" and pieces[1].start == at:
        return 0, at if pieces[1].lines else (text + "\n").index("\n", at)
    begun = swallowed(pieces, text, at)
    if begun is not None:
        start = _last(pieces, begun.start - 1, lambda p: _declares(p, text))
        return pieces[start].start if start is not None else 0, begun.start
    opened = unclosed(pieces, text, at)
    if opened is not None:  # what follows is no part of it
        at = opened.start
    elif any(p.start == at and p.text in DECLARATIONS and _declares(p, text) for p in pieces):
        start = _last(pieces, at - 1, lambda p: _declares(p, text))  # which is not whole
        return pieces[start].start if start is not None else 0, at
    here = _last(pieces, at, lambda p: p.start == at and p.text in STATEMENTS)
    if here:  # the line before it is not whole
        start = _statement_start(pieces, text, pieces[here - 1].start)
        if start is not None and pieces[start].text in STATEMENTS:
            return pieces[start].start, at
        at = pieces[here - 1].start  # its declaration has not opened a body
    start = _statement_start(pieces, text, at)
    end = _statement_end(pieces, text, at, start)
    if end is None:  # its body never closes: the whole declaration goes
        start = _last(pieces, at, lambda p: _declares(p, text))
        end = _next_declaration(pieces, text, at)
    while start is not None and start and pieces[start - 1].kind == "doc":
        start -= 1
    begin = pieces[start].start if start is not None else text.rfind("\n", 0, at) + 1
    return begin, end


def _statement_start(pieces: list[Piece], text: str, at: int) -> int | None:
    return _last(pieces, at, lambda p: _declares(p, text) or p.text in STATEMENTS)


def _statement_end(pieces: list[Piece], text: str, at: int, start: int | None) -> int | None:
    """Where the statement that begins at piece `start` ends; None when its body is left open."""
    first = pieces[start] if start is not None else None
    if first is None or first.text not in STATEMENTS:
        return _next_declaration(pieces, text, at)
    for piece in pieces:
        if piece.start < at or piece.start <= first.start:
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


def _numbered(source: SourceFile) -> Edit:
    """The line of the edition with ours."""
    number = next(p for p in scan(source.text) if p.kind == "number")
    return Edit(Span(source, number.start, number.end), str(EDITION))


def _edition(file: tree.File, source: SourceFile) -> list[Diagnostic]:
    unread = any(not source.text[: hole.start].strip() for hole in file.holes)
    if file.edition == EDITION or (unread and not file.edition):
        return []
    span = Span(source, 0, min(len(source.text), max(1, source.text.find("\n"))))
    if file.edition == 0:
        first = Edit(Span(source, 0, 0), f"rlm {EDITION}\n")
        return [
            error(
                "missing-edition",
                "the file does not begin with its edition",
                span,
                reason="The edition says which rules the file was written for.",
                hint=Fix(f"begin the file with the line `rlm {EDITION}`", (first,)),
            )
        ]
    return [
        error(
            "unknown-edition",
            f"edition {file.edition} is not known",
            span,
            reason=f"This version of rlmlang reads edition {EDITION}.",
            hint=Fix(f"write `rlm {EDITION}`, or install a newer rlmlang", (_numbered(source),)),
        )
    ]
