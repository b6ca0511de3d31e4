"""A store held to be whole before anything is read from it or written to it.

Seals say that a row is what was written, but not that no row is missing: where a page or an index
is broken, SQLite passes over rows without a word. Its own check walks all pages; it takes about
2 ms a megabyte with the indexes, and 1 ms without.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from rlmlang.stores import mark
from rlmlang.stores.problems import damaged

WITH_INDEXES, AT_ALL = 64 << 20, 256 << 20  # bytes; larger ones are left to `rlm store verify`


def hold(path: Path, connection: sqlite3.Connection) -> mark.Mark:
    """The note beside a store that is whole. Raises CodedError (store-damaged), sqlite3.Error where
    it cannot be read."""
    words = mark.problem(path, connection) or _by_sqlite(path, connection)
    if words:
        raise damaged(path, words)
    return mark.read(path)


def _by_sqlite(path: Path, connection: sqlite3.Connection) -> str:
    size = path.stat().st_size
    check = "integrity_check" if size <= WITH_INDEXES else "quick_check"
    if size > AT_ALL:
        return ""
    found = str(connection.execute(f"PRAGMA {check}(1)").fetchone()[0])
    return "" if found == "ok" else found
