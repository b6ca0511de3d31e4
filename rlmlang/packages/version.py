"""Versions of packages, and the ranges that a `use` or a dependency may ask for."""

from __future__ import annotations

import re
from typing import NamedTuple

PART = r"(?:0|[1-9][0-9]{0,8})"
NUMBER = rf"{PART}(?:\.{PART}){{0,2}}"
EARLY = r"[0-9A-Za-z]+(?:[.-][0-9A-Za-z]+)*"
VERSION = re.compile(rf"({PART})\.({PART})(?:\.({PART}))?(?:-({EARLY}))?")
RELEASE = re.compile(r"[vV]?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:\.\d+)*")
CLAUSE = re.compile(rf"(\^|~|>=|<=|==|=|>|<)?[ ]*({NUMBER})")


class Version(NamedTuple):
    """`MAJOR.MINOR.PATCH`, or `…-rc1` before it is `final`; in their order."""

    major: int
    minor: int
    patch: int
    final: bool = True
    early: str = ""

    @property
    def series(self) -> str:
        """What may be put in each other's place: a major, and below 1.0 a minor."""
        return str(self.major) if self.major else f"0.{self.minor}"

    @property
    def numbers(self) -> tuple[int, int, int]:
        """Without what stands behind a hyphen."""
        return self.major, self.minor, self.patch

    def __str__(self) -> str:
        return ".".join(map(str, self.numbers)) + (f"-{self.early}" if self.early else "")


def version_of(text: str) -> Version | None:
    """A version as a manifest writes it; None for what is none."""
    found = VERSION.fullmatch(text)
    if found is None:
        return None
    major, minor, patch, early = found.groups()
    return Version(int(major), int(minor), int(patch or 0), not early, early or "")


def version_in(text: str) -> Version | None:
    """The version in a tag such as `v3.2.0`, or as other tools write one, such as `1.4rc1`; None
    where it holds none."""
    found = RELEASE.match(text)
    if found is None:
        return None
    early = re.sub(r"[^0-9A-Za-z]+", ".", text[found.end() :].partition("+")[0]).strip(".")
    early = "" if early.startswith("post") else early
    numbers = [int(x or 0) for x in found.groups()]
    return Version(numbers[0], numbers[1], numbers[2], not early, early)


class Range(NamedTuple):
    """The versions from `least` up to and without `below`."""

    least: Version
    below: tuple[int, int, int] | None
    words: str

    def holds(self, version: Version) -> bool:
        """Whether a version lies in it. What comes before a final version belongs to that."""
        return version >= self.least and (self.below is None or version.numbers < self.below)


def range_of(text: str) -> Range | None:
    """`^3.2` (3.2 or more, below 4), `~3.2` (below 3.3), `>=1.4,<2`, `3.2` (any 3.2) or `3.2.1`;
    None for what is none of these, or holds no version."""
    least, below = Version(0, 0, 0), None
    for clause in text.split(","):
        found = CLAUSE.fullmatch(clause.strip())
        if found is None:
            return None
        low, high = _bounds(found[1] or "=", [int(x) for x in found[2].split(".")])
        least = max(least, low)
        below = high if below is None else min(below, high or below)
    empty = below is not None and least.numbers >= below
    return None if empty else Range(least, below, text)


def _bounds(sign: str, given: list[int]) -> tuple[Version, tuple[int, int, int] | None]:
    """The least version that one clause allows, and the first that it does not."""
    major, minor, patch, *_ = (*given, 0, 0)
    whole, at = (major, minor, patch), Version(major, minor, patch)
    if sign == ">=":
        return at, None
    if sign == "<":
        return Version(0, 0, 0), whole
    if sign == ">":
        return Version(*_next(given, len(given)), final=True), None
    if sign == "<=":
        return Version(0, 0, 0), _next(given, len(given))
    if sign == "^":
        return at, _next(list(whole), 1 if at.major or len(given) == 1 else 2)
    return at, _next(given, min(2, len(given)) if sign == "~" else len(given))


def _next(given: list[int], parts: int) -> tuple[int, int, int]:
    """The first version whose so many leading parts are larger."""
    kept = [*given[: parts - 1], given[parts - 1] + 1, 0, 0]
    return kept[0], kept[1], kept[2]
