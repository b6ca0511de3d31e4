"""The least parts of the syntax tree: a node with its place, words, numbers, truths."""

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
