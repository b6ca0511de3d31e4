"""What other distributions add by their entry points, in the groups `rlmlang.…`.

An entry point is looked up only for a name that is not ours: reading what is installed takes longer
than checking a recipe. It names a contract, which is pure; what keeps the contract is imported when
it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, TypeVar

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.functions.table import FUNCTIONS
from rlmlang.schema.partitions import STRATEGIES, Strategy
from rlmlang.schema.registry import Registry
from rlmlang.schema.sandboxes import TIERS, Tier
from rlmlang.schema.searches import SEARCHES, Search
from rlmlang.schema.sources import SOURCES, SourceKind

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from rlmlang import protocols
    from rlmlang.context import Datum
    from rlmlang.sources.place import Place

T = TypeVar("T")
REGISTRIES = (STRATEGIES, SEARCHES, SOURCES, TIERS)


@cache
def names(group: str) -> tuple[str, ...]:
    """What other distributions have in a group."""
    return tuple(sorted({point.name for point in _points() if point.group == group}))


@cache
def find(group: str, name: str) -> object | None:
    """What another distribution has under a name, or None. Raises CodedError (plugin-broken)."""
    points = [point for point in _points() if (point.group, point.name) == (group, name)]
    if not points:
        return None
    given = " and ".join(sorted(_distribution(point) for point in points))
    if len(points) > 1:
        raise _broken(name, given, "both have one of that name")
    try:
        found: object = points[0].load()
    except Exception as mistake:  # whatever the code of others does when it is imported
        raise _broken(name, given, mistake) from None
    for registry in REGISTRIES:
        kind = registry.kind
        if registry.group == group and not (isinstance(found, kind) and found.name == name):
            raise _broken(name, given, f"it gives {found!r:.60}, not the {kind.__name__} `{name}`")
    return found


def contract(registry: Registry[T], name: str) -> T:
    """Ours of that name, or another distribution's. Raises CodedError (plugin-missing)."""
    found = registry.find(name, find)
    if found is None:
        raise failed("plugin-missing", f"nothing installed is called {name}")
    return found


def named(name: str) -> list[Any]:
    """What has a name, of all kinds, ours and other distributions'."""
    found = [*(r.find(name, find) for r in REGISTRIES), FUNCTIONS.find(name, find)]
    return [x for x in found if x is not None]


def partition(
    name: str, options: Mapping[str, object], before: int = 0, after: int = 0
) -> protocols.Partition:
    """A partition with its arguments, and its neighbours if it gathers them."""
    cut: protocols.Partition = made(contract(STRATEGIES, name), options)
    if before or after:
        from rlmlang.partitions.gather import Gather

        return Gather(cut, before, after)
    return cut


def search(name: str, options: Mapping[str, object]) -> protocols.Search:
    """A look-up with its arguments."""
    found: protocols.Search = made(contract(SEARCHES, name), options)
    return found


def tier(name: str) -> Tier:
    """A tier of sandboxes. Raises CodedError (plugin-missing, plugin-broken)."""
    return contract(TIERS, name)


def opened(kind: str, place: Place) -> Datum:
    """What a source of a kind gives. Raises CodedError (extra-missing, those of its place)."""
    source = contract(SOURCES, kind)
    found: Datum = _runner(source, source.extra)(place)
    return found


def made(contract: Strategy | Search, options: Mapping[str, object]) -> Any:
    """What keeps a contract, with its arguments. Raises CodedError (plugin-broken)."""
    return _runner(contract)(**options)


def _runner(contract: Strategy | Search | SourceKind, extra: str = "") -> Any:
    """What carries a contract out. `extra` is what it needs besides, as pip names it."""
    try:
        return resolve_name(contract.runner)
    except ModuleNotFoundError as missing:
        if extra:
            words = f"`{contract.name}` needs {missing.name}, which is not installed"
            raise failed("extra-missing", words, hint=f"pip install '{extra}'") from None
        raise _broken(contract.name, contract.runner, missing) from None
    except Exception as mistake:  # whatever the code of others does when it is imported
        raise _broken(contract.name, contract.runner, mistake) from None


@cache
def _points() -> tuple[EntryPoint, ...]:
    """The entry points of all that is installed, those in our groups."""
    from importlib.metadata import entry_points

    every = entry_points()
    return tuple(
        point
        for group in every.groups
        if group.startswith("rlmlang.")
        for point in every.select(group=group)
    )


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.module


def _broken(name: str, given: str, reason: str | Exception) -> CodedError:
    words = reason if isinstance(reason, str) else f"{type(reason).__name__}: {reason}"
    return failed(
        "plugin-broken",
        f"`{name}` of {given} cannot be used",
        reason=words,
        hint="install another version of the package, or remove it",
    )
