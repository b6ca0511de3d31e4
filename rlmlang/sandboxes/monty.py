"""The default sandbox: Monty, an interpreter of a subset of Python in a process of its own.

Each stretch of code borrows a worker and gives it back, with the interpreter's state as bytes,
whenever the host has something to do: however many cells wait for models, workers are free.
"""

from __future__ import annotations

import asyncio
import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.protocols import CellResult, Submit
from rlmlang.sandboxes.bridge import (
    HOST,
    SUBMIT,
    Bridge,
    Caps,
    Host,
    ReplayLog,
    Submitted,
    noted,
)
from rlmlang.sandboxes.handles import Handles, describe
from rlmlang.sandboxes.monty_library import CALL, beginning, library
from rlmlang.sandboxes.monty_native import Native, native
from rlmlang.sandboxes.monty_rewrite import UnsupportedError, desugar
from rlmlang.sandboxes.monty_told import told
from rlmlang.sandboxes.worker.cells import Printed
from rlmlang.sandboxes.worker.messages import Answer
from rlmlang.schema.sandboxes import Tier

if TYPE_CHECKING:
    from pydantic_monty import AsyncSnapshot, ExternalResult
    from pydantic_monty._monty import (
        AsyncFunctionSnapshot,
        AsyncMonty,
        AsyncMontySession,
        MontyRuntimeError,
    )

WORKERS = 8
AS_BEFORE = "Variables are as before this cell."
LACKING = re.compile(
    r"(module '[\w.]+'|'__Mod' object) has no attribute|is not (yet )?(supported|implemented)"
    r"|Pattern\.\w+\(\) takes"
)
NO_NAME = re.compile(r"name '(\w+)' is not defined")
NO_METHOD = re.compile(r"'(\w+)' object has no attribute '(\w+)'")


class Waiting(NamedTuple):
    """A cell that waits for the host: the state of its session, and what it asks."""

    state: bytes
    name: str
    args: object


class Workers:
    """The pool of a run; started when first needed."""

    def __init__(self, tier: Tier, unsafe: bool = False, most: int = WORKERS) -> None:
        self.tier, self.most = tier, most
        self._pool: AsyncMonty | None = None
        self._begun = b""
        self._lock = asyncio.Lock()

    @cached_property
    def native(self) -> Native:
        """The module whose classes these workers have."""
        return native()

    def session(self, handles: Handles, caps: Caps) -> MontySandbox:
        """A session that has not begun."""
        return MontySandbox(self, handles, caps)

    async def binary(self) -> Path | None:
        """The program that a worker runs; none for Monty's own."""
        return None

    async def checkout(self, caps: Caps) -> AsyncMontySession:
        """A worker, for a stretch of code. Raises CodedError (sandbox-unavailable)."""
        return (await self._started()).checkout(
            limits={
                "max_feed_duration_secs": caps.cpu,
                "max_turn_duration_secs": caps.cpu,
                "max_memory": caps.memory,
                "max_recursion_depth": 500,
                "max_suspensions": caps.suspensions,
                "max_total_sleep_secs": 1.0,
            },
            os_policy={"sleep": "zero", "random_start": {"seed": 0}},
            script_name="cell.py",
            assert_message_annotations=False,
        )

    async def begin(self, session: AsyncMontySession) -> None:
        """Gives a session what runs before its first cell, which runs once for all of them."""
        if self._begun:
            await session.load_session(self._begun)
        else:
            await session.feed_run(library())
            self._begun = await session.dump()

    async def _started(self) -> AsyncMonty:
        async with self._lock:
            if self._pool is None:
                path = await self.binary()
                try:
                    made = self.native.AsyncMonty(
                        min_processes=1,
                        max_processes=self.most,
                        checkout_timeout=120,
                        request_timeout=120,
                        binary_path=path,
                    )
                    self._pool = await made.__aenter__()
                except (OSError, RuntimeError) as mistake:
                    raise failed(
                        "sandbox-unavailable",
                        f"{self.tier.name} cannot be started: {mistake}",
                        hint=f"{self.tier.install}; rlm doctor",
                    ) from None
            return self._pool

    async def close(self) -> None:
        """Ends the workers."""
        if self._pool is not None:
            await self._pool.__aexit__(None, None, None)
            self._pool = None


