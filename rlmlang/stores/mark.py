"""What the last commit of a store left, noted beside it, so that a log that is lost is noticed.

SQLite takes a log that is gone, cut or broken for one that ended earlier, and shows the store as it
was before. A row that was committed last is therefore named in the lock file, after its commit: if
it is there, all before it is. A note may be older than the log, never newer, so what it names must
stay true: an id once given stays, and a call that was answered stays so. The first 8 bytes behind
the header of a log are its salts (https://sqlite.org/fileformat2.html, section 4.1): the first of
them grows by one when the log is begun anew, so that another store's log has others.

The file of a store is opened by SQLite alone. Its locks are those of a process (POSIX), and closing
any other descriptor of the file drops them all: another process that closes the store would take
itself for the last, and remove a log that is still written.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

ROOM = 256  # bytes of a note, which is written over the one before in one step
FRAME = 24  # bytes before each page of a log
ID_AT = 68  # where a file's header has the number that SQLite leaves to applications
NEXT = 1 << 20  # times that a log may have begun anew since it was noted
GONE = "what was committed last is not in it: its log is gone, broken or that of another store"
FOREIGN = "the log beside it is that of another store"
EMPTIED = "it is empty, and was not"


@dataclass(frozen=True)
class Mark:
    """A note: the number of the store, the salts of its log, a row that was committed, and whether
    that is a call that had come back."""

    store: int = 0
    salts: str = ""
    table: str = ""
    id: int = 0
    settled: bool = False


def new_number() -> int:
    """A number for a new store, which tells its notes from those of a file that was here before."""
    return 1 + secrets.randbelow((1 << 31) - 1)


def lock_of(path: Path) -> Path:
    """The file that holds the lock for commits, and the note."""
    return path.with_name(path.name + ".lock")


def log_of(path: Path) -> Path:
    """The log of a store."""
    return path.with_name(path.name + "-wal")


def read(path: Path) -> Mark:
    """The note beside a store; an empty one where there is none, or none that can be read."""
    try:
        with lock_of(path).open("rb") as file:
            found = Mark(**json.loads(file.read(ROOM)))
        bytes.fromhex(found.salts)
    except (OSError, ValueError, TypeError):
        return Mark()
    return found


def write(fd: int, mark: Mark) -> None:
    """Writes a note over the one before."""
    os.pwrite(fd, json.dumps(asdict(mark)).encode().ljust(ROOM), 0)


def after_commit(path: Path, store: int, row: tuple[str, int, bool] | None) -> Mark:
    """The note after a commit that wrote a row. Where it wrote none that tells, the row of the note
    before, whoever wrote it: one that this process knew may have been removed since."""
    salts = _salts(log_of(path)).hex()
    if row is None:
        return replace(read(path), store=store, salts=salts)
    return Mark(store, salts, *row)


def closed(path: Path, mark: Mark) -> Mark:
    """The note after the end of a connection: without a log, everything is in the file."""
    return mark if log_of(path).exists() else Mark(mark.store)


def row_of(table: str, rows: Sequence[Sequence[object]]) -> tuple[str, int, bool] | None:
    """The last of a table's rows that is never taken back, and whether it is a call that had come
    back. A run's row is written anew, and notes of reuse go when their run is resumed."""
    if table == "event":
        return table, _number(rows[-1]), False
    if table == "call":
        told = [row for row in rows if row[2] in (0, 1, 2)]
        return (table, _number(told[-1]), told[-1][2] != 0) if told else None
    return None


def _number(row: Sequence[object]) -> int:
    return int(str(row[0]))


def problem(path: Path, connection: sqlite3.Connection) -> str:
    """What is wrong with a store beside its note, in words; empty where nothing is."""
    if emptied(path):
        return EMPTIED
    if foreign_log(path):
        return FOREIGN
    mark = read(path)
    number = connection.execute("PRAGMA application_id").fetchone()[0]
    if not mark.table or mark.store != number:
        return ""
    state = "state" if mark.table == "call" else "1"
    query = f"SELECT {state} FROM {mark.table} WHERE id = ?"
    found = connection.execute(query, (mark.id,)).fetchone()
    return "" if found is not None and found[0] in ((1, 2) if mark.settled else found) else GONE


def emptied(path: Path) -> bool:
    """Whether a file that a store was in is empty. SQLite takes it for a new one, and removes the
    log beside it: this is asked first."""
    return path.stat().st_size == 0 and read(path).store != 0


def foreign_log(path: Path) -> bool:
    """Whether the log beside a store is surely another's: its first page says so, or its salts."""
    own, log, before = _header_number(path), log_of(path), read(path)
    salts, first = _salts(log), _salts(log, FRAME)
    if not salts or before.salts in (salts.hex(), first.hex()):
        return False
    theirs = _numbers_in_log(log)
    if own and theirs and own not in theirs:
        return True
    if before != read(path) or not before.salts or before.store != own:
        return False  # a process goes on with it, or nothing is known
    noted = bytes.fromhex(before.salts)
    ahead = int.from_bytes(salts[:4], "big") - int.from_bytes(noted[:4], "big")
    return salts != noted and not 0 < ahead % (1 << 32) < NEXT


def _salts(log: Path, at: int = 0) -> bytes:
    """The salts in the header of a log, or in that of its first frame, which has them once more;
    none where there is no log with a header."""
    try:
        with log.open("rb") as file:
            head = file.read(64)
    except OSError:
        return b""
    return head[16 + at : 24 + at] if len(head) >= 32 else b""


def _header_number(path: Path) -> int:
    """The number of a store in the file itself, without its log; 0 where none can be read."""
    uri = f"{path.resolve().as_uri()}?immutable=1"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        try:
            return int(connection.execute("PRAGMA application_id").fetchone()[0])
        except sqlite3.Error:
            return 0


def _numbers_in_log(log: Path) -> set[int]:
    """The numbers of stores in the first pages that a log has."""
    found = set[int]()
    with log.open("rb") as data:
        head = data.read(32)
        size = int.from_bytes(head[8:12], "big")
        while 512 <= size <= 65_536 and len(frame := data.read(FRAME)) == FRAME:
            first, ours = int.from_bytes(frame[:4], "big") == 1, frame[8:16] == head[16:24]
            page = data.read(100) if first and ours else b""
            if len(page) == 100:
                found.add(int.from_bytes(page[ID_AT : ID_AT + 4], "big"))
            data.seek(size - len(page), 1)
    return found
