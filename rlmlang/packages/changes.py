"""What a new version of a package changes for its users, and which number must grow for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rlmlang.packages.version import Version

Signature = tuple[str, tuple[tuple[str, str, bool], ...], str]
"""The word that declares a name; name, type and default of what it takes; what it gives."""


@dataclass(frozen=True)
class Change:
    """One change; a `breaking` one may stop what used the version before."""

    breaking: bool
    words: str


def changes(old: Mapping[str, Signature], new: Mapping[str, Signature]) -> Iterator[Change]:
    """What changed between the exports of two versions, by name."""
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Change(True, f"`{name}` is no longer exported")
        elif name not in old:
            yield Change(False, f"`{name}` is new")
        elif old[name] != new[name]:
            yield _changed(name, old[name], new[name])


def _changed(name: str, old: Signature, new: Signature) -> Change:
    """Parameters with a default may be added behind those that were there; a default may come."""
    if old[0] != new[0]:
        return Change(True, f"`{name}` was a {old[0]}, and is a {new[0]}")
    if old[2] != new[2]:
        return Change(True, f"`{name}` gave {old[2]}, and gives {new[2]}")
    kept, added = new[1][: len(old[1])], new[1][len(old[1]) :]
    same = [o[:2] for o in old[1]] == [n[:2] for n in kept]
    looser = all(n[2] or not o[2] for o, n in zip(old[1], kept, strict=False))
    if same and looser and all(default for _, _, default in added):
        return Change(False, f"`{name}` takes more than it must")
    return Change(True, f"`{name}` took {_taken(old)}, and takes {_taken(new)}")


def _taken(found: Signature) -> str:
    return f"({', '.join(f'{name}: {type_}' for name, type_, _ in found[1])})"


def too_low(old: Version, new: Version, found: list[Change]) -> str:
    """What the new version must be at least, in words; empty where it is high enough."""
    breaking = any(c.breaking for c in found)
    if breaking and new.series == old.series:
        series = f"{old.major + 1}.0.0" if old.major else f"0.{old.minor + 1}.0"
        return f"{series}, since users of {old} may have to change something"
    if found and old.major and new.numbers[:2] <= old.numbers[:2]:
        return f"{old.major}.{old.minor + 1}.0, since there is something new"
    return f"{old} or more" if new < old else ""
