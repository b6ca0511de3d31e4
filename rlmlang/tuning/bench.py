"""Where a tuning runs its recipe: examples scored, from whatever thread, out of one account."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import anyio

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir import suite as s
from rlmlang.loop_thread import LoopThread
from rlmlang.program.asker import Traced
from rlmlang.program.tunable import Answered
from rlmlang.runtime.session import Session, interrupted
from rlmlang.runtime.tuned import Tuning
from rlmlang.testing.datasets import Example
from rlmlang.testing.evals import Scored, Way, score_one


class Halted(Exception):  # noqa: N818, a tuning that stops is no error of the optimizer's
    """The tuning has stopped for a reason that is no example's."""


class Bench:
    """Runs examples. What stops one for a reason that is not the recipe's own stops the tuning:
    it is never scored, and goes on when the tuning is begun again."""

    def __init__(
        self, made: s.Eval, rows: Sequence[Example], way: Way, loop: LoopThread,
        told: Callable[[Scored], None],
    ) -> None:  # fmt: skip
        self.made, self.rows, self.way, self.loop, self.told = made, rows, way, loop, told
        self.by_number = {row.number: row for row in rows}
        self.sessions: set[Session] = set()
        self.running: set[asyncio.Task[Any]] = set()
        self.problem: CodedError | None = None
        self.runs = 0

    def scores(self, numbers: Sequence[int], tuning: Tuning) -> list[Scored]:
        """Examples with what was found so far, in their order. Raises CodedError."""
        way = replace(self.way, options=replace(self.way.options, tuning=tuning))
        found: list[Scored] = self.loop.wait(self._all(numbers, way))
        if self.problem is not None:
            raise self.problem
        return found

    async def _all(self, numbers: Sequence[int], way: Way) -> list[Scored]:
        found: dict[int, Scored] = {}
        limiter = anyio.CapacityLimiter(way.at_once)

        async def one(number: int) -> None:
            async with limiter:
                if self.problem is None:
                    scored = await self._one(number, way, None, None)
                    if scored is not None:
                        found[number] = scored

        async with anyio.create_task_group() as tasks:
            for number in numbers:
                tasks.start_soon(one, number)
        return [found[n] for n in numbers if n in found]

    async def _one(
        self, number: int, way: Way, program: Any, trace: list[Traced] | None
    ) -> Scored | None:
        self.runs += 1
        task = asyncio.current_task()
        assert task is not None
        self.running.add(task)
        try:
            scored = await score_one(self.made, self.by_number[number], way, self.sessions,
                                     program, trace)  # fmt: skip
        except CodedError as problem:
            self.problem = self.problem or problem
            return None
        finally:
            self.running.discard(task)
        self.told(scored)
        return scored

    def answering(self, tuning: Tuning) -> Callable[[Any, int], Answered]:
        """How an optimizer's program answers an example, with numbers and models as found."""
        fixed = replace(tuning, prompts={})
        way = replace(self.way, options=replace(self.way.options, tuning=fixed))

        def answer(program: Any, number: int) -> Answered:
            trace: list[Traced] = []
            if self.problem is not None:
                raise Halted
            scored = self.loop.wait(self._one(number, way, program, trace))
            if scored is None:
                raise Halted
            return Answered(scored.score, scored.reason, scored.told, trace)

        return answer

    def stop(self) -> CodedError:
        """Ctrl-C: nothing new is begun, and what is on its way is heard out."""
        problem: CodedError = self.loop.wait(self._stopped())
        return problem

    async def _stopped(self) -> CodedError:
        self.problem = self.problem or interrupted()
        for session in list(self.sessions):
            session.stop()
        if self.running:
            await asyncio.wait(set(self.running), timeout=self.way.options.timeout)
        return self.problem
