"""A REPL in a process of its own, reached by frames: of any tier that runs all of Python.

The process is taken for hostile once code has run in it: what it sends is checked, what it takes
is watched from here. A lost one is begun again.
"""

from __future__ import annotations

import asyncio
import json
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.protocols import Ran
from rlmlang.sandboxes.bridge import HOST, QUERY, Bridge, Caps, Journal, Printed, Submit, Submitted
from rlmlang.sandboxes.dialect import MOST
from rlmlang.sandboxes.handles import Handles, describe
from rlmlang.sandboxes.inside.channel import FRAME, excess, packed
from rlmlang.sandboxes.watching import computed, family, resident

GONE = "The session was lost; variables are as before this cell."
TICK = 0.25
TOTAL = 3_600  # seconds of computing in the life of a session


class DiedError(Exception):
    """A session that has ended, or that does what no session does."""


@dataclass(frozen=True)
class Link:
    """A process that serves one session, and the way to it."""

    child: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Origin(Protocol):
    """Where the processes of a tier come from. `slots` limits how many sessions there are at a
    time, `patience` the seconds until one is ready; `lacks` tells a model what it cannot do;
    `heavy` says that memory is watched from outside."""

    slots: asyncio.Semaphore
    patience: float
    heavy: bool

    @property
    def lacks(self) -> str: ...

    async def begin(self) -> Link: ...

    async def end(self, child: int) -> None: ...

    def judge(self, ready: Mapping[str, Any]) -> None:
        """Raises CodedError (sandbox-unavailable) for a process without walls."""


