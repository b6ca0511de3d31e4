"""A function of lists."""

import statistics

from rlmlang.functions.function import OF, Function
from rlmlang.functions.rules import scalar
from rlmlang.functions.values import Rows, values
from rlmlang.ir.types import FLOAT


def median(rows: Rows, of: str = "") -> float | None:
    """Of numbers, or of a field."""
    found = values(rows, of)
    return statistics.median(found) if found else None


MEDIAN = Function("median", "The middle number, or value of a field; none of none.", ("list",),
                  scalar(FLOAT.maybe()), median, needs="exact", options=(OF,))  # fmt: skip
