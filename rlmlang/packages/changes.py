"""What a new version of a package changes for its users, and which number must grow for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rlmlang.packages.version import Version
from rlmlang.schema.formula import Formula

SIZES = (1, 1_000, 50_000, 10_000_000)
"""Of inputs, in tok or items: where two formulas are compared."""
COVERAGE = ("some", "cover", "exact")


@dataclass(frozen=True)
class Signature:
    """What users of a name count on: the word that declares it; name, type and default of what it
    takes; what it gives. `types` are both with all that named types are made of. Of a recipe, how
    much its result holds (`coverage`), and how many calls it takes at most."""

    word: str
    takes: tuple[tuple[str, str, bool], ...] = ()
    gives: str = ""
    types: tuple[object, ...] = ()
    coverage: str = ""
    calls: Formula | None = None


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
        elif old[name].word != new[name].word:
            yield Change(True, f"`{name}` was a {old[name].word}, and is a {new[name].word}")
        else:
            yield from _changed(f"`{name}`", old[name], new[name])


def _changed(name: str, old: Signature, new: Signature) -> Iterator[Change]:
    found = (_given(name, old, new), _taken(name, old, new), _held(name, old, new))
    yield from (x for x in (*found, _called(name, old, new)) if x is not None)


def _given(name: str, old: Signature, new: Signature) -> Change | None:
    whole = bool(old.types and new.types)
    if (old.types[0] == new.types[0]) if whole else (old.gives == new.gives):
        return None
    if old.gives == new.gives:
        return Change(True, f"{name} gives {new.gives}, which is made of other fields or sizes")
    return Change(True, f"{name} gave {old.gives}, and gives {new.gives}")


def _taken(name: str, old: Signature, new: Signature) -> Change | None:
    """Parameters with a default may be added behind those that were there; a default may come."""
    if old.takes == new.takes and old.types[1:] == new.types[1:]:
        return None
    kept, added = new.takes[: len(old.takes)], new.takes[len(old.takes) :]
    both = zip(old.takes, kept, strict=False)
    looser = all(n[2] or not o[2] for o, n in both)
    if _same(old, new) and looser and all(default for _, _, default in added):
        return None if old.takes == new.takes else Change(False, f"{name} takes more than it must")
    if _written(old) == _written(new):
        return Change(True, f"{name} takes {_written(new)}, made of other fields or sizes")
    return Change(True, f"{name} took {_written(old)}, and takes {_written(new)}")


def _same(old: Signature, new: Signature) -> bool:
    """Whether all that was taken is taken under its name and with its type."""
    count = len(old.takes)
    if [o[0] for o in old.takes] != [n[0] for n in new.takes[:count]]:
        return False
    if old.types and new.types:
        return old.types[1:] == new.types[1 : count + 1]
    return [o[1] for o in old.takes] == [n[1] for n in new.takes[:count]]


def _written(found: Signature) -> str:
    return f"({', '.join(f'{name}: {type_}' for name, type_, _ in found.takes)})"


def _held(name: str, old: Signature, new: Signature) -> Change | None:
    """Counts and joins need what a list holds: less of it may stop them."""
    if old.coverage == new.coverage or not (old.coverage and new.coverage):
        return None
    (before, *was), (after, *now) = old.coverage.split(" ", 1), new.coverage.split(" ", 1)
    less = was != now or COVERAGE.index(after) < COVERAGE.index(before)
    return Change(less, f"what {name} gives was {old.coverage}, and is {new.coverage}")


def _called(name: str, old: Signature, new: Signature) -> Change | None:
    """More calls at most may not fit a budget that held before."""
    if old.calls is None or new.calls is None or old.calls == new.calls:
        return None
    unknown = old.calls.symbols | new.calls.symbols
    values = [dict.fromkeys(unknown, size) for size in SIZES]
    counts = [(old.calls.value(v) or 0, new.calls.value(v) or 0) for v in values]
    if all(before == after for before, after in counts):
        return None
    more = any(after > before for before, after in counts)
    return Change(more, f"{name} took {old.calls} calls at most, and takes {new.calls}")


def too_low(old: Version, new: Version, found: list[Change]) -> str:
    """What the new version must be at least, in words; empty where it is high enough."""
    breaking = any(c.breaking for c in found)
    if breaking and new.series == old.series:
        series = f"{old.major + 1}.0.0" if old.major else f"0.{old.minor + 1}.0"
        return f"{series}, since users of {old} may have to change something"
    if found and old.major and new.numbers[:2] <= old.numbers[:2]:
        return f"{old.major}.{old.minor + 1}.0, since there is something new"
    return f"{old} or more" if new < old else ""
