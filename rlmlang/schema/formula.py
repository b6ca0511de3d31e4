"""Sizes and counts as formulas, so that one bound serves before and after a source is known.

A formula is a number as soon as everything in it is; until then it prints itself. All quantities
are non-negative. Exact: fractions, never floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import ceil
from typing import Literal, get_args

from rlmlang.value import Frozen, value

What = Literal["", "count", "longest", "files", "document", "lines", "records"]


@value
class Unknown(Frozen):
    """What is not known of the input `of`: its size in tok, or how many items, files, lines or
    records it has, or how long the longest of them is, or its largest document. Written `log`,
    `count(log)`."""

    what: What
    of: str

    def __str__(self) -> str:
        return f"{self.what}({self.of})" if self.what else self.of

    @classmethod
    def read(cls, text: str) -> Unknown:
        """The unknown that was written. Raises ValueError."""
        found, _, of = text.removesuffix(")").rpartition("(")
        for what in get_args(What):
            if what == found:
                return cls(what, of)
        raise ValueError(f"`{text}` is nothing that inputs have")


Sizes = Mapping[Unknown, int]
"""Values of unknowns, as far as they are bound."""
Environment = Mapping[Unknown, "Fraction | int"]

INFIX = {"add": " + ", "mul": "·"}


@dataclass(frozen=True, slots=True)
class Formula:
    """`op` over `args`; a leaf is a number (`const`) or an unknown (`sym`)."""

    op: str
    args: tuple[Formula, ...] = ()
    number: Fraction = Fraction(0)
    unknown: Unknown | None = None

    def __add__(self, other: Formula | int | float | Fraction) -> Formula:
        return _fold("add", self, number(other))

    __radd__ = __add__

    def __mul__(self, other: Formula | int | float | Fraction) -> Formula:
        return _fold("mul", self, number(other))

    __rmul__ = __mul__

    @property
    def known(self) -> bool:
        """Whether the formula is a plain number."""
        return self.op == "const"

    @property
    def symbols(self) -> frozenset[Unknown]:
        """The unknowns in it."""
        if self.unknown is not None:
            return frozenset([self.unknown])
        return frozenset().union(*(a.symbols for a in self.args))

    def bind(self, env: Environment) -> Formula:
        """The formula with what `env` knows put in."""
        if self.op == "const":
            return self
        if self.unknown is not None:
            return number(env[self.unknown]) if self.unknown in env else self
        return _fold(self.op, *(a.bind(env) for a in self.args))

    def value(self, env: Environment | None = None) -> int | None:
        """The number, rounded up, or None while something in it is unknown."""
        bound = self.bind(env or {})
        return ceil(bound.number) if bound.known else None

    def exact(self) -> Fraction | None:
        """The number unrounded, or None."""
        return self.number if self.known else None

    def __str__(self) -> str:
        return _show(self, 0)


def number(value: Formula | int | float | Fraction) -> Formula:
    """A number as a formula; a formula stays as it is."""
    if isinstance(value, Formula):
        return value
    exact = Fraction(str(value)) if isinstance(value, float) else Fraction(value)
    return Formula("const", number=exact)


def symbol(what: What, of: str) -> Formula:
    """An unknown of an input, as a formula."""
    return Formula("sym", unknown=Unknown(what, of))


def ceil_div(
    top: Formula | int | Fraction | float, bottom: Formula | int | Fraction | float
) -> Formula:
    """⌈top/bottom⌉."""
    return _fold("ceildiv", number(top), number(bottom))


def ceil_log(base: Formula | int | Fraction, of: Formula | int | Fraction) -> Formula:
    """⌈log_base(of)⌉: how often `of` must be divided by `base` to come to one or less."""
    return _fold("ceillog", number(base), number(of))


def total(values: Iterable[Formula]) -> Formula:
    """The sum of any number of values."""
    parts = [*values]
    known = number(sum((p.number for p in parts if p.known), Fraction(0)))
    return sum((p for p in parts if not p.known), known)


def maximum(*values: Formula | int) -> Formula:
    """The greatest."""
    plain = [v if isinstance(v, int) else v.number for v in values if isinstance(v, int) or v.known]
    if plain and len(plain) == len(values):
        return number(max(plain))
    return reduce(lambda a, b: _fold("max", a, b), (number(v) for v in values))


def minimum(*values: Formula | int) -> Formula:
    """The least."""
    return reduce(lambda a, b: _fold("min", a, b), (number(v) for v in values))


def power(base: Formula | int, exponent: Formula | int) -> Formula:
    """base to the exponent."""
    return _fold("pow", number(base), number(exponent))


def less_one(value: Formula | int) -> Formula:
    """max(value − 1, 0)."""
    return _fold("less1", number(value))


ZERO, ONE = number(0), number(1)


def _fold(op: str, *args: Formula) -> Formula:
    if all(a.known for a in args):
        return number(_compute(op, [a.number for a in args]))
    if op == "add":
        return _tidy(op, args, ZERO)
    if op == "mul" and ZERO in args:
        return ZERO
    if op == "mul":
        return _tidy(op, args, ONE)
    if op in ("max", "min") and args[0] == args[1]:
        return args[0]
    if op == "max" and ZERO in args:
        return args[1] if args[0] == ZERO else args[0]
    return Formula(op, args)


def _tidy(op: str, args: tuple[Formula, ...], neutral: Formula) -> Formula:
    """Nested sums and products flattened, their numbers gathered in front."""
    parts = [p for a in args for p in (a.args if a.op == op else (a,))]
    constant = number(_compute(op, [p.number for p in parts if p.known]))
    rest = [p for p in parts if not p.known]
    if op == "add":
        rest = _collect(rest)
    if constant != neutral:
        rest = [*rest, constant] if op == "add" else [constant, *rest]
    return rest[0] if len(rest) == 1 else Formula(op, tuple(rest))


def _collect(parts: list[Formula]) -> list[Formula]:
    """a + a as 2·a."""
    counts: dict[Formula, Fraction] = {}
    for part in parts:
        factor, core = Fraction(1), part
        if part.op == "mul" and part.args[0].known:
            factor = part.args[0].number
            rest = part.args[1:]
            core = rest[0] if len(rest) == 1 else Formula("mul", rest)
        counts[core] = counts.get(core, Fraction(0)) + factor
    return [core if n == 1 else _fold("mul", number(n), core) for core, n in counts.items()]


def _compute(op: str, v: list[Fraction]) -> Fraction:
    match op:
        case "add":
            return sum(v, Fraction(0))
        case "mul":
            return reduce(lambda a, b: a * b, v, Fraction(1))
        case "ceildiv":
            return Fraction(ceil(v[0] / v[1]))
        case "ceillog":
            return Fraction(_log(v[0], v[1]))
        case "max":
            return max(v)
        case "min":
            return min(v)
        case "pow":
            return v[0] ** int(v[1])
        case "less1":
            return max(v[0] - 1, Fraction(0))
    raise AssertionError(op)


def _log(base: Fraction, of: Fraction) -> int:
    rounds, reached = 0, Fraction(1)
    while reached < of:
        reached *= base
        rounds += 1
    return rounds


def _show(f: Formula, strength: int) -> str:
    if f.op == "const":
        n = f.number
        return f"{int(n):,}" if n.denominator == 1 else f"{float(n):,.2f}"
    if f.unknown is not None:
        return str(f.unknown)
    inner = [_show(a, 2 if f.op == "mul" else 1) for a in f.args]
    match f.op:
        case "add" | "mul":
            text = INFIX[f.op].join(inner)
            return f"({text})" if f.op == "add" and strength > 1 else text
        case "ceildiv":
            return f"⌈{inner[0]} / {inner[1]}⌉"
        case "ceillog":
            return f"⌈log_{inner[0]}({inner[1]})⌉"
        case "less1":
            return f"({inner[0]} − 1)"
        case "pow":
            return f"{inner[0]}^{inner[1]}"
    return f"{f.op}({', '.join(inner)})"
