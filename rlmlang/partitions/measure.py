"""What `tok` means.

One tok is one token of the bound model's tokenizer where that tokenizer is at hand offline, counted
over short words (a space and what follows it, at most 16 bytes), so that sizes add up; else
an estimate of two bytes of UTF-8, which overstates prose and code about twofold. Digits, base64 and
many scripts need more tokens than the estimate, in some models one for each byte: that is the worst
case, which plans and reservations count with, since a token stands for one byte at least.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from rlmlang.context import Document
from rlmlang.partitions.atoms import MOST_BYTES, atoms, atoms_one_by_one
from rlmlang.partitions.cuts import between_characters, next_character
from rlmlang.partitions.tokenizers import Tokenizer, tokenizer_of

BYTES_PER_TOK = 2
BLOCK = 1 << 18
NONE: Mapping[str, Path] = {}


@dataclass(frozen=True)
class Estimate:
    """Two bytes a tok, and at worst as many tokens. Weights are bytes."""

    name: str = "estimated: 2 bytes of UTF-8 a tok, at worst 1"
    per_tok: int = BYTES_PER_TOK
    grain: int = 2
    most: int = BYTES_PER_TOK

    def weight(self, document: Document, start: int, end: int) -> int:
        """The bytes of a range."""
        return end - start

    def tok(self, text: str) -> int:
        """The size of a text."""
        return -(-len(text.encode()) // BYTES_PER_TOK)

    def tokens(self, text: str) -> int:
        """The most tokens that any tokenizer makes of a text: one a byte, of the text as it is or
        in the normal form that some bring it into first."""
        if text.isascii():
            return len(text)
        forms = text, unicodedata.normalize("NFKC", text)
        return max(len(form.encode("utf-8", "surrogatepass")) for form in forms)

    def reach(self, data: bytes, weight: int) -> int:
        """The longest beginning of `data` within a weight, cut between characters."""
        return between_characters(data, min(weight, len(data)))

    def tail(self, data: bytes, weight: int) -> int:
        """Where the longest end of `data` within a weight begins."""
        return next_character(data, max(0, len(data) - weight))

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
    tokenizer: Tokenizer
    per_tok: int = 1
    grain: int = MOST_BYTES
    most: int = 1
    counts: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    def weight(self, document: Document, start: int, end: int) -> int:
        """The tokens of a range."""
        total = 0
        for at in range(start, end, 1 << 20):
            total += self.tok(document.read(at, min(end, at + (1 << 20))).decode(errors="replace"))
        return total

    def tok(self, text: str) -> int:
        """The size of a text."""
        return sum(map(self._atom, atoms(text)))

    def tokens(self, text: str) -> int:
        """The tokens of a text as it is sent: no more than its atoms have one by one, but for a
        merge here and there."""
        return self.tokenizer.tokens(text)

    def reach(self, data: bytes, weight: int) -> int:
        """The longest beginning of whole atoms within a weight."""
        text = data[: between_characters(data, len(data))].decode(errors="replace")
        taken = characters = 0
        for atom in atoms_one_by_one(text):
            taken += self._atom(atom)
            if taken > weight:
                break
            characters += len(atom)
        return len(text[:characters].encode())

    def tail(self, data: bytes, weight: int) -> int:
        """Where the longest end of whole atoms within a weight begins."""
        found = atoms(data.decode(errors="replace"))
        taken = 0
        for at in range(len(found), 0, -1):
            taken += self._atom(found[at - 1])
            if taken > weight:
                return len("".join(found[:at]).encode())
        return 0

    def window(self, weight: int) -> int:
        """An atom of one token has at most so many bytes."""
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
            found = self.counts[atom] = max(1, self.tokenizer.word(atom))
        return found


def measure_for(model: str, files: Mapping[str, Path] = NONE) -> Estimate | Encoded:
    """The tokenizer of a model where it is at hand, else the estimate. `files` are tokenizers that
    the project names, by the names of models. Raises CodedError for a file that cannot be read."""
    tokenizer = tokenizer_of(model, files)
    return Estimate() if tokenizer is None else _encoded(tokenizer)


@lru_cache(maxsize=16)
def _encoded(tokenizer: Tokenizer) -> Encoded:
    """The measure of a tokenizer, with what it counted before."""
    return Encoded(f"counted: {tokenizer.name}", tokenizer)


def shared(measures: Iterable[Estimate | Encoded]) -> Estimate | Encoded:
    """How a recipe's texts are cut and its sizes counted: by the tokenizer that all its models
    have, else by the estimate, whose worst case holds for each of them."""
    found = {m.name: m for m in measures}
    return next(iter(found.values())) if len(found) == 1 else Estimate()
