"""Draws diagnostics as text with carets, in the manner of Elm and Rust, or as JSON values."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence

from rlmlang.diagnostics.diagnostic import Diagnostic, Label
from rlmlang.diagnostics.source import Span

RED, YELLOW, BLUE, BOLD, OFF = "\033[31m", "\033[33m", "\033[34m", "\033[1m", "\033[0m"
WIDTH = 96

Paint = Callable[[str, str], str]


def render(diagnostic: Diagnostic, *, colour: bool = False) -> str:
    """The problem as it is shown in a terminal: title, place, carets, reason, fix."""
    paint = _paint if colour else _plain
    tone = RED if diagnostic.severity == "error" else YELLOW
    title = f"{diagnostic.severity}[{diagnostic.code}]"
    lines = [f"{paint(title, tone)}: {paint(diagnostic.message, BOLD)}"]
    lines += _frames(diagnostic.labels, paint, tone)
    lines += _paragraph("", diagnostic.reason)
    lines += _paragraph("fix: ", diagnostic.hint)
    lines.append(f"  rlm explain {diagnostic.code}")
    return "\n".join(lines)


def render_all(diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
    """Every problem, an empty line between, and a count at the end."""
    shown = [render(d, colour=colour) for d in diagnostics]
    return "\n\n".join([*shown, summary(diagnostics)])


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    found = list(diagnostics)
    errors = sum(d.severity == "error" for d in found)
    counts = [(errors, "error"), (len(found) - errors, "warning")]
    words = [f"{n} {what}{'s' if n != 1 else ''}" for n, what in counts if n]
    return ", ".join(words) or "no problems"


def as_json(diagnostic: Diagnostic) -> dict[str, object]:
    """The problem as JSON values; lines and columns count from 1."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "reason": diagnostic.reason,
        "hint": diagnostic.hint,
        "labels": [_label_json(label) for label in diagnostic.labels],
    }


def _label_json(label: Label) -> dict[str, object]:
    span = label.span
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "path": span.source.path,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "words": label.words,
    }


def _frames(labels: Sequence[Label], paint: Paint, tone: str) -> list[str]:
    lines: list[str] = []
    gutter = max((len(str(x.span.line)) for x in labels), default=0)
    for index, label in enumerate(labels):
        line, column = label.span.source.position(label.span.start)
        if index == 0 or label.span.source.path != labels[index - 1].span.source.path:
            place = f"{label.span.source.path}:{line}:{column}"
            lines.append(f"{' ' * gutter} {paint('-->', BLUE)} {place}")
        lines += _frame(label, gutter, paint, tone if index == 0 else BLUE)
    return lines


def _frame(label: Label, gutter: int, paint: Paint, tone: str) -> list[str]:
    number, column = label.span.source.position(label.span.start)
    text = label.span.source.line(number).expandtabs(1)
    first, text = _window(text, column - 1)
    width = max(1, min(_on_line(label.span, number), len(text) - (column - 1 - first)))
    carets = "^" * width + (f" {label.words}" if label.words else "")
    bar = paint("|", BLUE)
    return [
        f"{number:>{gutter}} {bar} {text}",
        f"{' ' * gutter} {bar} {' ' * (column - 1 - first)}{paint(carets, tone)}",
    ]


def _window(text: str, at: int) -> tuple[int, str]:
    """A readable part of a very long line around column `at`, and where it begins."""
    if len(text) <= 2 * WIDTH:
        return 0, text
    first = max(0, at - WIDTH // 2)
    return first, text[first : first + 2 * WIDTH]


def _on_line(span: Span, number: int) -> int:
    start = span.source.line_starts[number - 1]
    end_of_line = start + len(span.source.line(number))
    return min(span.end, end_of_line) - span.start


def _paragraph(head: str, words: str) -> list[str]:
    if not words:
        return []
    blank = " " * (2 + len(head))
    out: list[str] = []
    for part in words.split("\n"):
        first = "  " + head if not out else blank
        out += textwrap.wrap(part, WIDTH, initial_indent=first, subsequent_indent=blank,
                             break_on_hyphens=False, break_long_words=False) or [""]  # fmt: skip
    return out


def _paint(text: str, tone: str) -> str:
    return f"{tone}{text}{OFF}"


def _plain(text: str, tone: str) -> str:
    return text
