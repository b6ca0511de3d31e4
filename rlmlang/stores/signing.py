"""Whose rows are: each is signed with a secret that lies in the state folder of who wrote it.

A folder that somebody else made may bring a store along, and a change may bring rows into a store
of one's own. Seals do not tell them, as anybody can make a seal; a signature needs the secret.
"""

from __future__ import annotations

import functools
import os
import secrets
import sqlite3
from pathlib import Path

from rlmlang.resources import user_state
from rlmlang.stores import rows, schema
from rlmlang.stores.address import StoreAddress
from rlmlang.stores.connection import Row
from rlmlang.stores.locks import CommitLock
from rlmlang.stores.problems import damaged, not_own

SIZE = 32  # bytes of a secret
ENDS = "SELECT * FROM {0} WHERE id IN (SELECT MIN(id) FROM {0} UNION SELECT MAX(id) FROM {0})"


def own_secret() -> bytes:
    """The user's secret, made where there is none; where none can be kept, one of this process:
    what it signs counts later where its folder is trusted or its store is named."""
    try:
        path = user_state() / "signing.secret"
        return _kept(path) if path.is_absolute() else _passing()
    except (OSError, RuntimeError):
        return _passing()


@functools.cache
def _passing() -> bytes:
    return secrets.token_bytes(SIZE)


@functools.cache
def _kept(path: Path) -> bytes:
    """The secret in a file. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = CommitLock(path)
    try:
        with lock.held():
            found = os.pread(lock.fd, SIZE, 0)
            if len(found) < SIZE:
                found = secrets.token_bytes(SIZE)
                os.pwrite(lock.fd, found, 0)
                os.fsync(lock.fd)
    finally:
        lock.close()
    return found


def hold(path: StoreAddress, table: str, row: Row, secret: bytes | None) -> None:
    """Holds that a row is what was written, and by whom where a secret is given. Raises CodedError
    (store-damaged, store-untrusted)."""
    if secret is not None and rows.signed(table, row, secret):
        return
    if not rows.intact(table, row):
        raise damaged(path, f"a row of {table} is not what was written")
    if secret is not None:
        raise not_own(path)


def hold_store(path: Path, connection: sqlite3.Connection, secret: bytes | None) -> None:
    """Looks at the first and last rows of a store before anything is asked or written; each other
    row is held when it is used. Raises CodedError (store-untrusted), sqlite3.Error."""
    if secret is not None and not all_signed(path, connection, secret):
        raise not_own(path)


def all_signed(path: Path, connection: sqlite3.Connection, secret: bytes) -> bool:
    """Whether the first and last rows were written by who has the secret, or there are none."""
    if not schema.has_tables(connection, path):
        return True
    found = ((t, row) for t in ("run", "call") for row in connection.execute(ENDS.format(t)))
    return all(rows.signed(table, row, secret) for table, row in found)
