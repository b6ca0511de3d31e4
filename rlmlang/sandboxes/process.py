"""A REPL in a process of its own, reached by frames: of any tier that runs all of Python.

The process is taken for hostile once code has run in it: what it sends is checked, what it takes
is watched from here. A lost one is begun again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.protocols import CellResult, Submit
from rlmlang.sandboxes.bridge import (
    QUERY,
    Bridge,
    Caps,
    Host,
    ReplayLog,
    Submitted,
    noted,
    replay,
)
from rlmlang.sandboxes.handles import Handles, describe
from rlmlang.sandboxes.link import DiedError, Link
from rlmlang.sandboxes.monty_rewrite import MOST
from rlmlang.sandboxes.procfs import computed, family, resident
from rlmlang.sandboxes.worker.messages import Answer, Config, Raised

GONE = "The session was lost; variables are as before this cell."
TICK = 0.25
TOTAL = 3_600  # seconds of computing in the life of a session


class Processes(Protocol):
    """Where the processes of a tier come from. `slots` limits how many sessions there are at a
    time, `patience` the seconds until one is ready; `missing_features` tells a model what it cannot
    do; `heavy` says that memory is watched from outside."""

    slots: asyncio.Semaphore
    patience: float
    heavy: bool

    @property
    def missing_features(self) -> str: ...

    async def begin(self) -> Link: ...

    async def end(self, child: int) -> None: ...

    def check_ready(self, ready: Mapping[str, object]) -> None:
        """Raises CodedError (sandbox-unavailable) for a process without walls."""


@dataclass
class ProcessSandbox:
    """One REPL in one process. A lost one is begun again, and what was run is run again there with
    the answers that models gave."""

    processes: Processes
    handles: Handles
    caps: Caps = field(default_factory=Caps)
    replay_log: ReplayLog = field(default_factory=ReplayLog)
    cells: list[str] = field(default_factory=list)
    missing_features: str = ""
    link: Link | None = None
    calls: int = 0
    holds: bool = False
    idle: int = 0

    async def open(self, values: Mapping[str, Datum], host: Host, submit: Submit) -> dict[str, str]:
        """Begins a REPL with variables, set once, and functions; gives the descriptions.

        Raises CodedError (sandbox-unavailable) where the tier does not work.
        """
        self.bridge = Bridge(self.handles, dict(values), dict(host), submit, self.replay_log)
        self.given = {n: self.handles.give(v, n) for n, v in values.items()}
        await self._take_slot()
        await self._begin()
        self.missing_features = self.processes.missing_features
        return {n: describe(v, self.given[n]) for n, v in values.items()}

    async def run(self, code: str) -> CellResult:
        """Runs a cell to its end."""
        if len(code) > MOST:
            words = f"SyntaxError: a cell of {len(code):,} characters; at most {MOST:,}"
            return CellResult(error=words, kind="syntax")
        self.handles.watch.begin(self.caps.cpu)
        try:
            ran = await self._cell(code)
        except Submitted as done:
            return CellResult(submitted=True, value=done.args[0])
        except (DiedError, OSError) as mistake:
            return await self._again(str(mistake) or "the process has ended")
        self.cells.append(code)
        return ran

    async def close(self) -> None:
        """Ends the process."""
        await self._end()
        self._give_slot()

    # ── a process ────────────────────────────────────────────────────────────

    async def _take_slot(self) -> None:
        await self.processes.slots.acquire()
        self.holds = True

    def _give_slot(self) -> None:
        if self.holds:
            self.holds = False
            self.processes.slots.release()

    async def _begin(self) -> None:
        """A process with the session's variables. Raises CodedError (sandbox-unavailable)."""
        try:
            await self._started()
        except (DiedError, OSError) as mistake:
            await self.close()
            raise failed(
                "sandbox-unavailable",
                f"no session could be begun: {mistake}",
                hint="rlm doctor tries every tier on this machine",
            ) from None
        except BaseException:
            await self.close()
            raise

    async def _started(self) -> None:
        link = self.link = await self.processes.begin()
        config = Config(
            tools=[n for n in self.bridge.host if not n.startswith("__")],
            values=self.given,
            cpu=self.caps.cpu,
            seconds=TOTAL,
            memory=self.caps.memory,
            shown=self.caps.shown,
        )
        await link.send(config)
        self.processes.check_ready(await link.take(self.processes.patience))
        await link.send({"op": "go"})
        await link.take(20.0)
        self.idle = sum(resident(p) for p in family(link.child))

    async def _end(self) -> None:
        if self.link is not None:
            link, self.link = self.link, None
            link.writer.close()
            await self.processes.end(link.child)

    async def _again(self, why: str) -> CellResult:
        """A fresh process, in which the finished cells are run again."""
        await self._end()
        cells, self.cells = self.cells, []
        said, self.replay_log.said = self.replay_log.said, []
        await self._begin()
        await replay(self, cells, said)
        return CellResult(error=f"{why}. {GONE}", kind="crash", fresh=True)

    async def _cell(self, code: str) -> CellResult:
        if self.link is None:
            raise RuntimeError("the session has been closed")
        await self.link.send({"op": "run", "code": code})
        self.calls = 0
        left, used = self.caps.cpu * 3 + 5, _computed(self.link)
        while True:
            began = time.monotonic()
            message = await self._watched(self.link, left, used)
            left -= time.monotonic() - began
            if message.get("op") == "done":
                return self._ran(message)
            await self.link.send(await self._answered(message))

    async def _answered(self, message: Mapping[str, object]) -> Answer:
        """The host's answer to what says that it is a call."""
        name, args = message.get("name"), message.get("args")
        if not isinstance(name, str) or not isinstance(args, list):
            raise DiedError("the session sent what no session sends")
        self.calls += 1
        if self.calls > self.caps.suspensions:
            words = f"more than {self.caps.suspensions:,} calls of the host in one cell"
            return Raised(exc_type="RuntimeError", message=words)
        if name == QUERY and args[2:3] == [True]:
            return await self._waiting(args)
        return await self.bridge.answer(name, args)

    async def _waiting(self, args: list[object]) -> Answer:
        """The answer of sessions further down, which need the place that this one holds."""
        self._give_slot()
        try:
            return await self.bridge.answer(QUERY, args)
        finally:
            await self._take_slot()

    def _ran(self, message: Mapping[str, object]) -> CellResult:
        output, length = str(message.get("output", "")), message.get("length")
        length = max(len(output), length if isinstance(length, int) else 0)
        kind = message.get("kind")
        known = kind if kind in ("", "syntax", "python", "resource") else "python"
        shown = noted(output, length, self.caps.shown)
        words = _with_threads(shown, message.get("threads"))
        return CellResult(words, str(message.get("error", ""))[:20_000], str(known))

    async def _watched(self, link: Link, seconds: float, used: float) -> dict[str, object]:
        """The next message, unless the process takes more time or memory than it may."""
        reading = asyncio.ensure_future(link.frame())
        deadline = time.monotonic() + seconds
        try:
            while True:
                done, _ = await asyncio.wait({reading}, timeout=TICK)
                if done:
                    return reading.result()
                if _computed(link) - used > self.caps.cpu + 1 or time.monotonic() > deadline:
                    raise DiedError(f"stopped after {self.caps.cpu:g} s of computing")
                if self._swollen(link):
                    raise DiedError(f"MemoryError: more than {self.caps.memory >> 20} MB")
        finally:
            reading.cancel()

    def _swollen(self, link: Link) -> bool:
        """Whether it has grown by more than it may; twice that, since its pages are not all its
        own."""
        if not self.processes.heavy:
            return False
        grown = sum(resident(p) for p in family(link.child)) - self.idle
        return grown > 2 * self.caps.memory


def _with_threads(shown: str, threads: object) -> str:
    """What a cell printed, and a note of threads that cells began and that did not end."""
    if not isinstance(threads, int) or threads < 1:
        return shown
    line = shown if shown.endswith("\n") or not shown else f"{shown}\n"
    some = "1 thread is" if threads == 1 else f"{threads:,} threads are"
    return f"{line}[{some} still running; what is running ends with the session]\n"


def _computed(link: Link) -> float:
    """Seconds that the process and those below it have computed."""
    return sum(computed(p) for p in family(link.child))