@dataclass
class MontySandbox:
    """One REPL. Between cells and during host calls its state is bytes."""

    workers: Workers
    handles: Handles
    caps: Caps = field(default_factory=Caps)
    replay_log: ReplayLog = field(default_factory=ReplayLog)
    state: bytes = b""
    deleted: set[str] = field(default_factory=set)

    @property
    def missing_features(self) -> str:
        """What a model is told that this Python has not."""
        return self.workers.tier.missing

    async def open(self, values: Mapping[str, Datum], host: Host, submit: Submit) -> dict[str, str]:
        """Begins a REPL with variables, set once, and functions; gives the descriptions."""
        self.bridge = Bridge(self.handles, dict(values), dict(host), submit, self.replay_log)
        given = {n: self.handles.give(v, n) for n, v in values.items()}
        tools = [n for n in host if not n.startswith("__")]
        async with await self.workers.checkout(self.caps) as session:
            await self.workers.begin(session)
            await session.feed_run(beginning(given, tools), inputs={"__given": given})
            self.state = await session.dump()
        return {n: describe(v, given[n]) for n, v in values.items()}

    def _rewritten(self, code: str) -> str:
        """A cell as Monty can run it."""
        handles = bool(self.handles.values) or self.bridge.may_give_handles
        return desugar(code, handles=handles, deleted=self.deleted)

    async def run(self, code: str) -> CellResult:
        """Runs a cell to its end."""
        self.handles.watch.begin(self.caps.cpu)
        printed, monty = Printed(self.caps.shown), self.workers.native
        kind = words = ""
        try:
            await self._drive(self._rewritten(code), printed)
        except Submitted as done:
            return CellResult(self._shown(printed), submitted=True, value=done.args[0])
        except UnsupportedError as mistake:
            kind, words = "unsupported", f"{mistake.msg}. {self.missing_features}"
        except SyntaxError as mistake:
            kind, words = "syntax", f"SyntaxError: {mistake}"
        except monty.MontySyntaxError as mistake:  # Python itself has parsed it
            kind, words = "unsupported", f"{told(mistake.display())}\n{self.missing_features}"
        except monty.MontyRuntimeError as mistake:
            kind, words = self._runtime(mistake)
        except monty.MontyCrashedError as mistake:
            kind, words = "crash", f"the interpreter was stopped: {mistake}. {AS_BEFORE}"
        except monty.MontyError as mistake:
            kind, words = "python", f"{type(mistake).__name__}: {mistake}"
        return CellResult(self._shown(printed), words, kind, fresh=kind in ("crash", "resource"))

    async def close(self) -> None:
        """Nothing is held."""

    def _shown(self, printed: Printed) -> str:
        return noted(*printed.taken(), self.caps.shown)

    def _runtime(self, mistake: MontyRuntimeError) -> tuple[str, str]:
        """The kind of an error that code ended with, and what is said of it."""
        inner, words = mistake.exception(), told(mistake.display())
        if isinstance(inner, MemoryError | TimeoutError) or "suspension limit" in str(inner):
            return "resource", f"{words}\n{AS_BEFORE}"
        if isinstance(inner, NotImplementedError | ImportError) or lacking(str(inner)):
            return "unsupported", f"{words}\n{self.missing_features}"
        return "python", words

    async def _drive(self, source: str, printed: Printed) -> None:
        """Runs to the end of a cell, answering what it asks of the host."""

        def show(stream: str, text: str) -> None:
            printed.write(text)

        async with await self.workers.checkout(self.caps) as session:
            await session.load_session(self.state)
            found = await session.feed_start(source, print_callback=show)
            waiting = await self._until_it_waits(session, found)
        while waiting is not None:
            answer = await self.bridge.answer(waiting.name, waiting.args)
            async with await self.workers.checkout(self.caps) as session:
                found = await session.load_snapshot(waiting.state, print_callback=show)
                found = await _resumed(cast("AsyncFunctionSnapshot", found), answer)
                waiting = await self._until_it_waits(session, found)

    async def _until_it_waits(
        self, session: AsyncMontySession, found: AsyncSnapshot
    ) -> Waiting | None:
        """Answers at once what takes the host no time; gives the first call that does, or none at
        the end of the cell."""
        monty = self.workers.native
        while True:
            if isinstance(found, monty.AsyncNameLookupSnapshot):
                found = await found.resume()
            elif not isinstance(found, monty.AsyncFunctionSnapshot):
                self.state = await session.dump()
                return None
            elif found.is_os_function:
                found = await found.resume_not_handled()
            elif found.function_name != CALL:
                words = f"name {found.function_name!r} is not defined"
                found = await found.resume({"exc_type": "NameError", "message": words})
            elif _called(found)[0] in (HOST, SUBMIT):
                found = await _resumed(found, await self.bridge.answer(*_called(found)))
            else:
                return Waiting(found.dump(), *_called(found))


def _called(found: AsyncFunctionSnapshot) -> tuple[str, object]:
    """What code asks of the host, and its arguments, which are of any kind."""
    name, args = (*found.args, None, None)[:2]
    return (name if isinstance(name, str) else "", args)


async def _resumed(found: AsyncFunctionSnapshot, answer: Answer) -> AsyncSnapshot:
    return await found.resume(cast("ExternalResult", answer))


def lacking(words: str) -> bool:
    """Whether an error tells of something that Python itself has."""
    if LACKING.search(words):
        return True
    if found := NO_NAME.search(words):
        return hasattr(builtins, found[1])
    found = NO_METHOD.search(words)
    return found is not None and hasattr(getattr(builtins, found[1], None), found[2])
