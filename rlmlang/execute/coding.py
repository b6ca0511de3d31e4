"""Work with the user's code in it: beside everything else, and each call of the code recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from rlmlang.execute.aside import aside
from rlmlang.execute.evaluate import RunCode
from rlmlang.execute.run_context import RunContext
from rlmlang.ir.calls import CallId
from rlmlang.trajectory.events import CodeCalled

T = TypeVar("T")


async def coded(scope: RunContext, call: CallId, long: bool, work: Callable[[RunCode], T]) -> T:
    """What work gives, which calls code if it is `long`; what the calls were is recorded as those
    of `call`, also where one fails."""
    if not long:
        return work(scope.tools.code)
    seen: list[CodeCalled] = []
    code = scope.tools.code.at(call, seen.append)
    try:
        return await aside(long, lambda: work(code))
    finally:
        for event in seen:
            scope.emit(event)
