"""What processes take, where the system tells (Linux): read from outside."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def family(process: int) -> Iterator[int]:
    """A process and those below it, where the system tells."""
    yield process
    with contextlib.suppress(OSError, ValueError):
        told = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
        for child in told.split():
            yield from family(int(child))


def computed(process: int) -> float:
    """Seconds that a process has computed; 0 where the system does not tell."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def resident(process: int) -> int:
    """Bytes of memory that a process has; 0 where the system does not tell."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        told = Path(f"/proc/{process}/statm").read_text(encoding="ascii")
        return int(told.split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
