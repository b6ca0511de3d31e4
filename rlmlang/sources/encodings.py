"""Texts whose encoding is declared: decoded as it says, never as it looks."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from rlmlang.context import Document
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.sources.decoded import BLOCK, decoded
from rlmlang.sources.local import MARKS, PROBE, marked_as

NO_ORDER = ("utf-16", "utf-32")
"""Those whose mark says which byte comes first."""


def in_encoding(origin: Document, encoding: str) -> Document:
    """A document that is written in an encoding other than UTF-8, as UTF-8 text. Raises CodedError
    (bad-encoding) for what is not written so, and those of `decoded`."""
    name = encoding.lower()
    head = origin.read(0, min(PROBE, origin.size))
    ours = [n for n, mark in MARKS.items() if n.startswith(name) and head.startswith(mark)]
    other = "" if ours else marked_as(head)
    if other:
        words = f"begins with the byte order mark of {other}"
        raise _otherwise(origin.id, encoding, words, other)
    if name in NO_ORDER and not ours:
        words = "has no byte order mark, which would say which byte comes first"
        raise _otherwise(origin.id, encoding, words, f"{name}-le")
    start = len(MARKS[ours[0]]) if ours else 0
    name = ours[0] if ours else name
    return decoded(origin, name, lambda: _texts(origin, start, name))


def _texts(origin: Document, start: int, encoding: str) -> Iterator[str]:
    """The text of a document from a byte on, a block at a time."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for at in range(start, origin.size, BLOCK):
        end = min(origin.size, at + BLOCK)
        before = at - len(decoder.getstate()[0])
        try:
            yield decoder.decode(origin.read(at, end), final=end == origin.size)
        except UnicodeDecodeError as mistake:
            found = mistake.object[mistake.start : mistake.start + 4].hex(" ")
            words = f"is not {encoding}: byte {before + mistake.start:,} is {found}"
            raise _otherwise(origin.id, encoding, words, "") from None


def _otherwise(name: str, encoding: str, words: str, other: str) -> CodedError:
    """The problem of a document that is not in the encoding that is declared."""
    hint = f'is it encoding: "{other}"?' if other else "declare the encoding it was written in"
    return failed("bad-encoding", f"{name}, declared as {encoding}, {words}", hint=hint)
