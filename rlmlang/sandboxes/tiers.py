"""The sandboxes of a run by the names of their tiers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rlmlang.context import Measure
from rlmlang.protocols import Partition, Sandbox
from rlmlang.sandboxes.bridge import Caps
from rlmlang.sandboxes.cpython import CPythonSandbox, Zygote
from rlmlang.sandboxes.escalate import Escalating
from rlmlang.sandboxes.handles import Handles
from rlmlang.sandboxes.monty import MontySandbox, Workers


@dataclass
class Tiers:
    """Makes sandboxes, and holds the processes that they share until it is closed."""

    partition: Callable[[str, dict[str, Any], int, int], Partition]
    measure: Measure
    unsafe: bool = False
    workers: Workers = field(default_factory=Workers)

    def __post_init__(self) -> None:
        self.zygote = Zygote(unsafe=self.unsafe)

    def sandbox(self, tiers: tuple[str, ...], caps: Caps) -> Sandbox:
        """A sandbox of the first tier, that moves to the second where there is one."""
        handles = Handles(self.partition, self.measure)

        def fuller() -> CPythonSandbox:
            return CPythonSandbox(self.zygote, handles, caps)

        if tiers == ("cpython",):
            return fuller()
        first = MontySandbox(self.workers, handles, caps)
        return Escalating(first, fuller) if "cpython" in tiers else first

    async def close(self) -> None:
        """Ends all processes."""
        await self.workers.close()
        await self.zygote.close()

    async def trial(self, tier: str) -> str:
        """What a tier can do on this machine; runs a cell in it. Raises CodedError, DiedError or
        OSError where it does not work."""
        sandbox = self.sandbox((tier,), Caps(cpu=5.0))
        try:
            await sandbox.open({}, {}, lambda values, fields: values)
            ran = await sandbox.run("print(sum(range(10)))")
            if ran.output != "45\n":
                raise OSError(ran.error or "a cell gave the wrong answer")
            return sandbox.lacks
        finally:
            await sandbox.close()
