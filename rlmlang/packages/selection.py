"""Minimal version selection: of all versions of a package that anybody asks for, the highest.

No version is ever taken that nobody asked for, so that the choice is the same on every machine and
every day; what may not be put in each other's place (two majors) is chosen apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.packages.source import Source
from rlmlang.packages.version import Version

Key = tuple[str, str]
"""A package's name and series."""


@dataclass(frozen=True)
class Candidate:
    """A version of a package that somebody asks for; `hash` is that of its tree."""

    name: str
    version: Version
    source: Source
    hash: str

    @property
    def key(self) -> Key:
        """What it is chosen within."""
        return self.name, self.version.series

    @property
    def id(self) -> str:
        """`NAME@VERSION`."""
        return f"{self.name}@{self.version}"


Needs = Callable[[Candidate], Mapping[str, Candidate]]
"""What a package asks for, by its own keys."""


@dataclass(frozen=True)
class Selection:
    """What was chosen, and who asked for what: `(who, wanted)` pairs of `NAME@VERSION`, who is
    empty for the project itself."""

    chosen: Mapping[Key, Candidate] = field(default_factory=dict)
    asked: tuple[tuple[str, str], ...] = ()

    def of(self, wanted: Candidate) -> Candidate:
        """What stands for a version that is asked for."""
        return self.chosen[wanted.key]


def select(roots: Iterable[Candidate], needs: Needs) -> Selection:
    """The versions that satisfy all that is asked for. Raises CodedError (package-conflict), and
    what `needs` raises."""
    asked: list[tuple[str, str]] = []
    best: dict[Key, Candidate] = {}
    roots = list(roots)
    fixed = {r.key for r in roots if r.source.kind == "path"}
    seen, waiting = set[tuple[str, Source]](), [("", r) for r in roots]
    while waiting:
        who, wanted = waiting.pop()
        asked.append((who, wanted.id))
        if who and wanted.key in fixed:
            continue  # the project's own folder stands for it
        best[wanted.key] = _higher(best.get(wanted.key), wanted)
        if (wanted.id, wanted.source) not in seen:
            seen.add((wanted.id, wanted.source))
            waiting += [(wanted.id, w) for w in needs(wanted).values()]
    return Selection(_reached(roots, best, needs), tuple(sorted(set(asked))))


def _higher(one: Candidate | None, other: Candidate) -> Candidate:
    """The higher of two versions; of one version, the source that is written first."""
    if one is None:
        return other
    if one.source.whence != other.source.whence:
        raise _conflict(one, other, "come from different places")
    if one.version == other.version and one.hash != other.hash:
        raise _conflict(one, other, "are of one version and differ")
    return max(one, other, key=lambda c: (c.version, str(c.source)))


def _reached(
    roots: Iterable[Candidate], best: Mapping[Key, Candidate], needs: Needs
) -> dict[Key, Candidate]:
    """Without what only versions ask for that were not chosen."""
    kept: dict[Key, Candidate] = {}
    waiting = [best[r.key] for r in roots]
    while waiting:
        found = waiting.pop()
        if found.key not in kept:
            kept[found.key] = found
            waiting += [best[w.key] for w in needs(found).values()]
    return dict(sorted(kept.items()))


def _conflict(one: Candidate, other: Candidate, words: str) -> CodedError:
    first, second = sorted([f"{one.version} {one.source}", f"{other.version} {other.source}"])
    return failed(
        "package-conflict",
        f"two packages `{one.name}` {words}",
        reason=f"{first}\n{second}",
        hint="`rlm deps why` shows who asks for them; name one source everywhere, or give "
        "your own copy: `path` in the project's [deps] stands for all others",
    )
