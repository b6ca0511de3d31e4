"""All whole rows of a damaged store, brought into a new one.

Each page is read by itself, so a broken page costs its own rows and no others, and a row is taken
only if its seal says that it is what was written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.stores import mark, pages, rows, schema
from rlmlang.stores.connection import Cell
from rlmlang.stores.migrate import is_old, with_ending
from rlmlang.stores.problems import hold_place, missing, too_new, unwritable
from rlmlang.stores.signing import own_secret

ALONE = f"""DELETE FROM call WHERE state = {schema.REUSED}
AND origin NOT IN (SELECT id FROM call)"""  # that an answer which is lost was used again


def salvage(path: Path, target: Path, *, own_only: bool = False) -> dict[str, int]:
    """Brings over what is whole, or of that only what this user wrote; gives how many rows of each
    table.

    Raises CodedError (store-missing, file-exists, store-unwritable, store-too-new).
    """
    hold_place(path)
    if not path.is_file():
        raise missing(path, "name the damaged file")
    if target.exists():
        raise failed("file-exists", f"{target} exists", hint="name a file that does not")
    log = b"" if mark.foreign_log(path) else _newest_pages(mark.log_of(path), mark.read(path))
    secret = own_secret() if own_only else None
    found = dict.fromkeys(schema.TABLES, 0)
    try:
        schema.create_file(target)
        with closing(schema.writing(target)) as c:
            schema.create(c)
            c.execute("BEGIN")
            for data in (path.read_bytes(), log):
                for table, row in whole_rows(data):
                    if secret is None or rows.signed(table, row, secret):
                        _bring(c, table, row)
            c.execute(ALONE)
            c.execute("COMMIT")
            for table in schema.TABLES:
                found[table] = c.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
    except (sqlite3.Error, OSError) as mistake:
        raise unwritable(str(target), mistake) from None
    _known(path, found)
    return found


def _known(path: Path, found: dict[str, int]) -> None:
    """Raises CodedError (store-too-new) where nothing was found since rows are others by now."""
    with path.open("rb") as file:
        head = file.read(64)
    version = int.from_bytes(head[60:64], "big") if head.startswith(b"SQLite format 3\0") else 0
    if version > schema.VERSION and not any(found.values()):
        raise too_new(path, version, schema.VERSION)


def _bring(c: sqlite3.Connection, table: str, row: list[Cell]) -> None:
    """Takes a row, unless a later state of it is there: old copies may lie in unused pages."""
    at = {"call": "state", "run": "ended", "provider_batch": "changed"}.get(table)
    if at is not None:
        new = row[schema.TABLES[table].index(at)] or 0
        old = c.execute(f"SELECT {at} FROM {table} WHERE id = ?", (row[0],)).fetchone()
        if old is not None and (old[0] or 0) > new:  # type: ignore[operator]
            return
    marks = ",".join("?" * len(row))
    c.execute(f"INSERT OR REPLACE INTO {table} VALUES({marks})", row)


def whole_rows(data: bytes) -> Iterator[tuple[str, list[Cell]]]:
    """The rows of any table whose seals are right."""
    widths: dict[int, list[str]] = {}
    for table, columns in schema.TABLES.items():
        widths.setdefault(len(columns) + 1, []).append(table)
    for record in pages.records(data):
        row = [record.rowid, *record.values[1:]]
        if is_old(row):
            yield "call", with_ending(row)
        for table in widths.get(len(row), ()):
            if rows.intact(table, row):
                yield table, row


def _newest_pages(log: Path, noted: mark.Mark) -> bytes:
    """The pages of a write-ahead log one after the other, as a file of pages; later ones of the
    same number come later, and so win. Frames have a header of 24 bytes, and those of this log
    its two salts, which are noted beside the store (https://sqlite.org/fileformat2.html, section
    4.1)."""
    if not log.is_file() or log.stat().st_size < 32:
        return b""
    data = log.read_bytes()
    size = int.from_bytes(data[8:12], "big")
    if size < 512 or size & (size - 1):
        size = 4096
    last = _last_of_each(data, size, {data[16:24], bytes.fromhex(noted.salts)})
    top = max(last, default=0)
    return b"".join(last.get(number, b"\0" * size) for number in range(1, top + 1))


def _last_of_each(data: bytes, size: int, salts: set[bytes]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for at in range(32, len(data) - 24 - size + 1, 24 + size):
        number = int.from_bytes(data[at : at + 4], "big")
        if 0 < number < 1 << 24 and data[at + 8 : at + 16] in salts:
            found[number] = data[at + 24 : at + 24 + size]
    return found
