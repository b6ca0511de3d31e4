"""Calls that code asks for at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.execute.causes import ends_run, first_cause


async def all_of(work: Sequence[Callable[[], Awaitable[Datum]]]) -> list[Datum]:
    """Results in order. The first that brings none stops the others, whose answers are kept where
    they were sent already. What ends the run is raised; else RuntimeError, in words for the model.
    """
    found: dict[int, Datum] = {}

    async def one(number: int, call: Callable[[], Awaitable[Datum]]) -> None:
        found[number] = await call()

    try:
        async with anyio.create_task_group() as tasks:
            for number, call in enumerate(work):
                tasks.start_soon(one, number, call)
    except BaseExceptionGroup as group:
        problem = first_cause(group)
        if isinstance(problem, CodedError) and not ends_run(problem):
            raise RuntimeError(problem.diagnostic.message) from None
        raise problem from None
    return [found[number] for number in range(len(work))]
