"""`regex(top, window)`: what a regular expression matches."""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import normalize

from rlmlang.context import Context, Datum, Measure, text_of
from rlmlang.partitions.pattern import compile_pattern, finds
from rlmlang.searches.windows import windows


@dataclass(frozen=True)
class Regex:
    """The windows around the first `top` matches, in order."""

    top: int = 20
    window: int = 400

    def search(self, subject: Context, query: str, measure: Measure) -> list[Datum]:
        """Windows of a text or tree, or items of a list."""
        pattern = compile_pattern(query)
        composed = None if query.isascii() else compile_pattern(normalize("NFC", query))
        found = []
        for item in windows(subject, self.window, measure)():
            text = text_of(item)
            if finds(pattern, text) or (composed and finds(composed, normalize("NFC", text))):
                found.append(item)
            if len(found) == self.top:
                break
        return found
