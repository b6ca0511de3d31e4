"""Pieces held to the contract that the plan counted with, whoever cut them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rlmlang.context import Measure, Slice, tok_in
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir import recipe as r

T = TypeVar("T")


def held(pieces: Iterable[T], name: str, facts: r.Facts, measure: Measure) -> Iterator[T]:
    """The pieces of a partition. Raises CodedError (contract-broken) for one that is larger, and
    for one more, than its `facts` allow."""
    most, cap = facts.count.value(), facts.item.value()
    for number, piece in enumerate(pieces, 1):
        if most is not None and number > most:
            raise _broken(name, f"more than {most:,} pieces")
        size = tok_in(piece.parts, measure) if isinstance(piece, Slice) else 0
        if cap is not None and size > cap:
            raise _broken(name, f"a piece of {size:,} tok, where {cap:,} are the most")
        yield piece


def _broken(name: str, what: str) -> CodedError:
    return failed(
        "contract-broken",
        f"`{name}` gave {what}",
        reason="The plan and its price were computed with what the partition promises.",
        hint="cut by another partition, and tell whoever made this one",
    )
