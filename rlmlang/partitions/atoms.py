"""What a tokenizer counts by itself: short words, so that sizes of neighbours add up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

import regex

ATOM = re.compile(r" ?(?:[!-\u07ff]{1,8}|[!-\uffff]{1,5}|\S{1,4})|\n|[ \t\r]{1,8}|\s")
MOST_BYTES = 17
"""The most bytes of an atom, and so the most tokens."""
STOPS = "。！？｡．…।॥។៕။༎།።፧፨۔؟᠃᠉"
"""What ends a sentence where nothing need stand between sentences: in East Asia, India, Cambodia,
Burma, Tibet and Ethiopia, in Arabic, Urdu and Mongolian."""
JOINED = r"\p{M}\u200c\u200d\u1160-\u11ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
"""What belongs to the character before it."""
FLAG = r"[\U0001f1e6-\U0001f1ff]"
SPECIAL = regex.compile(rf"[{JOINED}{STOPS}]|{FLAG}")
WORD = rf" ?(?:[!-\u07ff]{{1,8}}|[!-\uffff--[{STOPS}]]{{0,4}}[{STOPS}]|[!-\uffff]{{1,5}}|\S{{1,4}})"
SPECIAL_ATOM = regex.compile(
    rf"{WORD}(?![{JOINED}]|(?<=\u200d)\S|(?<={FLAG}){FLAG})|{WORD}"
    rf"|\n|[ \t\r]{{1,8}}(?![{JOINED}])|[ \t\r]{{1,8}}|\s",
    regex.V1,
)
"""The same as `ATOM` where nothing special is near. An atom ends with a sentence, and between
grapheme clusters that are no longer than it."""


def atoms(text: str) -> list[str]:
    """The atoms of a text, which are all of it."""
    return _pattern(text).findall(text)


def atoms_one_by_one(text: str) -> Iterator[str]:
    """The same, found as they are asked for."""
    return (match.group() for match in _pattern(text).finditer(text))


def atom_edges(data: bytes, start: int, end: int) -> list[int]:
    """The places in (start, end] where atoms end, where `start` is such a place."""
    text = data[start : end + MOST_BYTES].decode(errors="ignore")
    places = accumulate((len(atom.encode()) for atom in atoms(text)), initial=start)
    return [place for place in places if start < place <= end]


def _pattern(text: str) -> re.Pattern[str] | regex.Pattern[str]:
    return ATOM if text.isascii() or SPECIAL.search(text) is None else SPECIAL_ATOM