@dataclass
class ProcessSandbox:
    """One REPL in one process. A lost one is begun again, and what was run is run again there with
    the answers that models gave."""

    origin: Origin
    handles: Handles
    caps: Caps = field(default_factory=Caps)
    journal: Journal = field(default_factory=Journal)
    cells: list[str] = field(default_factory=list)
    lacks: str = ""
    link: Link | None = None
    calls: int = 0
    holds: bool = False
    idle: int = 0

    async def open(
        self, values: Mapping[str, Any], host: Mapping[str, Any], submit: Submit
    ) -> dict[str, str]:
        """Begins a REPL with variables, set once, and functions; gives the descriptions.

        Raises CodedError (sandbox-unavailable) where the tier does not work.
        """
        self.bridge = Bridge(self.handles, dict(values), dict(host), submit, self.journal)
        self.given = {n: self.handles.give(v, n) for n, v in values.items()}
        await self._take_slot()
        await self._begin()
        self.lacks = self.origin.lacks
        return {n: describe(v, self.given[n]) for n, v in values.items()}

    async def run(self, code: str) -> Ran:
        """Runs a cell to its end."""
        if len(code) > MOST:
            words = f"SyntaxError: a cell of {len(code):,} characters; at most {MOST:,}"
            return Ran(error=words, kind="syntax")
        self.handles.watch.begin(self.caps.cpu)
        try:
            ran = await self._cell(code)
        except Submitted as done:
            return Ran(submitted=True, value=done.args[0])
        except (DiedError, OSError, asyncio.IncompleteReadError) as mistake:
            return await self._again(str(mistake) or "the process has ended")
        self.cells.append(code)
        return ran

    async def replay(self, cells: list[str], said: list[tuple[str, Any]]) -> None:
        """Runs cells that were finished elsewhere, with the answers that they got there."""
        self.journal.again = list(said)
        for cell in cells:
            await self.run(cell)
        self.journal.again = []

    async def close(self) -> None:
        """Ends the process."""
        await self._end()
        self._give_slot()

    # ── a process ────────────────────────────────────────────────────────────

    async def _take_slot(self) -> None:
        await self.origin.slots.acquire()
        self.holds = True

    def _give_slot(self) -> None:
        if self.holds:
            self.holds = False
            self.origin.slots.release()

    async def _begin(self) -> None:
        """A process with the session's variables. Raises CodedError (sandbox-unavailable)."""
        try:
            await self._started()
        except (DiedError, OSError) as mistake:
            await self.close()
            raise failed("sandbox-unavailable", f"no session could be begun: {mistake}",
                         hint="rlm doctor tries every tier on this machine") from None  # fmt: skip
        except BaseException:
            await self.close()
            raise

    async def _started(self) -> None:
        self.link = await self.origin.begin()
        tools = [n for n in self.bridge.host if not n.startswith("__")]
        await self._send({
            "tools": tools, "values": self.given, "cpu": self.caps.cpu, "shown": self.caps.shown,
            "memory": self.caps.memory, "seconds": TOTAL,
        })  # fmt: skip
        self.origin.judge(await self._take(self.origin.patience))
        await self._send({"op": "go"})
        await self._take(20.0)
        self.idle = sum(resident(p) for p in family(self.link.child))

    async def _end(self) -> None:
        if self.link is not None:
            link, self.link = self.link, None
            link.writer.close()
            await self.origin.end(link.child)

    async def _again(self, why: str) -> Ran:
        """A fresh process, in which the finished cells are run again."""
        await self._end()
        cells, self.cells = self.cells, []
        said, self.journal.said = self.journal.said, []
        await self._begin()
        await self.replay(cells, said)
        return Ran(error=f"{why}. {GONE}", kind="crash", fresh=True)

    async def _cell(self, code: str) -> Ran:
        await self._send({"op": "run", "code": code})
        self.calls = 0
        left, used = self.caps.cpu * 3 + 5, self._computed()
        while True:
            began = time.monotonic()
            message = await self._watched(left, used)
            left -= time.monotonic() - began
            if message.get("op") == "done":
                return self._ran(message)
            await self._send(await self._answered(message))

    async def _answered(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The host's answer to what says that it is a call."""
        name, args = message.get("name"), message.get("args")
        if not isinstance(name, str) or not isinstance(args, list):
            raise DiedError("the session sent what no session sends")
        self.calls += 1
        if self.calls > self.caps.suspensions:
            words = f"more than {self.caps.suspensions:,} calls of the host in one cell"
            return {"exc_type": "RuntimeError", "message": words}
        if name == QUERY and args[-1:] == [True]:
            return await self._waiting(args)
        return await self.bridge.answer(name if name.startswith("__") else HOST, args)

    async def _waiting(self, args: list[Any]) -> dict[str, Any]:
        """The answer of sessions further down, which need the place that this one holds."""
        self._give_slot()
        try:
            return await self.bridge.answer(QUERY, args)
        finally:
            await self._take_slot()

    def _ran(self, message: Mapping[str, Any]) -> Ran:
        printed = Printed(self.caps.shown)
        printed("", str(message.get("output", "")))
        length = message.get("length")
        printed.length = max(printed.length, length if isinstance(length, int) else 0)
        kind = message.get("kind")
        known = kind if kind in ("", "syntax", "python", "resource") else "python"
        return Ran(printed.text(), str(message.get("error", ""))[:20_000], str(known))

    # ── frames ───────────────────────────────────────────────────────────────

    async def _send(self, message: Mapping[str, Any]) -> None:
        assert self.link is not None
        data = packed(dict(message))
        self.link.writer.write(struct.pack("<I", len(data)) + data)
        async with asyncio.timeout(60):
            await self.link.writer.drain()

    async def _take(self, seconds: float) -> dict[str, Any]:
        try:
            async with asyncio.timeout(seconds):
                return await self._frame()
        except TimeoutError:
            raise DiedError("the process does not answer") from None
        except asyncio.IncompleteReadError:
            raise DiedError("the process has ended") from None

    async def _frame(self) -> dict[str, Any]:
        assert self.link is not None
        size = struct.unpack("<I", await self.link.reader.readexactly(4))[0]
        if size > FRAME:
            raise DiedError(f"the session sent {size:,} bytes at once")
        data = await self.link.reader.readexactly(size)
        if words := excess(data):
            raise DiedError(words)
        try:
            message = json.loads(data)
        except (ValueError, RecursionError) as mistake:
            raise DiedError("the session sent what cannot be read") from mistake
        if not isinstance(message, dict):
            raise DiedError("the session sent what no session sends")
        return message

    async def _watched(self, seconds: float, used: float) -> dict[str, Any]:
        """The next message, unless the process takes more time or memory than it may."""
        reading = asyncio.ensure_future(self._frame())
        deadline = time.monotonic() + seconds
        try:
            while True:
                done, _ = await asyncio.wait({reading}, timeout=TICK)
                if done:
                    return reading.result()
                computed = self._computed() - used
                if computed > self.caps.cpu + 1 or time.monotonic() > deadline:
                    raise DiedError(f"stopped after {self.caps.cpu:g} s of computing")
                if self._swollen():
                    raise DiedError(f"MemoryError: more than {self.caps.memory >> 20} MB")
        finally:
            reading.cancel()

    def _computed(self) -> float:
        """Seconds that the process and those below it have computed."""
        return sum(computed(p) for p in family(self.link.child)) if self.link is not None else 0.0

    def _swollen(self) -> bool:
        """Whether it has grown by more than it may; twice that, since its pages are not all its
        own."""
        if not self.origin.heavy or self.link is None:
            return False
        grown = sum(resident(p) for p in family(self.link.child)) - self.idle
        return grown > 2 * self.caps.memory
