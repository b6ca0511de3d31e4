"""Runs a tuning's examples, so many at a time, and scores them, out of one account."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import anyio

from rlmlang.budget import Usage
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir import suite as s
from rlmlang.loop_thread import LoopThread
from rlmlang.program.predictor import Traced
from rlmlang.program.program import Program
from rlmlang.program.tunable import Answered, Answers
from rlmlang.runtime.session import Session
from rlmlang.runtime.stops import interrupted
from rlmlang.runtime.tuned import Tuning
from rlmlang.testing.datasets import Example
from rlmlang.testing.evals import Scored, Way, score_one


class TuningStopped(BaseException):
    """A tuning stops for a reason that is no example's. Optimizers, which go on after any
    Exception, let it through."""


class ExampleRunner:
    """Runs examples. What stops one for a reason that is not the recipe's own stops the tuning:
    it is never scored, and goes on when the tuning is begun again. `carried` is what runs that are
    taken up again had used before: their budgets count it, nothing paid it now."""

    def __init__(
        self,
        made: s.Eval,
        rows: Sequence[Example],
        way: Way,
        loop: LoopThread,
        told: Callable[[Scored], None],
    ) -> None:
        self.made, self.rows, self.way, self.loop, self.told = made, rows, way, loop, told
        self.by_number = {row.number: row for row in rows}
        self.sessions: set[Session] = set()
        self.running: set[asyncio.Task[object]] = set()
        self.problem: CodedError | None = None
        self.runs = 0
        self.carried = Usage()

    def scores(self, numbers: Sequence[int], tuning: Tuning) -> list[Scored]:
        """The scores of examples, in their order. Raises TuningStopped."""
        return [scored for scored, _ in self._run(numbers, tuning, None)]

    def answering(self, tuning: Tuning) -> Answers:
        """How an optimizer's program answers examples, with numbers and models as found."""
        fixed = replace(tuning, prompts={})

        def answers(program: Program, numbers: Sequence[int]) -> list[Answered]:
            return [
                Answered(scored.score, scored.reason, scored.told, trace, scored.want)
                for scored, trace in self._run(numbers, fixed, program)
            ]

        return answers

    def _run(
        self, numbers: Sequence[int], tuning: Tuning, program: Program | None
    ) -> list[tuple[Scored, list[Traced]]]:
        way = replace(self.way, options=replace(self.way.options, tuning=tuning))
        found: list[tuple[Scored, list[Traced]]] = []
        if self.problem is None:
            found = self.loop.wait(self._all(numbers, way, program))
        if self.problem is not None:
            raise TuningStopped
        return found

    async def _all(
        self, numbers: Sequence[int], way: Way, program: Program | None
    ) -> list[tuple[Scored, list[Traced]]]:
        found: dict[int, tuple[Scored, list[Traced]]] = {}
        limiter = anyio.CapacityLimiter(way.at_once)

        async def one(place: int, number: int) -> None:
            async with limiter:
                trace: list[Traced] = []
                scored = await self._one(number, way, program, trace)
                if scored is not None:
                    found[place] = scored, trace

        async with anyio.create_task_group() as tasks:
            for place, number in enumerate(numbers):
                tasks.start_soon(one, place, number)
        return [found[place] for place in sorted(found)]

    async def _one(
        self, number: int, way: Way, program: Program | None, trace: list[Traced]
    ) -> Scored | None:
        """One example; nothing once the tuning stops. Only a program's calls are traced."""
        if self.problem is not None:
            return None
        self.runs += 1
        task = asyncio.current_task()
        assert task is not None
        self.running.add(task)
        try:
            scored = await score_one(
                self.made,
                self.by_number[number],
                way,
                self.sessions,
                program,
                None if program is None else trace,
            )
        except CodedError as problem:
            self.problem = self.problem or problem
            return None
        finally:
            self.running.discard(task)
        self.carried += scored.carried
        self.told(scored)
        return scored

    def stop(self) -> CodedError:
        """Ctrl-C: nothing new is begun, and what is in flight is allowed to finish."""
        problem: CodedError = self.loop.wait(self._stopped())
        return problem

    async def _stopped(self) -> CodedError:
        self.problem = self.problem or interrupted()
        for session in list(self.sessions):
            session.stop()
        if self.running:
            await asyncio.wait(set(self.running), timeout=self.way.options.timeout)
        return self.problem
