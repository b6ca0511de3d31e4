"""Names to values: our own of one kind, and those of other distributions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.schema.registry import Find


class Named(Protocol):
    """What stands in a table."""

    @property
    def name(self) -> str:
        """What it is called in the language."""


T = TypeVar("T", bound=Named)


class Table(dict[str, T]):
    """Our own of one kind by name; `group` is that of the entry points of others."""

    def __init__(self, group: str, kind: type[T], ours: Iterable[T]) -> None:
        super().__init__((x.name, x) for x in ours)
        self.group, self.kind = group, kind

    def find(self, name: str, others: Find) -> T | None:
        """Ours of that name, else another distribution's. Raises CodedError (plugin-broken)."""
        found = self.get(name) or others(self.group, name)
        if found is None or isinstance(found, self.kind):
            return found
        words = f"`{name}` of {self.group} is no {self.kind.__name__}"
        raise failed("plugin-broken", f"{words}, but {type(found).__name__}")
