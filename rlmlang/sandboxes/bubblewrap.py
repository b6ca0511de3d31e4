"""Monty's workers inside bubblewrap (Linux): no network, no files but the system's libraries, no
other processes, whatever becomes of the interpreter."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from pydantic_monty._binary import find_monty_binary

from rlmlang.diagnostics.diagnostic import failed

LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
WALLS = ("--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL")


def command(program: str, inside: str) -> list[str]:
    """A program inside bubblewrap. Raises CodedError (sandbox-unavailable)."""
    found = shutil.which("bwrap")
    if found is None:
        raise _unavailable("bubblewrap is not installed")
    bound = [x for path in LIBRARIES if Path(path).is_dir() for x in ("--ro-bind", path, path)]
    return [found, *WALLS, *bound, "--ro-bind", program, inside, "--chdir", "/", inside]


def script() -> str:
    """The path of a program that starts Monty inside bubblewrap; whoever asks for it removes it.

    Raises CodedError (sandbox-unavailable) where bubblewrap is missing or may not work.
    """
    words = command(os.path.realpath(find_monty_binary()), "/monty")
    _tried(command(os.path.realpath("/bin/true"), "/true"))
    number, path = tempfile.mkstemp(prefix="rlm-monty-")
    with os.fdopen(number, "w") as file:
        file.write(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    Path(path).chmod(0o700)
    return path


def remove(path: str) -> None:
    """Removes such a program."""
    Path(path).unlink(missing_ok=True)


def _tried(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    if done.returncode:
        raise _unavailable(f"bubblewrap does not work here: {done.stderr.strip()[:200]}")


def _unavailable(words: str) -> Exception:
    return failed(
        "sandbox-unavailable", words,
        reason="It needs Linux, the program `bwrap`, and user namespaces that are allowed.",
        hint="install the package bubblewrap, or use `sandbox: monty`",
    )  # fmt: skip
