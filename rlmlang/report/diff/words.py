"""Two texts word by word: what stayed, what went, what came."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

Sign = Literal["=", "-", "+"]
Piece = tuple[Sign, str]
WORD = re.compile(r"\s+|\w+(?:[.,]\w+)*|[^\w\s]")
MOST = 2_000  # words, else lines, that are held against each other: their number squared is a time
NEAR = 60  # characters of what stayed that are shown beside a change


def words(before: str, after: str) -> list[Piece]:
    """The pieces of two texts in order; those with `=` and `-` are the first, those with `=` and
    `+` the second. What is too long for words is told apart by lines, what is longer as a whole."""
    for cut in (WORD.findall, lambda text: text.splitlines(keepends=True)):
        old, new = cut(before), cut(after)
        first = _alike(old, new)
        last = _alike(old[first:][::-1], new[first:][::-1])
        ends = len(old) - last, len(new) - last
        middle = old[first : ends[0]], new[first : ends[1]]
        if max(map(len, middle)) <= MOST:
            break
    else:
        return _joined([("-", before), ("+", after)])
    kept: list[Piece] = [("=", "".join(old[:first]))]
    return _joined([*kept, *_between(*middle), ("=", "".join(old[ends[0] :]))])


def shortened(pieces: Sequence[Piece]) -> list[Piece]:
    """The same, of what stayed only what is near to a change."""
    last = len(pieces) - 1
    return [
        (sign, _ends(text, first=i > 0, last=i < last) if sign == "=" else text)
        for i, (sign, text) in enumerate(pieces)
    ]


def _ends(text: str, *, first: bool, last: bool) -> str:
    if len(text) <= NEAR * (first + last) + 3:
        return text
    return (text[:NEAR] if first else "") + " … " + (text[-NEAR:] if last else "")


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many words both begin with."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(old), len(new)))


def _between(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    found = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for what, a, b, c, d in found:
        if what == "equal":
            yield "=", "".join(old[a:b])
        else:
            yield "-", "".join(old[a:b])
            yield "+", "".join(new[c:d])


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Without empty ones; a blank alone between two changes belongs to both."""
    found: list[Piece] = []
    for i, (sign, text) in enumerate(pieces):
        if sign == "=" and text.isspace() and 0 < i < len(pieces) - 1:
            found += [("-", text), ("+", text)]
        elif text:
            found.append((sign, text))
    return list(_runs(found))


def _runs(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Of a row of changes, all that went and then all that came."""
    gone, come = "", ""
    for sign, text in [*pieces, ("=", "")]:
        if sign != "=":
            gone, come = gone + text * (sign == "-"), come + text * (sign == "+")
            continue
        if gone:
            yield "-", gone
        if come:
            yield "+", come
        gone, come = "", ""
        if text:
            yield "=", text
