"""What `tok` means.

One tok is one token of the bound model's tokenizer where that tokenizer is at hand offline, counted
over short words (a space and what follows it, at most eight characters), so that sizes add up; else
an estimate of two bytes of UTF-8, which overstates prose and code about twofold, and logs and JSON
by a third. Dense text such as base64 can need more than the estimate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from rlmlang.context import Document

ATOM = re.compile(r" ?\S{1,8}|\n|[^\S\n]{1,8}")
BYTES_PER_TOK = 2
MOST_BYTES = 33
BLOCK = 1 << 18


@dataclass(frozen=True)
class Estimate:
    """Two bytes a tok. Weights are bytes."""

    name: str = "estimated: 2 bytes of UTF-8 a tok"
    per_tok: int = BYTES_PER_TOK
    grain: int = 2

    def weight(self, document: Document, start: int, end: int) -> int:
        """The bytes of a range."""
        return end - start

    def tok(self, text: str) -> int:
        """The size of a text."""
        return -(-len(text.encode()) // BYTES_PER_TOK)

    def reach(self, data: bytes, weight: int) -> int:
        """The longest beginning of `data` within a weight, cut between characters."""
        return between_characters(data, min(weight, len(data)))

    def tail(self, data: bytes, weight: int) -> int:
        """Where the longest end of `data` within a weight begins."""
        at = max(0, len(data) - weight)
        while at < len(data) and _continues(data[at]):
            at += 1
        return at

    def window(self, weight: int) -> int:
        """How many bytes must be read to find where a weight is reached."""
        return weight + 4

    def locate(self, document: Document, start: int, end: int, weight: int) -> int:
        """The byte of a range at which a weight is reached, between characters."""
        at = min(end, start + max(0, weight))
        first = max(start, at - 4)
        return first + between_characters(document.read(first, min(end, at + 4)), at - first)


@dataclass(frozen=True)
class Encoded:
    """Tokens of a real tokenizer, counted atom by atom. Weights are tokens."""

    name: str
    encoding: Any
    per_tok: int = 1
    grain: int = 32
    counts: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    def weight(self, document: Document, start: int, end: int) -> int:
        """The tokens of a range."""
        total = 0
        for at in range(start, end, 1 << 20):
            total += self.tok(document.read(at, min(end, at + (1 << 20))).decode(errors="replace"))
        return total

    def tok(self, text: str) -> int:
        """The size of a text."""
        return sum(self._atom(a) for a in ATOM.findall(text))

    def reach(self, data: bytes, weight: int) -> int:
        """The longest beginning of whole atoms within a weight."""
        text = data[: between_characters(data, len(data))].decode(errors="replace")
        taken = characters = 0
        for match in ATOM.finditer(text):
            cost = self._atom(match.group())
            if taken + cost > weight:
                return len(text[: match.start()].encode())
            taken += cost
            characters = match.end()
        return len(text[:characters].encode()) if characters < len(text) else len(text.encode())

    def tail(self, data: bytes, weight: int) -> int:
        """Where the longest end of whole atoms within a weight begins."""
        text = data.decode(errors="replace")
        taken = 0
        for match in reversed(list(ATOM.finditer(text))):
            taken += self._atom(match.group())
            if taken > weight:
                return len(text[: match.end()].encode())
        return 0

    def window(self, weight: int) -> int:
        """An atom of one token has at most eight characters and a space."""
        return weight * MOST_BYTES + MOST_BYTES

    def locate(self, document: Document, start: int, end: int, weight: int) -> int:
        """The byte of a range at which a weight is reached, between atoms."""
        while start < end and weight > 0:
            data = document.read(start, min(end, start + BLOCK))
            step = self.reach(data, weight)
            if step == 0 or start + step >= end or step < len(data) - MOST_BYTES:
                return start + step
            weight -= self.tok(data[:step].decode(errors="replace"))
            start += step
        return start

    def _atom(self, atom: str) -> int:
        found = self.counts.get(atom)
        if found is None:
            if len(self.counts) > 500_000:
                self.counts.clear()
            found = self.counts[atom] = len(self.encoding.encode_ordinary(atom))
        return found


def measure_for(model: str) -> Estimate | Encoded:
    """The tokenizer of a model if it is installed and needs no network, else the estimate."""
    try:
        import bpe_openai
    except ImportError:
        return Estimate()
    name = model.rsplit("/", 1)[-1]
    try:
        encoding = bpe_openai.encoding_for_model(name)
    except (KeyError, ValueError, bpe_openai.TokenizerError):
        return Estimate()
    return Encoded(f"counted: tokenizer of {name}", encoding)


def between_characters(data: bytes, at: int) -> int:
    """The nearest place at or before `at` that does not cut a character of UTF-8."""
    if at >= len(data):
        return _whole_end(data)
    while at > 0 and _continues(data[at]):
        at -= 1
    return at


def _whole_end(data: bytes) -> int:
    """The end of the last whole character."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if not _continues(byte):
            need = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            return len(data) if need <= back else len(data) - back
    return len(data)


def _continues(byte: int) -> bool:
    return byte & 0xC0 == 0x80
