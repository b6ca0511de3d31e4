"""Frozen values that are cheap to declare.

A frozen dataclass compiles six methods for each class; with a hundred classes that is a third of
the time `rlm check` takes. A `value` compiles its constructor only and inherits the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import Field, FrozenInstanceError, dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, TypeAlias, TypeVar, dataclass_transform

T = TypeVar("T")
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What JSON can say."""
LATER = {"later": True}
"""Marks a field that came later: where it is as by default, it is no part of a hash, so that plans
are known again."""


class Frozen:
    """Equal when its class and its compared fields are; each field is set once, at creation."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __setattr__(self, name: str, new: object) -> None:
        if name in self.__dict__:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        self.__dict__[name] = new

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        mine, theirs = self.__dict__, other.__dict__
        return all(mine[n] == theirs[n] for n in _names(_kind(self)))

    def __hash__(self) -> int:
        names = _names(_kind(self))
        return hash((type(self), *(self.__dict__[n] for n in names)))

    def __repr__(self) -> str:
        shown = (f"{f.name}={self.__dict__[f.name]!r}" for f in fields(self) if f.repr)
        return f"{type(self).__name__}({', '.join(shown)})"


def _kind(of: Any) -> Any:
    return type(of)


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if f.compare)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(kind: type[T]) -> type[T]:
    """Makes a class below `Frozen` a frozen value."""
    return dataclass(eq=False, repr=False)(kind)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def node(kind: type[T]) -> type[T]:
    """The same, its fields given by name only."""
    return dataclass(eq=False, repr=False, kw_only=True)(kind)
