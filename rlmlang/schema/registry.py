"""Names to contracts: ours by a file each, those of other distributions by their entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
Find = Callable[[str, str], object]


class Plugins(Protocol):
    """What other distributions have. `find` gives what stands in a group of entry points under a
    name, or None, and raises CodedError where it cannot be used; `names` are all of a group."""

    @property
    def find(self) -> Find:
        """What looks up."""

    @property
    def names(self) -> Callable[[str], tuple[str, ...]]:
        """What lists."""


class _Alone:
    """No other distributions."""

    def find(self, group: str, name: str) -> object:
        """Nothing."""
        return None

    def names(self, group: str) -> tuple[str, ...]:
        """None."""
        return ()


ALONE = _Alone()


class Registry(Mapping[str, T], Generic[T]):
    """Our own contracts of one kind. Each is the `CONTRACT` of a module of its name in `room`,
    which is imported when it is asked for; `group` is that of the entry points by which other
    distributions add their own."""

    def __init__(self, group: str, kind: type[T], room: str, names: str) -> None:
        self.group, self.kind, self.room, self.names = group, kind, room, tuple(names.split())

    def __getitem__(self, name: str) -> T:
        if name not in self.names:
            raise KeyError(name)
        found: T = import_module(f"{self.room}.{name}").CONTRACT
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def find(self, name: str, others: Find) -> T | None:
        """Ours of that name; `others` is asked only where we have none."""
        if name in self.names:
            return self[name]
        found = others(self.group, name)
        return found if isinstance(found, self.kind) else None
