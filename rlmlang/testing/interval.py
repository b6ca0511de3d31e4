"""Means with 95 % intervals, and differences of pairs, so that noise is not sold as progress."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

Z = statistics.NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Interval:
    """A mean over `count` values with its 95 % interval."""

    mean: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def mean_of(values: Sequence[float]) -> Interval:
    """The mean of scores. Shares of yes and no by Wilson's score interval (1927), other scores by
    Student's t; one value has no interval, so all of [0, 1] is given."""
    count = len(values)
    if count == 0:
        return Interval(0.0, 0.0, 1.0, 0)
    mean = math.fsum(values) / count
    if all(v in (0, 1) for v in values):
        return _wilson(mean, count)
    if count == 1:
        return Interval(mean, 0.0, 1.0, 1)
    half = student(count - 1) * statistics.stdev(values) / math.sqrt(count)
    return Interval(mean, max(0.0, mean - half), min(1.0, mean + half), count)


def _wilson(share: float, count: int) -> Interval:
    z2 = Z * Z
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half), count)


def difference_of(before: Sequence[float], after: Sequence[float]) -> Interval:
    """The mean of `after - before`, example by example, by Student's t."""
    pairs = [b - a for a, b in zip(before, after, strict=True)]
    if len(pairs) < 2:
        return Interval(math.fsum(pairs), -1.0, 1.0, len(pairs))
    mean = math.fsum(pairs) / len(pairs)
    half = student(len(pairs) - 1) * statistics.stdev(pairs) / math.sqrt(len(pairs))
    return Interval(mean, mean - half, mean + half, len(pairs))


def verdict(difference: Interval) -> str:
    """What a difference says: better, worse, or nothing beyond chance."""
    if difference.low > 0:
        return "better"
    if difference.high < 0:
        return "worse"
    return "no difference beyond its interval"


def student(freedom: int) -> float:
    """The 97.5 % point of Student's t, for a two-sided 95 %: exact for 1 and 2 degrees of freedom,
    else the expansion of Abramowitz and Stegun 26.7.5 (error below 1 % from 3 on)."""
    if freedom == 1:
        return 12.706
    if freedom == 2:
        return 4.3027
    n, z = float(freedom), Z
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4)
    )
