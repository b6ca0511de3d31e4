"""Functions of numbers: roundings, the middle of many, numbers out of texts."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.functions.counting import numbers
from rlmlang.functions.function import OF, Function, Option
from rlmlang.functions.rules import scalar
from rlmlang.functions.values import Rows, shown
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import made_of
from rlmlang.ir.types import FLOAT, INT

if TYPE_CHECKING:
    from rlmlang.context import Datum

DIGITS = Option("digits", INT, last=True)
SHARE = Option("share", FLOAT, required=True, last=True)


def _same(value: Facts) -> Facts:
    return made_of(Facts(value.type, value.size, item=value.size), [value])


def _round(number: float, digits: int = 0) -> float:
    return round(number, digits)


def _median(rows: Rows, of: str = "") -> float | None:
    found = numbers(rows, of)
    return statistics.median(found) if found else None


def _quantile(rows: Rows, share: float, of: str = "") -> float | None:
    """Between the two values nearest to that share of the list in order, as in the proportion of
    their distances (Hyndman and Fan's definition 7, the one of NumPy and R)."""
    if not 0 <= share <= 1:
        raise failed("wrong-value", f"a share lies from 0 to 1, and this is {share:g}")
    found = sorted(numbers(rows, of))
    if not found:
        return None
    place = share * (len(found) - 1)
    low = math.floor(place)
    high = min(low + 1, len(found) - 1)
    return found[low] + (found[high] - found[low]) * (place - low)


def _stdev(rows: Rows, of: str = "") -> float | None:
    found = numbers(rows, of)
    return statistics.stdev(found) if len(found) > 1 else None


def _int(value: Datum) -> int:
    return int(_number(value, int))


def _float(value: Datum) -> float:
    return float(_number(value, float))


def _number(value: Datum, kind: type[int] | type[float]) -> float:
    """A number, or the one that a text is. Raises CodedError (wrong-value)."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return kind(shown(value).strip())
    except ValueError:
        word = "whole number" if kind is int else "number"
        raise failed("wrong-value", f"{shown(value)!r:.60} is no {word}") from None


NUMBERS = (
    Function("median", "The middle of numbers, or of a field; none of none.", ("list",),
             scalar(FLOAT.maybe()), _median, "exact", (OF,),
             example=("median(rows, of: n)", "4")),
    Function("quantile", "The number below which a share of them lies; none of none.", ("list",),
             scalar(FLOAT.maybe()), _quantile, "exact", (SHARE, OF),
             example=("quantile([1, 2, 3, 4], 0.25)", "1.75")),
    Function("stdev", "The standard deviation of a sample; none of fewer than two.", ("list",),
             scalar(FLOAT.maybe()), _stdev, "exact", (OF,),
             example=("stdev(rows, of: n)", "1.0")),
    Function("round", "A number to so many digits.", ("number",), scalar(FLOAT), _round,
             options=(DIGITS,),
             example=("round(2.345, digits: 1)", "2.3")),
    Function("floor", "The greatest whole number that is not above.", ("number",), scalar(INT),
             math.floor,
             example=("floor(0 - 1.5)", "-2")),
    Function("ceil", "The least whole number that is not below.", ("number",), scalar(INT),
             math.ceil,
             example=("ceil(1.2)", "2")),
    Function("abs", "A number without its sign.", ("number",), _same, abs,
             example=("abs(0 - 4)", "4")),
    Function("int", "A number without its fraction, or the whole number that a text is.", ("any",),
             scalar(INT), _int,
             example=('int(" 12 ")', "12")),
    Function("float", "A number, or the one that a text is.", ("any",), scalar(FLOAT), _float,
             example=('float("1.5")', "1.5")),
)  # fmt: skip
