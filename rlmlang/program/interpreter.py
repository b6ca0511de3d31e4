"""Our sandboxes as DSPy's code interpreters, for `dspy.RLM(…, interpreter_factory=…)`."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from dspy.primitives.code_interpreter import CodeExecutionError, CodeInterpreterError, FinalOutput

from rlmlang.context import Datum
from rlmlang.loop_thread import LoopThread
from rlmlang.protocols import CellResult, Sandbox

Opening = Callable[[], tuple[Sandbox, Callable[[], Coroutine[None, None, None]]]]
"""Makes a sandbox, and what ends the processes that it has for itself."""
T = TypeVar("T")
GIVEN = "given_variable"
INSTRUCTIONS = (
    "State persists between cells; input variables are set once, and keep what you assign to them. "
    "Print what you want to see. "
)


class Loop(Protocol):
    """The event loop of a session, as the threads that wait for it know it."""

    def wait(self, work: Coroutine[object, None, T]) -> T:
        """The result of work done there."""

    def close(self) -> None:
        """Ends it, where it is the session's own."""


@dataclass
class Interpreter:
    """One session, driven from a thread of its own. Variables are given once: DSPy hands them over
    before each cell, which would undo what code assigned to them."""

    sandbox: Opening

    def __post_init__(self) -> None:
        self.tools: dict[str, Callable[..., object]] = {}
        self.output_fields: list[dict[str, str]] = []
        self._variables: dict[str, object] = {}
        self._loop: Loop | None = None
        self._opened: Sandbox | None = None
        self._ended = False

    def start(self) -> None:
        """Begins the session's thread; a second time does nothing.

        Raises CodeInterpreterError after `shutdown`.
        """
        self._started()

    def _started(self) -> Loop:
        if self._ended:
            raise CodeInterpreterError("the session has been shut down")
        if self._loop is None:
            self._loop = self._begin()
        return self._loop

    def _begin(self) -> Loop:
        return LoopThread()

    def execute(self, code: str, variables: dict[str, object] | None = None) -> object:
        """Runs a cell; gives what it printed, or a FinalOutput of what it submitted.

        Raises SyntaxError and CodeExecutionError for what code can mend, CodeInterpreterError for
        the rest.
        """
        loop = self._started()
        self._context = contextvars.copy_context()
        ran = loop.wait(self._execute(code, variables or {}))
        if ran.submitted:
            return FinalOutput(ran.value)
        if ran.kind == "syntax":
            raise SyntaxError(ran.error)
        if ran.error:
            raise CodeExecutionError(f"{ran.output}{ran.error}")
        return ran.output or None

    def shutdown(self) -> None:
        """Ends the session."""
        self._ended = True
        if self._loop is not None:
            self._loop.wait(self._close())
            self._loop.close()
            self._loop = None

    async def _execute(self, code: str, variables: dict[str, object]) -> CellResult:
        sandbox = self._opened or await self._open()
        new = {n: v for n, v in variables.items() if n not in self._variables}
        self._variables |= new
        if new:
            ran = await sandbox.run("\n".join(f"{n} = {GIVEN}({n!r})" for n in new))
            if ran.error:
                raise CodeInterpreterError(ran.error)
        return await self._run(sandbox, code)

    async def _run(self, sandbox: Sandbox, code: str) -> CellResult:
        return await sandbox.run(code)

    async def _open(self) -> Sandbox:
        sandbox, self._ending = self.sandbox()
        host = {**self.tools, GIVEN: None, "__tool": self._tool, "__query": self._tool}
        await sandbox.open({}, host, self._submit)
        self._opened = sandbox
        return sandbox

    async def _close(self) -> None:
        if self._opened is not None:
            await self._opened.close()
            await self._ending()

    async def _tool(self, name: str, args: list[str], fields: dict[str, object]) -> object:
        """A host function, in a thread, with DSPy's settings as they are where `execute` is called;
        DSPy's tools take their arguments by name."""
        if name == GIVEN:
            return self._variables[args[0]]
        if name not in self.tools:
            raise LookupError(f"there is no tool {name}")
        tool = self.tools[name]
        named = inspect.signature(tool).bind(*args, **fields).arguments
        given = {**{k: v for k, v in named.items() if k != "kwargs"}, **named.get("kwargs", {})}
        context = self._context.copy()
        try:
            return await asyncio.to_thread(context.run, _called, tool, given)
        except (ValueError, TypeError, LookupError, RuntimeError):
            raise
        except Exception as mistake:
            raise RuntimeError(f"{type(mistake).__name__}: {mistake}") from mistake

    def _submit(self, values: Sequence[Datum], fields: Mapping[str, Datum]) -> Datum:
        """The fields of an answer; values without names take the fields' order."""
        names = [f["name"] for f in self.output_fields]
        found = {**dict(zip(names, values, strict=False)), **fields}
        if not found and values:
            return values[0] if len(values) == 1 else values
        if names and set(found) != set(names):
            raise ValueError(f"takes {', '.join(names)}")
        return found


def _called(tool: Callable[..., object], given: dict[str, object]) -> object:
    found = tool(**given)
    return asyncio.run(found) if inspect.iscoroutine(found) else found


@dataclass(frozen=True)
class Factory:
    """Makes interpreters; its instructions stand in the prompt of `dspy.RLM`."""

    sandbox: Opening
    execution_instructions: str

    def __call__(self) -> Interpreter:
        """A fresh interpreter."""
        return Interpreter(self.sandbox)
