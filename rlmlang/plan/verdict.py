"""A plan against its budget: proven, may be hit, cannot fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rlmlang.ir.bounds import Bound, Cost
from rlmlang.ir.recipe import Budget
from rlmlang.schema.dimensions import SPENT, Dimension
from rlmlang.schema.formula import ZERO, Formula

Word = Literal["proven", "may be hit", "cannot fit", "unknown"]


@dataclass(frozen=True)
class Line:
    """One limit with its verdict; `worst` and `best` are None while a size is unknown."""

    limit: str
    most: float
    best: float | None
    worst: float | None
    word: Word
    reason: str = ""

    @property
    def limited(self) -> str:
        """What is limited to what."""
        return f"{self.limit} <= {self.most:,.10g}"

    @property
    def because(self) -> str:
        """What the word goes by, in brackets: the worst case, else why there is none."""
        if self.worst is not None:
            return f" (worst {self.worst:,.6g})"
        return f" ({self.reason})" if self.reason else ""


@dataclass(frozen=True)
class Verdict:
    """All limits, and the step that costs most."""

    lines: tuple[Line, ...]
    dominant: str = ""

    @property
    def word(self) -> Word:
        """The worst of the words."""
        order: tuple[Word, ...] = ("proven", "may be hit", "unknown", "cannot fit")
        return max((x.word for x in self.lines), key=order.index, default="proven")


def judge(budget: Budget, totals: Bound, dominant: str, of_models: Mapping[str, Bound]) -> Verdict:
    """Compares a plan's totals, and those of single models, with every declared limit but `wall`,
    which cannot be proved."""
    lines: list[Line] = []
    for dimension in SPENT:
        name, most = dimension.name, getattr(budget, dimension.name)
        if most is not None:
            best, worst = (_amount(c, dimension) for c in (totals.best, totals.worst))
            lines.append(_line(name, most, best, worst))
    for name, model, most in budget.of_models:
        dimension = next(d for d in SPENT if d.name == name)
        both = of_models[model].best, of_models[model].worst
        best, worst = (_amount(c, dimension) for c in both)
        lines.append(_line(f"{name} of {model}", most, best, worst))
    if budget.depth is not None:
        depth = float(totals.depth)
        least = min(depth, 1.0)
        word: Word = "proven" if depth <= budget.depth else "may be hit"
        word = "cannot fit" if least > budget.depth else word
        lines.append(Line("depth", budget.depth, least, depth, word))
    return Verdict(tuple(lines), dominant)


def _amount(cost: Cost, dimension: Dimension) -> Formula | None:
    """What a plan takes of a dimension; None where a price is unknown."""
    total: Formula | None = ZERO
    for part in dimension.parts:
        found: Formula | None = getattr(cost, part)
        total = None if found is None or total is None else total + found
    return total


def _line(name: str, most: float, best: Formula | None, worst: Formula | None) -> Line:
    if best is None or worst is None:
        return Line(name, most, None, None, "unknown", "a model has no known price")
    low, high = _number(best), _number(worst)
    if low is not None and low > most:
        return Line(name, most, low, high, "cannot fit")
    if high is None:
        unknown = ", ".join(sorted(map(str, worst.symbols)))
        return Line(name, most, low, None, "unknown", f"depends on {unknown}")
    return Line(name, most, low, high, "proven" if high <= most else "may be hit")


def _number(f: Formula) -> float | None:
    exact = f.exact()
    return None if exact is None else float(exact)
