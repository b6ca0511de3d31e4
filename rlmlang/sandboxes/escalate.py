"""From the default sandbox to a fuller one, when a cell needs it.

The default sandbox refuses what it has no form for. Then the finished cells are run once more in
the fuller one, with the answers that models gave, and the refused cell after them: nothing is
asked again, and nothing that the refused cell had begun is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rlmlang.protocols import Ran
from rlmlang.sandboxes.bridge import Submit
from rlmlang.sandboxes.monty import MontySandbox
from rlmlang.sandboxes.process import ProcessSandbox

MOVED = "[moved to a fuller Python]\n"


@dataclass
class Escalating:
    """A REPL that begins in the first sandbox and may end in the second."""

    first: MontySandbox
    fuller: Callable[[], ProcessSandbox]
    cells: list[str] = field(default_factory=list)
    second: ProcessSandbox | None = None
    lacks: str = "Not in this Python: files, network, processes."

    async def open(
        self, values: Mapping[str, Any], host: Mapping[str, Any], submit: Submit
    ) -> Mapping[str, str]:
        """Begins in the first sandbox."""
        self.begun = (values, host, submit)
        return await self.first.open(values, host, submit)

    async def run(self, code: str) -> Ran:
        """Runs a cell where it can be run."""
        if self.second is not None:
            return await self.second.run(code)
        said = len(self.first.journal.said)
        ran = await self.first.run(code)
        if ran.kind != "unsupported":
            if not ran.fresh:
                self.cells.append(code)
            return ran
        partly = self.first.journal.said[said:]
        return await self._moved(code, self.first.journal.said[:said], partly)

    async def _moved(self, code: str, said: list[Any], partly: list[Any]) -> Ran:
        second = self.second = self.fuller()
        await second.open(*self.begun)
        await second.replay(self.cells, said)
        second.journal.again = list(partly)
        ran = await second.run(code)
        second.journal.again = []
        return Ran(MOVED + ran.output, ran.error, ran.kind, ran.submitted, ran.value, ran.fresh)

    async def close(self) -> None:
        """Ends what was begun."""
        await self.first.close()
        if self.second is not None:
            await self.second.close()
