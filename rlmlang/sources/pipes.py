"""What can be read only once: pipes are held in memory; devices and sockets are refused."""

from __future__ import annotations

import os
import stat
import sys
from typing import BinaryIO

from rlmlang.diagnostics.diagnostic import failed

MOST = 1 << 30
"""How many bytes of a pipe are held."""
BLOCK = 1 << 20


def piped(path: str, info: os.stat_result) -> bytes:
    """All that a pipe, or a file that does not know its size, holds. Raises CodedError
    (source-unreadable) and OSError."""
    if not stat.S_ISREG(info.st_mode) and _is_stdin(info):
        return stdin_bytes()
    _refuse_devices(path, info)
    with open(path, "rb") as file:
        return _all_of(path, file)


def stdin_bytes() -> bytes:
    """What is piped in. Raises CodedError (empty-source, source-unreadable) and OSError."""
    if sys.stdin is None or sys.stdin.isatty():
        raise failed(
            "empty-source", "nothing is piped in", hint="pipe text in: cat file | rlm run …"
        )
    info = _stdin()
    if info is not None and not stat.S_ISSOCK(info.st_mode):
        _refuse_devices("stdin", info)
    data = _all_of("stdin", sys.stdin.buffer)
    if not data:
        raise failed(
            "empty-source", "what was piped in is empty", hint="check the command before |"
        )
    return data


def _stdin() -> os.stat_result | None:
    """What stands behind stdin, or None where a program has put something of its own there."""
    try:
        return os.fstat(sys.stdin.fileno())
    except (AttributeError, OSError, ValueError):
        return None


def _is_stdin(info: os.stat_result) -> bool:
    mine = _stdin()
    return mine is not None and os.path.samestat(mine, info)


def _refuse_devices(path: str, info: os.stat_result) -> None:
    """A device may have no end, a socket no name to open it by."""
    if stat.S_ISFIFO(info.st_mode) or stat.S_ISREG(info.st_mode):
        return
    if stat.S_ISCHR(info.st_mode) and info.st_rdev == os.stat(os.devnull).st_rdev:
        return
    what = "a socket" if stat.S_ISSOCK(info.st_mode) else "a device"
    raise failed(
        "source-unreadable",
        f"{path} is {what}, not a file",
        hint="give a file or a pipe; - is what is piped in",
    )


def _all_of(path: str, file: BinaryIO) -> bytes:
    blocks, held = [], 0
    while block := file.read(BLOCK):
        blocks.append(block)
        held += len(block)
        if held > MOST:
            raise failed(
                "source-unreadable",
                f"{path} gives more than {MOST:,} bytes",
                reason="What comes through a pipe can be read only once, so it is held in memory.",
                hint="write it to a file first; files are read by offset and may be of any size",
            )
    return b"".join(blocks)
