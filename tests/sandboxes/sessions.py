"""Sessions of cells in a sandbox of any tier, with a model that answers by rules."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from rlmlang import plugins
from rlmlang.partitions.measure import Estimate
from rlmlang.protocols import CellResult
from rlmlang.sandboxes.bridge import Caps
from rlmlang.sandboxes.tiers import Tiers
from rlmlang.schema.sandboxes import TIERS, Tier
from rlmlang.schema.tools import BUILT_IN
from tests.sandboxes.contexts import mock_llm

Query = Callable[[list[Any], list[Any], bool], Any]
MONTY, CPYTHON = ("monty",), ("cpython",)
PROGRAMS = {"bubblewrap": "bwrap", "deno": "deno"}


def here(tier: Tier) -> bool:
    """Whether what a tier needs is installed."""
    module = tier.needs and importlib.util.find_spec(tier.needs) is not None
    program = tier.name in PROGRAMS and shutil.which(PROGRAMS[tier.name]) is not None
    return bool(module or program) or not (tier.needs or tier.name in PROGRAMS)


def every(*left_out: str) -> Any:
    """A parameter for each tier, passed over where it is not installed."""
    return [
        pytest.param((n,), id=n, marks=pytest.mark.skipif(not here(t), reason=f"no {n} here"))
        for n, t in TIERS.items()
        if n not in left_out
    ]


async def model(prompts: list[Any], contexts: list[Any], deep: bool) -> list[str]:
    """A model behind `llm_query`."""
    texts = [f"{p}\n\n{c}" if c else str(p) for p, c in zip(prompts, contexts, strict=True)]
    return [mock_llm(t) for t in texts]


def submitted(values: list[Any], fields: dict[str, Any]) -> Any:
    if not values and not fields:
        raise ValueError("takes one value")
    return values[0] if values else fields


async def session(
    values: dict[str, Any], cells: list[str], query: Query, caps: Caps, tier: tuple[str, ...]
) -> list[CellResult]:
    """What comes of some cells, one after the other, in processes that sessions share."""
    sandbox = shared().sandbox(tier, caps)

    async def tool(name: str, args: list[Any], fields: dict[str, Any]) -> Any:
        raise ValueError(f"there is no tool {name}")

    try:
        host = {"__query": query, "__tool": tool, **BUILT_IN}
        await sandbox.open(values, host, submitted)
        out = []
        for cell in cells:
            out.append(await sandbox.run(cell))
            if out[-1].submitted:
                break
        return out
    finally:
        await sandbox.close()


@cache
def shared() -> Tiers:
    """The processes of all sessions, until this one ends."""
    return Tiers(plugins.partition, plugins.tier, Estimate())


@cache
def loop() -> asyncio.Runner:
    """The loop that those processes are spoken to in."""
    return asyncio.Runner()


def end() -> None:
    """Ends those processes."""
    loop().run(shared().close())
    loop().close()


def run(
    values: dict[str, Any],
    *cells: str,
    query: Query = model,
    caps: Caps = Caps(),
    tier: tuple[str, ...] = MONTY,
) -> list[CellResult]:
    return loop().run(session(values, list(cells), query, caps, tier))
