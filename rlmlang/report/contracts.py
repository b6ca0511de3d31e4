"""A partition, search or source in words, as `rlm explain NAME` shows it."""

from __future__ import annotations

from rlmlang.schema.partitions import Argument, Strategy
from rlmlang.schema.searches import Search
from rlmlang.schema.sources import SourceKind


def explained(contract: Strategy | Search | SourceKind) -> str:
    """What it is, what it is for, and its arguments, one a line."""
    match contract:
        case Strategy():
            head = f"partition {contract.name}, of {' or '.join(contract.of)}"
        case Search():
            head = f"search {contract.name}"
        case SourceKind():
            head = f"source {contract.name}({contract.place}), which gives {contract.gives}"
            head += f"; pip install '{contract.extra}'" if contract.extra else ""
    return "\n".join([head, f"  {contract.doc}", *map(_argument, contract.arguments)])


def _argument(argument: Argument) -> str:
    usual = "" if argument.default is None else f", {argument.default} if it is left out"
    needed = ", must be given" if argument.required else usual
    return f"  {argument.name}: {argument.doc} ({argument.kind}{needed})"
