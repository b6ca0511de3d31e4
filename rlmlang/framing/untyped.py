"""Values of no declared type, as JSON has them, and texts that can be encoded."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rlmlang.context import Datum
from rlmlang.framing import repairs as names
from rlmlang.framing import scalars
from rlmlang.framing.json_text import Bare, Loaded
from rlmlang.framing.repairs import Repairs
from rlmlang.unicode import encodable


def same(value: Datum) -> object:
    """A value that equals another only where both are of one kind: 1 is not true, nor 1.0."""
    if isinstance(value, dict):
        return {k: same(v) for k, v in value.items()}
    return [same(v) for v in value] if isinstance(value, list) else (type(value), value)


def anything(given: Loaded, done: Repairs) -> Datum:
    """A value of no declared type, as JSON has it."""
    if isinstance(given, Bare):
        try:
            return scalars.number(given.text, {}, whole=bool(re.fullmatch(r"-?\d+", given.text)))
        except ValueError:
            return given.text
    if isinstance(given, Mapping):
        return {k: anything(v, done) for k, v in given.items()}
    if isinstance(given, list):
        return [anything(v, done) for v in given]
    return encoded(given, done) if isinstance(given, str) else _none_or_truth(given)


def _none_or_truth(given: Loaded) -> Datum:
    return given if isinstance(given, bool) else None


def encoded(text: str, done: Repairs) -> str:
    """A text without halves of characters."""
    whole = encodable(text)
    if whole != text:
        done[names.HALVES] = None
    return whole
