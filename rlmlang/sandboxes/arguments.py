"""What code hands to its host, held against what may be handed over, before anything else sees it.

Code was written by a model and may be hostile: nothing here believes a shape, a size or a type.
Everything is refused with a ValueError or TypeError in words for the model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rlmlang.sandboxes.worker.messages import Plain
from rlmlang.schema.partitions import STRATEGIES, Argument
from rlmlang.schema.tools import (
    BITS,
    CHARACTERS,
    DEPTH,
    PATTERN,
    VALUES,
    Parameter,
    Question,
    range_of,
)
from rlmlang.unicode import encodable

NAMES = {"Text": "a text", "Int": "a whole number", "Bool": "True or False",
         "Options": "named options"}  # fmt: skip
KINDS = {"Text": str, "Int": int, "Bool": bool, "Options": dict}


@dataclass
class Taken:
    """A walk over what code hands over: plain parts of it, as long as there is room. Objects that
    stand in many places count in each, as they would when they are written out. `finite` refuses
    numbers that JSON has no form for."""

    finite: bool = False
    values: int = 0
    characters: int = 0

    def items(self, given: Iterable[object]) -> list[Plain]:
        """The arguments of a call."""
        self._count(1, 0)
        return [self.plain(v, 1) for v in given]

    def plain(self, given: object, depth: int = 0) -> Plain:
        """A value of texts, numbers, lists and dictionaries."""
        self._count(1, 0)
        if depth > DEPTH:
            raise ValueError(f"more than {DEPTH} lists or dictionaries inside each other")
        if isinstance(given, Mapping):
            return {self._key(k): self.plain(v, depth + 1) for k, v in given.items()}
        if isinstance(given, list | tuple | set | frozenset):
            return [self.plain(v, depth + 1) for v in given]
        return self._single(given)

    def _single(self, given: object) -> str | int | float | bool | None:
        if given is None or isinstance(given, bool):
            return given
        if isinstance(given, int):
            if given.bit_length() > BITS:
                raise ValueError(f"a whole number of {given.bit_length():,} bits is too large")
            return given
        if isinstance(given, float):
            if self.finite and not math.isfinite(given):
                raise ValueError(f"{given} is no number that can be handed over")
            return given
        if isinstance(given, bytes | bytearray):
            raise TypeError("bytes cannot be handed over: decode them")
        text = given if isinstance(given, str) else str(given)
        self._count(0, len(text))
        return encodable(text)

    def _key(self, key: object) -> str:
        if not isinstance(key, str | int | float | bool | None):
            raise TypeError(f"{type(key).__name__} cannot be the key of a dictionary here")
        return str(self._single(key))

    def _count(self, values: int, characters: int) -> None:
        self.values += values
        self.characters += characters
        if self.values > VALUES:
            raise ValueError(f"more than {VALUES:,} values in one call: ask for less at a time")
        if self.characters > CHARACTERS:
            raise ValueError(
                f"more than {CHARACTERS:,} characters in one call: hand over pieces of a context "
                "(from split), or ask for less at a time"
            )


def bound(question: Question, args: Sequence[Plain], fields: Mapping[str, Plain]) -> list[object]:
    """The arguments of a question, one for each parameter."""
    names = [p.name for p in question.parameters]
    given = {**dict(zip(names, args, strict=False)), **fields}
    twice = set(names[: len(args)]) & set(fields)
    if len(args) > len(names) or set(given) - set(names) or twice:
        raise TypeError(_usage(question))
    if any(p.default is ... and p.name not in given for p in question.parameters):
        raise TypeError(_usage(question))
    return [
        _fitting(p, given[p.name]) if p.name in given else p.default for p in question.parameters
    ]


def _usage(question: Question) -> str:
    return (
        f"call it as {question.signature}"
        if question.gives
        else (
            f"{question.name} takes {', '.join(p.shown for p in question.parameters) or 'nothing'}"
        )
    )


def _fitting(wanted: Parameter, given: object) -> object:
    if given is None and wanted.optional:
        return None
    if type(given) is not KINDS[wanted.kind]:
        raise TypeError(f"{wanted.name} is {NAMES[wanted.kind]}, not {shown(given)}")
    if isinstance(given, int) and wanted.kind == "Int" and not wanted.least <= given <= wanted.most:
        limits = f"from {wanted.least:,} to {wanted.most:,}"
        raise ValueError(f"{wanted.name} is {shown(given)}; it may be {limits}")
    if isinstance(given, str) and len(given) > wanted.most:
        raise ValueError(f"{wanted.name} has {len(given):,} characters; at most {wanted.most:,}")
    return given


def partition_of(by: str, options: Mapping[str, object], kind: str) -> dict[str, object]:
    """The options of a partition of a `text` or `tree`, held against the catalog."""
    strategy = STRATEGIES.get(by)
    able = [s.name for s in STRATEGIES.values() if kind in s.of]
    if strategy is None or by not in able:
        raise ValueError(f"a {kind} is split by {', '.join(able)}; not by {by!r}")
    known = {a.name: a for a in strategy.arguments}
    missing = [a.name for a in strategy.arguments if a.required and a.name not in options]
    if set(options) - set(known) or missing:
        raise TypeError(f"split(by={by!r}) takes {', '.join(known)}")
    found = {n: _option(known[n], v) for n, v in options.items()}
    overlap, most = found.get("overlap"), found.get("max")
    if isinstance(overlap, int) and isinstance(most, int) and overlap >= most:
        raise ValueError("overlap must be less than max")
    return found


def _option(argument: Argument, given: object) -> object:
    name = argument.name
    if argument.kind == "text":
        return _fitting(Parameter(name, "Text", most=PATTERN), given)
    if argument.kind == "name":
        if given not in argument.choices:
            raise ValueError(f"{name} is {shown(given)}; it may be {' or '.join(argument.choices)}")
        return given
    least, most = range_of(argument)
    if argument.kind != "fraction":
        return _fitting(Parameter(name, "Int", least=least, most=most), given)
    if isinstance(given, bool) or not isinstance(given, int | float) or not least <= given < most:
        raise ValueError(f"{name} is {shown(given)}; it may be from {least} to below {most}")
    return given


def shown(given: object) -> str:
    """A value in a few words."""
    if isinstance(given, int) and not isinstance(given, bool):
        bits = given.bit_length()
        return f"{given:,}" if bits < 100 else f"a number of {bits:,} bits"
    if isinstance(given, str | float | bool | None):
        return repr(given)[:60]
    return type(given).__name__
