"""Code that the model of a DSPy module writes: it runs in the run's sandboxes, and is recorded as
that of the call which wrote it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import TypeVar

from dspy.primitives.code_interpreter import CodeInterpreterError

from rlmlang.program.interpreter import INSTRUCTIONS, Interpreter
from rlmlang.program.module_lm import ModuleCalls
from rlmlang.protocols import CellResult, Host, Sandbox

T = TypeVar("T")


class RunLoop:
    """The loop of a run, for the thread of a module."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop

    def wait(self, work: Coroutine[object, None, T]) -> T:
        """The result of work done there."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def close(self) -> None:
        """Leaves it to the run."""


class CellInterpreter(Interpreter):
    """A session of a module's code, in a sandbox of the run."""

    def __init__(self, host: Host, calls: ModuleCalls) -> None:
        self.host, self.calls = host, calls
        self.loop = RunLoop(calls.engine.loop)

        async def ended() -> None:
            """The run ends the processes of its sandboxes."""

        super().__init__(lambda: (host.sandbox(), ended))

    def _begin(self) -> RunLoop:
        return self.loop

    async def _run(self, sandbox: Sandbox, code: str) -> CellResult:
        if self.calls.over:
            raise CodeInterpreterError("nobody waits for the module's answer any more")
        began = time.perf_counter()
        ran = await sandbox.run(code)
        if self.calls.count:  # before, no model has written any
            self.host.ran(self.calls.latest, code, ran, time.perf_counter() - began)
        return ran


class Cells:
    """Makes them, for modules that name no interpreter of their own."""

    execution_instructions = INSTRUCTIONS

    def __init__(self, host: Host, calls: ModuleCalls) -> None:
        self.host, self.calls = host, calls

    def __call__(self) -> CellInterpreter:
        """A fresh one."""
        return CellInterpreter(self.host, self.calls)
