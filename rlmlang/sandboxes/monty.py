"""The default sandbox: Monty, an interpreter of a subset of Python in a process of its own.

Each stretch of code borrows a worker and gives it back, with the interpreter's state as bytes,
whenever the host has something to do: however many cells wait for models, workers are free.
"""

from __future__ import annotations

import asyncio
import builtins
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rlmlang import resources
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.protocols import Ran
from rlmlang.sandboxes import bubblewrap
from rlmlang.sandboxes.bridge import (
    HOST,
    NAMES,
    SUBMIT,
    Bridge,
    Caps,
    Journal,
    Printed,
    Submitted,
)
from rlmlang.sandboxes.dialect import UnsupportedError, desugar
from rlmlang.sandboxes.handles import Handles, describe
from rlmlang.sandboxes.native import native

LACKS = (
    "Not in this Python: classes that inherit (Enum, NamedTuple, TypedDict, ABC; errors of your "
    "own may), property, staticmethod and classmethod, `__len__`, `__lt__` and `__getattr__` of "
    "your own classes, `yield` as an expression, a start for pattern.search, callable, globals; "
    "the modules contextlib, urllib, uuid, abc, numpy, pandas; files, network, processes, threads."
)
FRAME = re.compile(r'  File "<python-input-(\d+)>", line (\d+)')
LACKING = re.compile(
    r"(module '[\w.]+'|'__Mod' object) has no attribute|is not (yet )?(supported|implemented)"
    r"|Pattern\.\w+\(\) takes"
)
NO_NAME = re.compile(r"name '(\w+)' is not defined")
NO_METHOD = re.compile(r"'(\w+)' object has no attribute '(\w+)'")


class Workers:
    """The pool of a run; started when first needed, inside bubblewrap if `wrapped`."""

    def __init__(self, most: int = 8, *, wrapped: bool = False) -> None:
        self.most, self.wrapped = most, wrapped
        self._script: str | None = None
        self._pool: Any = None
        self._entered: Any = None
        self._lock = asyncio.Lock()

    @cached_property
    def native(self) -> Any:
        """The module whose classes these workers have."""
        return native()

    async def pool(self) -> Any:
        """The pool. Raises CodedError (sandbox-unavailable) where there is no bubblewrap."""
        async with self._lock:
            if self._entered is None:
                if self.wrapped:
                    self._script = await asyncio.to_thread(bubblewrap.script)
                try:
                    self._pool = self.native.AsyncMonty(
                        min_processes=1, max_processes=self.most, checkout_timeout=120,
                        request_timeout=120, binary_path=self._script,
                    )  # fmt: skip
                    self._entered = await self._pool.__aenter__()
                except (OSError, RuntimeError) as mistake:
                    self._pool = None
                    raise _unavailable(mistake) from None
            return self._entered

    async def close(self) -> None:
        """Ends the workers."""
        if self._pool is not None:
            await self._pool.__aexit__(None, None, None)
            self._pool = self._entered = None
        if self._script is not None:
            bubblewrap.remove(self._script)
            self._script = None


def _unavailable(mistake: Exception) -> CodedError:
    return failed("sandbox-unavailable", f"monty cannot be started: {mistake}",
                  hint="pip install pydantic-monty; rlm doctor")  # fmt: skip


