"""A store in a file, as SQLite keeps it."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from rlmlang.stores import mark, schema, signing, whole
from rlmlang.stores.connection import Connection
from rlmlang.stores.locks import Claim, FileClaims, session_claim
from rlmlang.stores.problems import damaged, hold_place, no_run, problem_of
from rlmlang.stores.sqlite_writer import FileWriter


@dataclass(frozen=True)
class SqliteFile:
    """A store in a file."""

    address: Path

    def write(self, only: bytes | None = None) -> FileWriter:
        """Its writer, in a folder that its owner alone may read where there was none."""
        path = self.address
        hold_place(path)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            ignore = path.parent / ".gitignore"
            if path.parent.name == ".rlm" and not ignore.exists():
                ignore.write_text("*\n")
            return FileWriter(path, only)
        except (OSError, sqlite3.Error) as mistake:
            raise problem_of(path, mistake) from None

    def read(self, only: bytes | None = None) -> sqlite3.Connection:
        """The file, brought up to date and held to what was written last."""
        path = self.address
        hold_place(path)
        if not path.is_file():
            raise no_run()
        try:
            bring_up(path, only)
            connection = schema.read_only(path)
            some = schema.has_tables(connection, path)
            whole.hold(path, connection)
            signing.hold_store(path, connection, only)
        except sqlite3.Error as mistake:
            raise problem_of(path, mistake) from None
        if not some:
            raise no_run()
        return connection

    def reader(self) -> sqlite3.Connection:
        """A second connection beside a writer's."""
        return schema.read_only(self.address)

    def claims(self, connection: Connection) -> FileClaims:
        """The signs of life: files beside it."""
        return FileClaims(self.address)

    def session(self, name: str) -> Claim | None:
        """The sign that a process has a session. Raises OSError."""
        claim = Claim(session_claim(self.address, name))
        return claim if claim.take() else None

    def exists(self) -> bool:
        """Whether there is a file."""
        return self.address.is_file()

    def size(self) -> int:
        """Bytes of the file."""
        return self.address.stat().st_size


def bring_up(path: Path, only: bytes | None = None) -> None:
    """Brings the store of a file to this version where an earlier one wrote it.

    Raises CodedError (store-too-new, store-damaged, store-untrusted), sqlite3.Error
    where it cannot be read or written.
    """
    if mark.emptied(path):
        raise damaged(path, mark.EMPTIED)
    with contextlib.closing(schema.read_only(path)) as connection:
        if schema.version_of(connection, str(path)) in (0, schema.VERSION):
            return
    FileWriter(path, only).close()
