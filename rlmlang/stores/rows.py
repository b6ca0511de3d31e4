"""Rows with a seal: a hash over every value, so that a changed byte is found whoever changed it."""

from __future__ import annotations

import hashlib
import sqlite3
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import zstandard

from rlmlang.stores.schema import TABLES

LEVEL = 3
SEAL = 16


def pack(text: str) -> bytes:
    """Text as compressed bytes."""
    return zstandard.ZstdCompressor(level=LEVEL).compress(text.encode("utf-8", "surrogatepass"))


def unpack(data: bytes) -> str:
    """The text of compressed bytes."""
    return zstandard.ZstdDecompressor().decompress(data).decode("utf-8", "surrogatepass")


def seal(table: str, values: Iterable[Any]) -> bytes:
    """The seal of a row: blake2b over its table's name, its values, their kinds and lengths."""
    made = hashlib.blake2b(digest_size=SEAL, person=table.encode())
    for value in values:
        kind, data = _bytes(value)
        made.update(struct.pack("<cQ", kind, len(data)))
        made.update(data)
    return made.digest()


def _bytes(value: Any) -> tuple[bytes, bytes]:
    if value is None:
        return b"n", b""
    if isinstance(value, int):
        return b"i", str(value).encode()
    if isinstance(value, float):
        return b"f", struct.pack("<d", value)
    if isinstance(value, str):
        return b"t", value.encode("utf-8", "surrogatepass")
    return b"b", bytes(value)


def put(connection: sqlite3.Connection, table: str, values: Sequence[Any]) -> None:
    """Writes a row, new or in place of the one with its id."""
    row = [_clean(v) for v in values]
    marks = ",".join("?" * (len(row) + 1))
    connection.execute(
        f"INSERT OR REPLACE INTO {table} VALUES({marks})",
        [*row, seal(table, row)],
    )


def _clean(value: Any) -> Any:
    """Text that SQLite can keep: half characters are replaced."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return int(value) if isinstance(value, bool) else value


def intact(table: str, row: Sequence[Any]) -> bool:
    """Whether a row with its seal at the end is what was written."""
    return len(row) == len(TABLES[table]) + 1 and row[-1] == seal(table, row[:-1])
