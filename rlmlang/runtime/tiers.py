"""What sandboxes can do on this machine, by trying them."""

from __future__ import annotations

import asyncio

from rlmlang import plugins
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.partitions.measure import Estimate
from rlmlang.sandboxes.process import DiedError
from rlmlang.sandboxes.tiers import Tiers
from rlmlang.schema.sandboxes import TIERS


def sandbox_trials() -> list[tuple[str, bool, str]]:
    """Each tier: its name, whether it works here, and what it lacks or why it does not."""
    return asyncio.run(_all())


async def _all() -> list[tuple[str, bool, str]]:
    tiers = Tiers(plugins.partition, Estimate())
    try:
        return [await _one(tiers, tier) for tier in TIERS]
    finally:
        await tiers.close()


async def _one(tiers: Tiers, tier: str) -> tuple[str, bool, str]:
    try:
        return tier, True, await tiers.trial(tier)
    except CodedError as mistake:
        return tier, False, f"{mistake}: {mistake.diagnostic.hint}"
    except (DiedError, OSError) as mistake:
        return tier, False, str(mistake)
