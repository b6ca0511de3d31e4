"""The fuller sandbox: CPython in a process that has given up its machine (Linux).

Sessions are forks of one warm interpreter, and have no files, no network, no processes and no
signals, by a seccomp allow-list and Landlock. The process is taken for hostile once code has run
in it: what it sends is checked, what it takes is watched from here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.protocols import Ran
from rlmlang.sandboxes.bridge import HOST, Bridge, Caps, Journal, Printed, Submit, Submitted
from rlmlang.sandboxes.dialect import MOST
from rlmlang.sandboxes.handles import Handles, describe

FRAME = 64 << 20  # bytes of the largest message that is read
START = (
    "import sys; sys.path.insert(0, {folder!r}); from inside import zygote; sys.path.pop(0); "
    "zygote.main({number})"
)
GONE = "The session was lost; variables are as before this cell."
TICK = 0.25
TOTAL = 3_600  # seconds of computing in the life of a session


class DiedError(Exception):
    """A session that has ended, or that does what no session does."""


class Zygote:
    """The warm interpreter of a run; started when first needed. `unsafe` takes sessions that could
    not be locked down."""

    def __init__(self, *, unsafe: bool = False) -> None:
        self.unsafe = unsafe
        self.modules: list[str] = []
        self._lock = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    async def fork(self, theirs: socket.socket) -> int:
        """The process of a new session that serves a socket."""
        async with self._lock:
            return await asyncio.to_thread(self._fork, theirs)

    async def end(self, child: int) -> None:
        """Kills a session."""
        async with self._lock:
            if self._control is not None:
                with contextlib.suppress(OSError):
                    await asyncio.to_thread(self._told, struct.pack("<i", child), None)

    async def close(self) -> None:
        """Ends the interpreter and with it all sessions."""
        if self._control is not None and self._process is not None:
            self._control.close()
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
            self._control = self._process = None

    def _fork(self, theirs: socket.socket) -> int:
        if self._control is None:
            self._start()
        return int(struct.unpack("<i", self._told(b"fork", theirs))[0])

    def _told(self, message: bytes, passed: socket.socket | None) -> bytes:
        assert self._control is not None
        fds = [passed.fileno()] if passed is not None else []
        socket.send_fds(self._control, [message], fds)
        said = self._control.recv(64)
        if not said:
            raise DiedError("the interpreter is gone")
        return said

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = theirs.fileno()
        code = START.format(folder=str(Path(__file__).parent), number=number)
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(  # noqa: S603, our own code with our own interpreter
            [sys.executable, "-P", "-s", "-B", "-W", "ignore", "-c", code], pass_fds=[number],
            env={"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"},
            cwd="/", stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True,
        )  # fmt: skip
        theirs.close()
        ours.settimeout(60)
        self._control = ours
        said = ours.recv(1024).decode()
        if not said.startswith("ready"):
            raise DiedError("the interpreter did not start")
        self.modules = said.split(",")[1:]


@dataclass
class CPythonSandbox:
    """One REPL in one process. A lost one is begun again, and what was run is run again there with
    the answers that models gave."""

    zygote: Zygote
    handles: Handles
    caps: Caps = field(default_factory=Caps)
    journal: Journal = field(default_factory=Journal)
    cells: list[str] = field(default_factory=list)
    lacks: str = ""
    child: int = 0
    calls: int = 0

    async def open(
        self, values: Mapping[str, Any], host: Mapping[str, Any], submit: Submit
    ) -> dict[str, str]:
        """Begins a REPL with variables, set once, and functions; gives the descriptions.

        Raises CodedError (sandbox-unavailable) where a process cannot be locked down.
        """
        self.bridge = Bridge(self.handles, dict(host), submit, self.journal)
        self.given = {n: self.handles.give(v, n) for n, v in values.items()}
        await self._begin()
        self.lacks = "Not in this Python: files, network, processes" + "".join(
            f", {m}" for m in ("numpy", "pandas") if m not in self.zygote.modules
        )
        return {n: describe(v, self.given[n]) for n, v in values.items()}

    async def run(self, code: str) -> Ran:
        """Runs a cell to its end."""
        if len(code) > MOST:
            words = f"SyntaxError: a cell of {len(code):,} characters; at most {MOST:,}"
            return Ran(error=words, kind="syntax")
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
        if self.child:
            child, self.child = self.child, 0
            self.writer.close()
            await self.zygote.end(child)

    # ── a process ────────────────────────────────────────────────────────────

    async def _begin(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            self.child = await self.zygote.fork(theirs)
        finally:
            theirs.close()
        self.reader, self.writer = await asyncio.open_unix_connection(sock=ours, limit=1 << 20)
        tools = [n for n in self.bridge.host if not n.startswith("__")]
        await self._send({
            "tools": tools, "values": self.given, "cpu": self.caps.cpu, "shown": self.caps.shown,
            "memory": self.caps.memory, "seconds": TOTAL,
        })  # fmt: skip
        ready = await self._take(20.0)
        if not ready["walls"]["seccomp"] and not self.zygote.unsafe:
            await self.close()
            raise _unavailable()
        await self._send({"op": "go"})
        await self._take(20.0)

    async def _again(self, why: str) -> Ran:
        """A fresh process, in which the finished cells are run again."""
        await self.close()
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
        return await self.bridge.answer(name if name.startswith("__") else HOST, args)

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
        data = json.dumps(message, separators=(",", ":"), default=str).encode("utf-8", "replace")
        self.writer.write(struct.pack("<I", len(data)) + data)
        async with asyncio.timeout(60):
            await self.writer.drain()

    async def _take(self, seconds: float) -> dict[str, Any]:
        try:
            async with asyncio.timeout(seconds):
                return await self._frame()
        except TimeoutError:
            raise DiedError("the process does not answer") from None

    async def _frame(self) -> dict[str, Any]:
        size = struct.unpack("<I", await self.reader.readexactly(4))[0]
        if size > FRAME:
            raise DiedError(f"the session sent {size:,} bytes at once")
        try:
            message = json.loads(await self.reader.readexactly(size))
        except (ValueError, RecursionError) as mistake:
            raise DiedError("the session sent what cannot be read") from mistake
        if not isinstance(message, dict):
            raise DiedError("the session sent what no session sends")
        return message

    async def _watched(self, seconds: float, used: float) -> dict[str, Any]:
        """The next message, unless the process takes more time than it may."""
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
        finally:
            reading.cancel()

    def _computed(self) -> float:
        """Seconds that the process has computed."""
        with contextlib.suppress(OSError, IndexError, ValueError):
            stat = Path(f"/proc/{self.child}/stat").read_text(encoding="utf-8", errors="replace")
            fields = stat.rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0


def _unavailable() -> Exception:
    return failed(
        "sandbox-unavailable",
        "this machine cannot lock a process down, so code would run without walls",
        reason="The tier `cpython` needs Linux with seccomp, on x86-64 or arm64.",
        hint="use `sandbox: monty`, or say --allow-unsafe where the recipe and its sources are "
        "trusted",
    )
