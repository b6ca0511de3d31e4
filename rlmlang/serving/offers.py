"""What a server offers, without a word of any protocol: tools, replies, and places to look."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from rlmlang.serving.schemas import Schema
from rlmlang.value import Json

Progress = Callable[[float, float | None, str], Awaitable[None]]
"""Is told how many calls are done, of how many as far as anybody knows, and what was spent."""


@dataclass(frozen=True)
class Offer:
    """A tool: its name, what it is for, what it takes and gives; a `free` one asks no model and
    changes nothing."""

    name: str
    words: str
    takes: Schema
    gives: Schema
    free: bool = False


@dataclass(frozen=True)
class Link:
    """A place that a client may read from the server: its URI, what it is called, what it says."""

    uri: str
    name: str
    words: str


@dataclass(frozen=True)
class Reply:
    """What a call gives: one screen of text, the same as values, links; `failed` says that the
    text is a problem, with its code."""

    text: str
    values: Mapping[str, Json] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    failed: bool = False
