"""What travels between a session and its host, as types. Code in a session may send anything, so
the host holds what arrives for `object` until it has looked."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict, final

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]


class Hit(TypedDict):
    """A match of a pattern: its bytes, what it matched, and what stands around it."""

    path: NotRequired[str]
    start: int
    end: int
    match: str
    groups: list[str | None]
    text: str


class Config(TypedDict):
    """What the host sends first. `cpu` is seconds of a cell, `seconds` those of the session's life,
    `memory` bytes, `shown` characters kept of what a cell prints."""

    tools: list[str]
    values: dict[str, Plain]
    cpu: float
    seconds: int
    memory: int
    shown: int


@final
class Returned(TypedDict):
    """The answer to a call."""

    return_value: Plain


@final
class Raised(TypedDict):
    """An error as the answer to a call."""

    exc_type: str
    message: str


Answer = Returned | Raised


class Walls(TypedDict):
    """Which walls stand around a process: Landlock's version, 0 without it."""

    limits: bool
    landlock: int
    seccomp: bool


class Done(TypedDict):
    """What came of a cell; `length` counts all that it printed, `threads` those still running."""

    op: Literal["done"]
    output: str
    length: int
    kind: str
    error: str
    threads: int
