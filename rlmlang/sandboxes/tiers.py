"""The sandboxes of a run by the names of their tiers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pkgutil import resolve_name

from rlmlang.context import Measure
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.protocols import Partition, Sandbox
from rlmlang.sandboxes.bridge import Caps, Pool
from rlmlang.sandboxes.fallback import FallbackSandbox
from rlmlang.sandboxes.handles import Handles
from rlmlang.schema.sandboxes import Tier


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
        return FallbackSandbox(begun, lambda: others[0].session(handles, caps)) if others else begun

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
