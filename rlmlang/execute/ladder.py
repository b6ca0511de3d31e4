"""ladder: one rung after the other, until an answer is accepted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from rlmlang.execute.evaluate import evaluate
from rlmlang.execute.scope import Scope
from rlmlang.ir import recipe as r

Rung = Callable[[r.Rung], Awaitable[dict[str, Any]]]


@dataclass
class Climb:
    """One ladder. `climb` carries out the steps of a rung and gives the values of all names."""

    scope: Scope
    work: r.Ladder
    climb: Rung

    async def run(self) -> Any:
        """The first answer that is accepted; the last rung's where none is."""
        value: Any = None
        for rung in self.work.rungs:
            env = await self.climb(rung)
            value = evaluate(rung.result, env, self.scope.tools.code)
            if evaluate(self.work.accept, {**env, "it": value}, self.scope.tools.code):
                break
        return value
