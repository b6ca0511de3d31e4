"""From a sandbox that takes a subset of Python to one that takes all of it, when a cell needs it.

The first refuses what it has no form for. Then the finished cells are run once more in the second,
with the answers that models gave, and the refused cell after them: nothing is asked again, and
nothing that the refused cell had begun is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from rlmlang.context import Datum
from rlmlang.protocols import CellResult, Submit
from rlmlang.sandboxes.bridge import Host, Session, replay
from rlmlang.schema.sandboxes import NOTHING_OUTSIDE

MOVED = "[moved to a fuller Python]\n"


@dataclass
class FallbackSandbox:
    """A REPL that begins in the first sandbox and may end in the second."""

    first: Session
    fuller: Callable[[], Session]
    cells: list[str] = field(default_factory=list)
    second: Session | None = None
    missing_features: str = f"{NOTHING_OUTSIDE}."

    async def open(
        self, values: Mapping[str, Datum], host: Host, submit: Submit
    ) -> Mapping[str, str]:
        """Begins in the first sandbox."""
        self.begun = (values, host, submit)
        return await self.first.open(values, host, submit)

    async def run(self, code: str) -> CellResult:
        """Runs a cell where it can be run."""
        if self.second is not None:
            return await self.second.run(code)
        said = len(self.first.replay_log.said)
        ran = await self.first.run(code)
        if ran.kind == "unsupported":
            return await self._moved(code, said)
        if not ran.fresh:
            self.cells.append(code)
        return ran

    async def _moved(self, code: str, finished: int) -> CellResult:
        """Runs a cell in the second sandbox; the answers beyond `finished` are those that it was
        given in the first."""
        second = self.second = self.fuller()
        await second.open(*self.begun)
        said = self.first.replay_log.said
        await replay(second, self.cells, said[:finished])
        (ran,) = await replay(second, [code], said[finished:])
        return replace(ran, output=MOVED + ran.output)

    async def close(self) -> None:
        """Ends what was begun."""
        await self.first.close()
        if self.second is not None:
            await self.second.close()
