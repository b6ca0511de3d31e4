"""Draws diagnostics as text with carets, in the manner of Elm and Rust, or as JSON values."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from rlmlang.diagnostics.fix import Edit
from rlmlang.diagnostics.source import Place
from rlmlang.unicode import visible

RED, YELLOW, BLUE, BOLD, OFF = "\033[31m", "\033[33m", "\033[34m", "\033[1m", "\033[0m"
WIDTH = 96

Paint = Callable[[str, str], str]


class Labelled(Protocol):
    """A place with a few words beside its carets."""

    @property
    def place(self) -> Place:
        """Where it points."""

    @property
    def words(self) -> str:
        """What stands there."""


class Drawn(Protocol):
    """A problem, as far as it is drawn: `diagnostics/diagnostic.py` has it."""

    @property
    def code(self) -> str:
        """Its code."""

    @property
    def severity(self) -> str:
        """Whether it stops something."""

    @property
    def message(self) -> str:
        """What was found."""

    @property
    def labels(self) -> Sequence[Labelled]:
        """Where."""

    @property
    def reason(self) -> str:
        """Why it is refused."""

    @property
    def hint(self) -> str:
        """What to do."""

    @property
    def edits(self) -> Sequence[Edit]:
        """What does it."""


def render(diagnostic: Drawn, *, colour: bool = False) -> str:
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


def render_all(diagnostics: Sequence[Drawn], *, colour: bool = False) -> str:
    """Every problem, an empty line between, and a count at the end."""
    shown = [render(d, colour=colour) for d in diagnostics]
    return "\n\n".join([*shown, summary(diagnostics)])


def summary(diagnostics: Iterable[Drawn]) -> str:
    """`2 errors, 1 warning`."""
    found = list(diagnostics)
    errors = sum(d.severity == "error" for d in found)
    counts = [(errors, "error"), (len(found) - errors, "warning")]
    words = [f"{n} {what}{'s' if n != 1 else ''}" for n, what in counts if n]
    return ", ".join(words) or "no problems"


def as_json(diagnostic: Drawn) -> dict[str, object]:
    """The problem as JSON values; lines and columns count from 1."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "reason": diagnostic.reason,
        "hint": diagnostic.hint,
        "edits": [_edit_json(edit) for edit in diagnostic.edits],
        "labels": [_label_json(label) for label in diagnostic.labels],
    }


def _edit_json(edit: Edit) -> dict[str, object]:
    place = vars(edit.at.place)
    return {**{k: v for k, v in place.items() if k != "text"}, "write": edit.text}


def _label_json(label: Labelled) -> dict[str, object]:
    place = vars(label.place)
    return {**{k: v for k, v in place.items() if k != "text"}, "words": label.words}


def _frames(labels: Sequence[Labelled], paint: Paint, tone: str) -> list[str]:
    lines: list[str] = []
    gutter = max((len(str(x.place.line)) for x in labels), default=0)
    path = None
    for index, label in enumerate(labels):
        place = label.place
        if place.path != path:
            path = place.path
            lines.append(f"{' ' * gutter} {paint('-->', BLUE)} {place.where}")
        lines += _frame(place, label.words, gutter, paint, tone if index == 0 else BLUE)
    return lines


def _frame(place: Place, words: str, gutter: int, paint: Paint, tone: str) -> list[str]:
    first, text = _window(place.text.expandtabs(1), place.column - 1)
    before = place.column - 1 - first
    width = cells(visible(text[before : before + place.width]))
    carets = "^" * max(1, width) + (f" {words}" if words else "")
    bar = paint("|", BLUE)
    return [
        f"{place.line:>{gutter}} {bar} {visible(text)}",
        f"{' ' * gutter} {bar} {' ' * cells(visible(text[:before]))}{paint(carets, tone)}",
    ]


def cells(text: str) -> int:
    """How many columns of a terminal a text takes: two for a wide character or an emoji, however
    many code points it is made of, none for a combining mark."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _window(text: str, at: int) -> tuple[int, str]:
    """A readable part of a very long line around column `at`, and where it begins."""
    if len(text) <= 2 * WIDTH:
        return 0, text
    first = max(0, at - WIDTH // 2)
    return first, text[first : first + 2 * WIDTH]


def _paragraph(head: str, words: str) -> list[str]:
    if not words:
        return []
    blank = " " * (2 + len(head))
    out: list[str] = []
    for part in words.split("\n"):
        first = "  " + head if not out else blank
        out += textwrap.wrap(
            part,
            WIDTH,
            initial_indent=first,
            subsequent_indent=blank,
            break_on_hyphens=False,
            break_long_words=False,
        ) or [""]
    return out


def _paint(text: str, tone: str) -> str:
    return f"{tone}{text}{OFF}"


def _plain(text: str, tone: str) -> str:
    return text
