"""Texts that many rows share, by numbers."""

from __future__ import annotations


class Numbered:
    """Each text once, with the number by which columns name it; the empty one is number 0."""

    def __init__(self) -> None:
        self._numbers = {"": 0}

    def __call__(self, text: str) -> int:
        """The number of a text."""
        return self._numbers.setdefault(text, len(self._numbers))

    @property
    def texts(self) -> list[str]:
        """All of them, in the order of their numbers."""
        return list(self._numbers)
