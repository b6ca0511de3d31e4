"""Logs of other programs brought into a store, whole or not at all."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.runtime.beginning import new_run
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.redaction import redactor_for
from rlmlang.runtime.stored import store_for
from rlmlang.stores.imported import keep_run
from rlmlang.stores.runs import FAILED, FINISHED, RunRow
from rlmlang.trajectory.events import CallEnded, Event, RunFinished, RunStarted
from rlmlang.trajectory.logs.log import UnreadableLogError
from rlmlang.trajectory.logs.table import LOGS, read_log

MOST = 256 << 20  # bytes of a log, which is read whole before anything is kept


@dataclass(frozen=True)
class ImportedRun:
    """A run that was brought here: its name, that of its log's format, how many requests it has,
    whether it was here `already`."""

    name: str
    log: str
    calls: int
    already: bool


def import_log(file: str, options: Options) -> ImportedRun:
    """Keeps the run of a log. Raises CodedError (log-unreadable and what opening a store raises);
    then nothing is kept."""
    path = Path(file)
    data, written = _read(path)
    try:
        log, events = read_log(data.decode("utf-8-sig"), str(path.resolve()), written)
    except UnicodeDecodeError:
        raise _unreadable(file, "it is no UTF-8 text") from None
    except UnreadableLogError as mistake:
        raise _unreadable(file, str(mistake)) from None
    same = hashlib.sha256(f"{log.name} log\n".encode() + data).digest()
    run = _row(events, log.name, same)
    redact = redactor_for(options)
    with closing(store_for(options, redact)) as store:
        name, already = keep_run(store.journal, run, events, redact)
    calls = sum(isinstance(event, CallEnded) for event in events)
    return ImportedRun(name, log.name, calls, already)


def _read(path: Path) -> tuple[bytes, float]:
    """What a file holds, and when it was written."""
    try:
        with path.open("rb") as file:
            data, written = file.read(MOST + 1), path.stat().st_mtime
    except (OSError, ValueError) as mistake:
        words = getattr(mistake, "strerror", "") or str(mistake)
        raise _unreadable(str(path), words) from None
    if len(data) > MOST:
        raise _unreadable(str(path), f"it has more than {MOST >> 20} MB")
    return data, written


def _row(events: list[Event], log: str, same: bytes) -> RunRow:
    first, last = events[0], events[-1]
    started = first if isinstance(first, RunStarted) else RunStarted(recipe=log, plan="")
    ended = isinstance(last, RunFinished) and last.outcome == FINISHED
    return RunRow(
        0,
        new_run(started.recipe),
        same,
        started.recipe,
        "",
        started.path,
        FINISHED if ended else FAILED,
        first.at,
        last.at,
        {"models": started.models, "inputs": {}, "imported": log},
    )


def _unreadable(file: str, why: str) -> CodedError:
    return failed(
        "log-unreadable",
        f"{file}: {why}",
        reason="Nothing of it is kept.",
        hint=f"formats are {', '.join(LOGS)}: rlm explain import",
    )
