"""What mends a problem: words for people and, where a replacement does it, edits for machines."""

from __future__ import annotations

from collections.abc import Iterable

from rlmlang.diagnostics.source import Span
from rlmlang.value import Frozen, value


@value
class Edit(Frozen):
    """Text in the place of a span; an empty span is where it is put in."""

    at: Span
    text: str


@value
class Fix(Frozen):
    """What to do, in words. Where there are `edits`, the problem is gone once all of them are
    made; without, the words are advice."""

    words: str
    edits: tuple[Edit, ...] = ()


def write(at: Span, text: str, words: str = "") -> Fix:
    """The fix that puts other text in the place of what was written."""
    return Fix(words or f"write `{text}`", (Edit(at, text),))


def edited(text: str, edits: Iterable[Edit]) -> str:
    """A text with edits made in it, the last one first so that places stay true."""
    for edit in sorted(edits, key=lambda e: e.at.start, reverse=True):
        text = text[: edit.at.start] + edit.text + text[edit.at.end :]
    return text
