"""The sandboxes of a run by the names of their tiers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rlmlang.context import Measure
from rlmlang.protocols import Partition, Sandbox
from rlmlang.sandboxes import guests
from rlmlang.sandboxes.bridge import Caps
from rlmlang.sandboxes.cpython import Zygote
from rlmlang.sandboxes.escalate import Escalating
from rlmlang.sandboxes.handles import Handles
from rlmlang.sandboxes.monty import MontySandbox, Workers
from rlmlang.sandboxes.process import ProcessSandbox
from rlmlang.schema.sandboxes import BUBBLEWRAP, CPYTHON, DENO, QUICK, WASM


@dataclass
class Tiers:
    """Makes sandboxes, and holds the processes that they share until it is closed."""

    partition: Callable[[str, dict[str, Any], int, int], Partition]
    measure: Measure
    unsafe: bool = False
    workers: Workers = field(default_factory=Workers)

    def __post_init__(self) -> None:
        self.wrapped = Workers(wrapped=True)
        zygote = Zygote(unsafe=self.unsafe)
        self.origins: dict[str, Zygote | guests.Wardens] = {
            CPYTHON: zygote,
            WASM: guests.Wardens(guests.WASM),
            DENO: guests.Wardens(guests.DENO),
        }

    def sandbox(self, tiers: tuple[str, ...], caps: Caps) -> Sandbox:
        """A sandbox of the first tier, that moves to the second where there is one."""
        handles = Handles(self.partition, self.measure)

        def full() -> ProcessSandbox:
            return ProcessSandbox(self.origins[tiers[-1]], handles, caps)

        if tiers[0] not in QUICK:
            return full()
        workers = self.wrapped if tiers[0] == BUBBLEWRAP else self.workers
        first = MontySandbox(workers, handles, caps)
        return Escalating(first, full) if len(tiers) > 1 else first

    async def close(self) -> None:
        """Ends all processes."""
        await self.workers.close()
        await self.wrapped.close()
        for origin in self.origins.values():
            await origin.close()

    async def trial(self, tier: str) -> str:
        """What a tier can do on this machine; runs a cell in it. Raises CodedError, DiedError or
        OSError where it does not work."""
        sandbox = self.sandbox((tier,), Caps(cpu=10.0))
        try:
            await sandbox.open({}, {}, lambda values, fields: values)
            ran = await sandbox.run("print(sum(range(10)))")
            if ran.output != "45\n":
                raise OSError(ran.error or "a cell gave the wrong answer")
            return sandbox.lacks
        finally:
            await sandbox.close()
