"""A hundred free-form sessions at a time: how long a plain call beside them has to wait."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from rlmlang import plugins
from rlmlang.partitions.measure import Estimate
from rlmlang.sandboxes.bridge import Caps
from rlmlang.sandboxes.tiers import Tiers

SESSIONS = 100
CELL = "total = sum(i * i for i in range(20_000))\nprint(llm_query(str(total)))"
PAUSE = 0.002


async def answered(prompts: list[Any], contexts: list[Any], deep: bool) -> list[str]:
    """A model of 50 ms."""
    await asyncio.sleep(0.05)
    return ["yes" for _ in prompts]


async def delays(stop: asyncio.Event) -> list[float]:
    """How much later than asked for the loop comes back, in milliseconds, until told to stop."""
    found = []
    while not stop.is_set():
        began = time.perf_counter()
        await asyncio.sleep(PAUSE)
        found.append((time.perf_counter() - began - PAUSE) * 1e3)
    return found


async def one(tiers: Tiers, tier: tuple[str, ...]) -> None:
    """A session of three cells, each with a sub-call."""
    sandbox = tiers.sandbox(tier, Caps())
    try:
        await sandbox.open({"x": 1}, {"__query": answered}, lambda values, fields: values)
        for _ in range(3):
            ran = await sandbox.run(CELL)
            assert not ran.error, ran.error
    finally:
        await sandbox.close()


async def beside(tier: tuple[str, ...], count: int) -> tuple[float, list[float]]:
    """Seconds that sessions take, and the delays beside them."""
    tiers, stop = Tiers(plugins.partition, plugins.tier, Estimate()), asyncio.Event()
    try:
        await one(tiers, tier)  # warm
        watch = asyncio.create_task(delays(stop))
        began = time.perf_counter()
        await asyncio.gather(*(one(tiers, tier) for _ in range(count)))
        taken = time.perf_counter() - began
        stop.set()
        return taken, await watch
    finally:
        await tiers.close()


def rows() -> list[tuple[str, str, str]]:
    """A row a tier: the time of all sessions, the median and the 99th percentile of the delay."""
    found = []
    for tier in (("monty",), ("cpython",)):
        taken, late = asyncio.run(beside(tier, SESSIONS))
        middle, high = statistics.median(late), statistics.quantiles(late, n=100)[98]
        words = f"{taken:.1f} s; delay {middle:.1f} ms, 99 % {high:.1f} ms, most {max(late):.1f} ms"
        found.append((f"{SESSIONS} sessions of {tier[0]}", words, "no blocking"))
    return found
