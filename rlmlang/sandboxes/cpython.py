"""The fuller sandbox: CPython in a process that has given up its machine (Linux).

Sessions are forks of one warm interpreter, and have no files, no network, no processes and no
signals, by a seccomp allow-list and Landlock.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.sandboxes.bridge import Caps
from rlmlang.sandboxes.handles import Handles
from rlmlang.sandboxes.link import DiedError, Link
from rlmlang.sandboxes.process import ProcessSandbox
from rlmlang.schema.sandboxes import Tier

START = (
    "import sys; sys.path.insert(0, {folder!r}); from worker import zygote; sys.path.pop(0); "
    "zygote.main({number})"
)
SESSIONS = 64  # at a time; each is a process of about 12 MB of its own


class Zygote:
    """The warm interpreter of a run; started when first needed. `unsafe` takes sessions that could
    not be locked down."""

    patience, heavy = 20.0, False

    def __init__(self, tier: Tier, unsafe: bool = False, sessions: int = SESSIONS) -> None:
        self.tier, self.unsafe = tier, unsafe
        self.slots = asyncio.Semaphore(sessions)
        self.modules: list[str] = []
        self._lock = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def missing_features(self) -> str:
        """What a model is told that this Python has not."""
        tables = (f", {m}" for m in ("numpy", "pandas") if m not in self.modules)
        return self.tier.missing + "".join(tables)

    def session(self, handles: Handles, caps: Caps) -> ProcessSandbox:
        """A session that has not begun."""
        return ProcessSandbox(self, handles, caps)

    async def begin(self) -> Link:
        """A new session in a process of its own."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            async with self._lock:
                child = await asyncio.to_thread(self._fork, theirs)
        finally:
            theirs.close()
        return Link(child, *await asyncio.open_unix_connection(sock=ours, limit=1 << 20))

    async def end(self, child: int) -> None:
        """Kills a session."""
        async with self._lock:
            if self._control is not None:
                with contextlib.suppress(OSError):
                    await asyncio.to_thread(_told, self._control, struct.pack("<i", child))

    def check_ready(self, ready: Mapping[str, object]) -> None:
        """Raises CodedError (sandbox-unavailable) where a process cannot be locked down."""
        walls = ready.get("walls")
        if self.unsafe or (isinstance(walls, dict) and walls.get("seccomp") is True):
            return
        raise failed(
            "sandbox-unavailable",
            "this machine cannot lock a process down, so code would run without walls",
            reason=f"The tier `{self.tier.name}` needs Linux with seccomp, on x86-64 or arm64.",
            hint=self.tier.install,
        )

    async def close(self) -> None:
        """Ends the interpreter and with it all sessions."""
        if self._control is not None and self._process is not None:
            self._control.close()
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
            self._control = self._process = None

    def _fork(self, theirs: socket.socket) -> int:
        control = self._control or self._start()
        return int(struct.unpack("<i", _told(control, b"fork", theirs.fileno()))[0])

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = theirs.fileno()
        code = START.format(folder=str(Path(__file__).parent), number=number)
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(  # noqa: S603, our own code with our own interpreter
            [sys.executable, "-P", "-s", "-B", "-W", "ignore", "-c", code],
            pass_fds=[number],
            env={"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"},
            cwd="/",
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
        )
        theirs.close()
        ours.settimeout(60)
        self._control = ours
        said = ours.recv(1024).decode()
        if not said.startswith("ready"):
            raise DiedError("the interpreter did not start")
        self.modules = said.split(",")[1:]
        return ours


def _told(control: socket.socket, message: bytes, *passed: int) -> bytes:
    """What the interpreter answers to a message that hands descriptors over."""
    socket.send_fds(control, [message], passed)
    said = control.recv(64)
    if not said:
        raise DiedError("the interpreter is gone")
    return said
