"""The sandboxes of a run by the names of their tiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pkgutil import resolve_name

from rlmlang.context import Datum, Measure
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.protocols import CellResult, Partition, Sandbox, Submit
from rlmlang.sandboxes.bridge import Caps, Pool
from rlmlang.sandboxes.fallback import FallbackSandbox
from rlmlang.sandboxes.handles import Handles
from rlmlang.schema.sandboxes import Tier


@dataclass(frozen=True)
class RecordedSandbox:
    """A sandbox that says of each cell in which of its tiers it ran, and what it read."""

    inner: Sandbox
    tiers: tuple[str, ...]
    handles: Handles

    @property
    def missing_features(self) -> str:
        """What a model is told that this Python has not."""
        return self.inner.missing_features

    async def open(
        self, values: Mapping[str, Datum], host: Mapping[str, object], submit: Submit
    ) -> Mapping[str, str]:
        """Begins."""
        return await self.inner.open(values, host, submit)

    async def run(self, code: str) -> CellResult:
        """Runs a cell."""
        ran = await self.inner.run(code)
        moved = isinstance(self.inner, FallbackSandbox) and self.inner.second is not None
        tier = self.tiers[moved]
        return replace(ran, tier=tier, ranges=self.handles.ranges())

    async def close(self) -> None:
        """Ends it."""
        await self.inner.close()


@dataclass
class Tiers:
    """Makes sandboxes, and holds the processes that they share until it is closed. `tier` finds
    what is known of one; `unsafe` takes processes that could not be locked down."""

    partition: Callable[[str, dict[str, object], int, int], Partition]
    tier: Callable[[str], Tier]
    measure: Measure
    unsafe: bool = False
    pools: dict[str, Pool] = field(default_factory=dict)

    def sandbox(self, tiers: tuple[str, ...], caps: Caps) -> Sandbox:
        """A sandbox of the first tier, that moves to the second where there is one."""
        handles = Handles(self.partition, self.measure)
        first, *others = (self._pool(n) for n in tiers)
        begun = first.session(handles, caps)
        if not others:
            return RecordedSandbox(begun, tiers, handles)
        moving = FallbackSandbox(begun, lambda: others[0].session(handles, caps))
        return RecordedSandbox(moving, tiers, handles)

    def _pool(self, name: str) -> Pool:
        if name not in self.pools:
            tier = self.tier(name)
            self.pools[name] = resolve_name(tier.pool)(tier, self.unsafe)
        return self.pools[name]

    async def close(self) -> None:
        """Ends all processes."""
        for pool in self.pools.values():
            await pool.close()

    async def trial(self, name: str) -> tuple[bool, str]:
        """Whether a tier works on this machine, by running a cell in it, and what it cannot do or
        why it does not."""
        sandbox = self.sandbox((name,), Caps(cpu=10.0))
        try:
            await sandbox.open({}, {}, lambda values, fields: values)
            ran = await sandbox.run("print(sum(range(10)))")
        except CodedError as mistake:
            return False, f"{mistake}: {mistake.diagnostic.hint}"
        except OSError as mistake:
            return False, str(mistake)
        finally:
            await sandbox.close()
        if ran.output != "45\n":
            return False, ran.error or "a cell gave the wrong answer"
        return True, sandbox.missing_features
