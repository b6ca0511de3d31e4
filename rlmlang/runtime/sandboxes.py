"""The sandboxes of a run, of the tiers that the command, the project or the recipe names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlmlang import plugins
from rlmlang.ir.recipe import Repl
from rlmlang.protocols import Sandbox
from rlmlang.runtime.prepared import Prepared
from rlmlang.runtime.project import tiers_of
from rlmlang.schema.sandboxes import DEFAULT

if TYPE_CHECKING:
    from rlmlang.sandboxes.tiers import Tiers


class Sandboxes:
    """Makes a sandbox for each session; what runs them is begun with the first."""

    def __init__(self, ready: Prepared) -> None:
        self.ready = ready
        self.tiers: Tiers | None = None

    def __call__(self, caps: Repl | None) -> Sandbox:
        """A sandbox within the caps of a `repl`, or the usual ones. Raises CodedError."""
        from rlmlang.sandboxes.bridge import Caps
        from rlmlang.sandboxes.tiers import Tiers

        ready, options = self.ready, self.ready.options
        if self.tiers is None:
            self.tiers = Tiers(plugins.partition, plugins.tier, ready.measure, options.allow_unsafe)
        said = tiers_of(options.sandbox.split(","), "--sandbox") if options.sandbox else ()
        own = caps.sandbox if caps is not None else ()
        tiers = said or ready.project.sandbox or own or DEFAULT
        within = Caps(caps.cpu, caps.memory, caps.shown * 4) if caps is not None else Caps()
        return self.tiers.sandbox(tiers, within)

    async def close(self) -> None:
        """Ends what runs them."""
        if self.tiers is not None:
            await self.tiers.close()
