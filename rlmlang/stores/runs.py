"""Runs as folders of JSON lines below `.rlm/runs`: one event a line, flushed as it happens."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.trajectory.events import Event, from_json, to_json

FOLDER = Path(".rlm") / "runs"


class RunFile:
    """The trajectory of one run, being written."""

    def __init__(self, root: Path, run: str) -> None:
        self.path = root / run / "events.jsonl"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            (root.parent / ".gitignore").write_text("*\n")
            self._file: IO[str] = self.path.open("a", encoding="utf-8")
        except OSError as mistake:
            raise _unwritable(self.path, mistake) from None

    def append(self, event: Event) -> None:
        """Writes an event and flushes it. Raises CodedError when the disk is full."""
        line = json.dumps(to_json(event), ensure_ascii=False, default=str)
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as mistake:
            raise _unwritable(self.path, mistake) from None

    def close(self) -> None:
        """Ends the file."""
        with contextlib.suppress(OSError):  # a line that failed was reported when written
            self._file.close()


def read(root: Path, run: str) -> Iterator[Event]:
    """The events of a run; a torn last line is left out. Raises CodedError (unknown-run)."""
    chosen = _choose(root, run)
    with (root / chosen / "events.jsonl").open(encoding="utf-8") as file:
        for line in file:
            try:
                event = from_json(json.loads(line))
            except (ValueError, TypeError):
                continue
            if event is not None:
                yield event


def names(root: Path) -> list[str]:
    """The runs that are kept, the oldest first."""
    if not root.is_dir():
        return []
    return sorted(p.name for p in root.iterdir() if (p / "events.jsonl").is_file())


def _choose(root: Path, run: str) -> str:
    known = names(root)
    if not known:
        raise failed("unknown-run", "no run is kept here", hint="run a recipe first: rlm run FILE")
    if not run:
        return known[-1]
    matches = [n for n in known if n == run] or [n for n in known if n.startswith(run)]
    if len(matches) != 1:
        raise failed("unknown-run", f"no run is called {run}", hint=did_you_mean(run, known[-8:]))
    return matches[0]


def _unwritable(path: Path, mistake: OSError) -> Exception:
    return failed(
        "trajectory-unwritable",
        f"{os.fspath(path)} cannot be written: {mistake.strerror or mistake}",
        reason="A run that leaves no record is not begun, and not continued.",
        hint="free some space, change the permissions, or run with --no-record",
    )