@dataclass
class MontySandbox:
    """One REPL. Between cells and during host calls its state is bytes."""

    workers: Workers
    handles: Handles
    caps: Caps = field(default_factory=Caps)
    journal: Journal = field(default_factory=Journal)
    state: bytes = b""
    begun: int = 1  # what was run before the first cell
    lacks = LACKS

    async def open(
        self, values: Mapping[str, Any], host: Mapping[str, Any],
        submit: Callable[[list[Any], dict[str, Any]], Any],
    ) -> dict[str, str]:  # fmt: skip
        """Begins a REPL with variables, set once, and functions; gives the descriptions."""
        self.bridge = Bridge(self.handles, dict(values), dict(host), submit, self.journal)
        given = {n: self.handles.give(v, n) for n, v in values.items()}
        pool = await self.workers.pool()
        async with pool.checkout(**self._limits()) as session:
            await session.feed_run(resources.package_text("sandboxes/prelude.txt"))
            for name, value in given.items():
                await session.feed_run(f"{name} = __wrapped(__given)", inputs={"__given": value})
            for name in host:
                if not name.startswith("__"):
                    await session.feed_run(_stub(name))
            self.state = await session.dump()
        self.begun = 1 + len(given) + sum(1 for n in host if not n.startswith("__"))
        return {n: describe(v, given[n]) for n, v in values.items()}

    async def run(self, code: str) -> Ran:
        """Runs a cell to its end."""
        self.handles.watch.begin(self.caps.cpu)
        printed, monty = Printed(self.caps.shown), self.workers.native
        try:
            source = desugar(code, handles=bool(self.handles.values))
            await self._drive(source, printed)
            return Ran(printed.text())
        except Submitted as done:
            return Ran(printed.text(), submitted=True, value=done.args[0])
        except UnsupportedError as mistake:
            return Ran(printed.text(), f"{mistake.msg}. {LACKS}", "unsupported")
        except SyntaxError as mistake:
            return Ran(printed.text(), f"SyntaxError: {mistake}", "syntax")
        except monty.MontySyntaxError as mistake:  # Python itself has parsed it
            words = f"{self._told(mistake.display())}\n{LACKS}"
            return Ran(printed.text(), words, "unsupported")
        except monty.MontyRuntimeError as mistake:
            return self._runtime(mistake, printed)
        except monty.MontyCrashedError as mistake:
            words = f"the interpreter was stopped: {mistake}. Variables are as before this cell."
            return Ran(printed.text(), words, "crash", fresh=True)
        except monty.MontyError as mistake:
            return Ran(printed.text(), f"{type(mistake).__name__}: {mistake}", "python")

    async def close(self) -> None:
        """Nothing is held."""

    def _told(self, words: str) -> str:
        """A traceback without the frames of our own functions."""
        lines, kept, ours = words.splitlines(), list[str](), False
        for line in lines:
            if found := FRAME.match(line):
                ours = int(found[1]) < self.begun
                line = f'  File "<cell>", line {found[2]}'
            elif not line.startswith(" "):
                ours = False
            if not ours:
                kept.append(line)
        return "\n".join(kept)

    def _runtime(self, mistake: Any, printed: Printed) -> Ran:
        inner = mistake.exception()
        spent = isinstance(inner, MemoryError | TimeoutError) or "suspension limit" in str(inner)
        words = self._told(mistake.display())
        if spent:
            return Ran(printed.text(), f"{words}\nVariables are as before this cell.", "resource",
                       fresh=True)  # fmt: skip
        if isinstance(inner, NotImplementedError | ImportError) or lacking(str(inner)):
            return Ran(printed.text(), f"{words}\n{LACKS}", "unsupported")
        return Ran(printed.text(), words, "python")

    def _limits(self) -> dict[str, Any]:
        limits = {
            "max_feed_duration_secs": self.caps.cpu, "max_turn_duration_secs": self.caps.cpu,
            "max_memory": self.caps.memory, "max_recursion_depth": 500,
            "max_suspensions": self.caps.suspensions, "max_total_sleep_secs": 1.0,
        }  # fmt: skip
        return {
            "limits": limits, "script_name": "cell.py", "assert_message_annotations": False,
            "os_policy": {"sleep": "zero", "random_start": {"seed": 0}},
        }  # fmt: skip

    async def _drive(self, source: str, printed: Printed) -> None:
        """Runs to the end of a cell, answering what it asks of the host."""
        state, answer, started = self.state, None, False
        monty = self.workers.native
        pool = await self.workers.pool()
        while True:
            async with pool.checkout(**self._limits()) as session:
                if started:
                    found = await session.load_snapshot(state, print_callback=printed)
                    found = await found.resume(answer)
                else:
                    await session.load_session(state)
                    found = await session.feed_start(source, print_callback=printed)
                    started = True
                found = await self._near(found)
                if isinstance(found, monty.MontyComplete):
                    self.state = await session.dump()
                    return
                name, args = found.function_name, list(found.args)
                state = found.dump()
                state = await state if hasattr(state, "__await__") else state
            answer = await self.bridge.answer(name, args)

    async def _near(self, found: Any) -> Any:
        """Answers at once what takes the host no time, until something does."""
        monty = self.workers.native
        while not isinstance(found, monty.MontyComplete):
            if isinstance(found, monty.AsyncNameLookupSnapshot):
                known = found.variable_name in NAMES
                found = await (
                    found.resume(value=_function(found.variable_name)) if known else found.resume()
                )
            elif isinstance(found, monty.AsyncFunctionSnapshot) and found.is_os_function:
                found = await found.resume_not_handled()
            elif found.function_name not in NAMES:
                words = f"name {found.function_name!r} is not defined"
                found = await found.resume({"exc_type": "NameError", "message": words})
            elif found.function_name in (HOST, SUBMIT):
                found = await found.resume(
                    await self.bridge.answer(found.function_name, found.args)
                )
            else:
                return found
        return found


def lacking(words: str) -> bool:
    """Whether an error tells of something that Python itself has."""
    if LACKING.search(words):
        return True
    if found := NO_NAME.search(words):
        return hasattr(builtins, found[1])
    found = NO_METHOD.search(words)
    return found is not None and hasattr(getattr(builtins, found[1], None), found[2])


def _stub(name: str) -> str:
    """A function of the sandbox that hands handles over as numbers."""
    return (
        f"def {name}(*args, **fields):\n"
        f"    return __wrapped(__tool({name!r}, [__plain(a) for a in args], "
        "{k: __plain(v) for k, v in fields.items()}))\n"
    )


def _function(name: str) -> Any:
    """What a name of the host stands for inside; it is never called there."""

    def stands_for(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("answered by the host")

    stands_for.__name__ = name
    return stands_for
