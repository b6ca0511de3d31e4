"""The documents and pieces that `code` functions are called with: `from rlmlang.code import Doc,
Slice`.

Both are text, a `str` with fields, and not an object that holds one: most functions read them as
text (`re`, `in`, `len`, `+`, `json`), and those that need no place need not know of this module.
What is made of one (`piece.strip()`) is plain text and has no place. The module imports only the
standard library, since the process that runs code imports it and nothing else of rlmlang.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Slice(str):
    """A piece of a document, as the text that a model would be shown. Given back as it is, it is
    the same piece, with its place.

    `text` is its own text, without the heading and neighbours that it may be shown with. `path` is
    that of its document as the source names it, `part` which piece of it as `2 of 3` (empty for a
    whole one), `range` its first byte and the one behind its last, `line` the line it begins in,
    from 1, `size` its bytes. A piece of several documents has no path, range or line of its own:
    they are empty, (0, 0) and 0.

    A test may make one: `Slice("a text", path="a.md")`.
    """

    text: str
    path: str = ""
    part: str = ""
    range: tuple[int, int] = (0, 0)
    line: int = 0
    size: int = 0
    number: int = field(default=-1, init=False)
    """What it is given back as; -1 for one that code has made."""

    def __new__(cls, text: str, *_: object, **__: object) -> Self:
        """The text itself; the fields are set behind it."""
        return str.__new__(cls, text)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rstrip("/").rpartition("/")[2]


class Doc(Slice):
    """A document, or a part of one that is too large to be asked about whole; its fields are those
    of a piece."""

    __slots__ = ()
