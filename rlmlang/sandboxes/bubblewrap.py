"""Monty's workers inside bubblewrap (Linux): no network, no files but the system's libraries, no
other processes, whatever becomes of the interpreter."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from pydantic_monty._binary import find_monty_binary

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.sandboxes.monty import Workers
from rlmlang.schema.sandboxes import Tier

LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
WALLS = ("--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL")


class WrappedWorkers(Workers):
    """Workers that are started through a program of their own, removed with them."""

    def __init__(self, tier: Tier, unsafe: bool = False) -> None:
        super().__init__(tier, unsafe)
        self._script: Path | None = None

    async def binary(self) -> Path:
        """The program. Raises CodedError (sandbox-unavailable)."""
        if self._script is None:
            self._script = await asyncio.to_thread(script, self.tier)
        return self._script

    async def close(self) -> None:
        """Ends the workers."""
        await super().close()
        if self._script is not None:
            self._script.unlink(missing_ok=True)
            self._script = None


def script(tier: Tier) -> Path:
    """A program that starts Monty inside bubblewrap; whoever asks for it removes it.

    Raises CodedError (sandbox-unavailable) where bubblewrap is missing or may not work.
    """
    found = shutil.which("bwrap")
    if found is None:
        raise _unavailable(tier, "bubblewrap is not installed")
    words = command(found, os.path.realpath(find_monty_binary()), "/monty")
    tried = command(found, os.path.realpath("/bin/true"), "/true")
    done = subprocess.run(tried, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    if done.returncode:
        raise _unavailable(tier, f"bubblewrap does not work here: {done.stderr.strip()[:200]}")
    number, name = tempfile.mkstemp(prefix="rlm-monty-")
    with os.fdopen(number, "w") as file:
        file.write(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    Path(name).chmod(0o700)
    return Path(name)


def command(bwrap: str, program: str, inside: str) -> list[str]:
    """A program inside bubblewrap."""
    bound = [x for path in LIBRARIES if Path(path).is_dir() for x in ("--ro-bind", path, path)]
    return [bwrap, *WALLS, *bound, "--ro-bind", program, inside, "--chdir", "/", inside]


def _unavailable(tier: Tier, words: str) -> Exception:
    return failed(
        "sandbox-unavailable",
        words,
        reason="It needs Linux, the program `bwrap`, and user namespaces that are allowed.",
        hint=tier.install,
    )
