"""The least parts of the syntax tree: a node with its place, and what holds no expression."""

from __future__ import annotations

from dataclasses import field

from rlmlang.diagnostics.source import Span
from rlmlang.value import Frozen, node


@node
class Node(Frozen):
    """Anything with a place in the text."""

    span: Span = field(compare=False, repr=False)


@node
class Name(Node):
    """A bare word."""

    text: str


@node
class Number(Node):
    """`20_000`, `0.5`, `8ktok`, `10%`: the value with its multiplier applied, and the unit."""

    value: float
    unit: str = ""


@node
class Constant(Node):
    """`true`, `false` or `none`."""

    value: bool | None


@node
class Date(Node):
    """`2026-11-30`, or an instant with a `time`, `2026-11-30T08:15:00Z`, in its one form."""

    value: str
    time: bool = False


@node
class Assume(Node):
    """`assume exact because "…"`."""

    because: str


@node
class Use(Node):
    """`use "std/needle" { find }`."""

    path: str
    version: str = ""
    alias: Name | None = None
    names: tuple[Name, ...] = ()
    docs: str = ""


@node
class Variant(Node):
    """A label of an enum."""

    name: Name
    docs: str = ""


@node
class Whole(Node):
    """What is read of a whole text. `holes` are the parts of it that could not be read, `lost` the
    names that they may have declared."""

    holes: tuple[Span, ...] = field(default=(), compare=False, repr=False)
    lost: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
