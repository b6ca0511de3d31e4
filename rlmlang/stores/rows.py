"""Rows with a seal: a hash over every value, so that a changed byte is found whoever changed it.
Half of it is a signature of who wrote the row, in which no one else's secret results."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence

import zstandard

from rlmlang.stores.connection import Cell, Connection, Cursor, Row
from rlmlang.stores.mark import row_of
from rlmlang.stores.schema import TABLES
from rlmlang.unicode import encodable

LEVEL = 3
SEAL = 16
HALF = SEAL // 2
MOST = 512  # rows of a statement; SQLite takes 32,766 values
CHARGE = """UPDATE lease SET used_calls = used_calls + ?, used_tokens = used_tokens + ?,
used_usd = used_usd + ? WHERE id = ?"""
_KEPT = threading.local()
Replace = Callable[[Connection, str, Sequence[Row]], None]


def pack(text: str) -> bytes:
    """Text as compressed bytes."""
    made = getattr(_KEPT, "compressor", None)
    if made is None:
        made = _KEPT.compressor = zstandard.ZstdCompressor(level=LEVEL)
    data: bytes = made.compress(encodable(text).encode())
    return data


def unpack(data: bytes) -> str:
    """The text of compressed bytes."""
    text = zstandard.ZstdDecompressor().decompress(data).decode("utf-8", "surrogatepass")
    return encodable(text)  # half characters were kept by earlier versions


def digest(table: str, values: Row) -> bytes:
    """The hash of a row: blake2b over its table's name, its values with their kinds, and the
    bytes of those that are bytes."""
    made = hashlib.blake2b(digest_size=SEAL, person=table.encode())
    blobs = [v for v in values if type(v) is bytes]
    plain = tuple([len(v) if type(v) is bytes else v for v in values])
    kinds = "".join(["b" if type(v) is bytes else "v" for v in values])
    made.update(f"{kinds}{plain!r}".encode("utf-8", "backslashreplace"))
    for blob in blobs:
        made.update(blob)
    return made.digest()


def seal(table: str, values: Row, secret: bytes) -> bytes:
    """The seal of a row: a check of all of it, and the signature that a secret gives. Without a
    secret, as earlier versions wrote it, the hash alone."""
    content = digest(table, values)
    if not secret:
        return content
    return _with_check(content, hashlib.blake2b(content, digest_size=HALF, key=secret).digest())


def _with_check(content: bytes, signature: bytes) -> bytes:
    return hashlib.blake2b(content + signature, digest_size=HALF).digest() + signature


class Batch:
    """The changes of one transaction. Rows that are `put` are written together at its end, with
    one statement a table: every statement costs a thread the interpreter's lock twice."""

    def __init__(
        self,
        connection: Connection,
        *,
        shared: bool = True,
        secret: bytes = b"",
        replace: Replace | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.connection, self.shared, self.secret = connection, shared, secret
        self.now = now  # the seconds of the store's clock, which all who write to it share
        self._replace = replace or replace_rows
        self._charges: dict[int, list[int]] = {}
        self.last: tuple[str, int, bool] | None = None
        self._rows: dict[str, list[list[Cell]]] = {}

    def execute(self, statement: str, values: Row = ()) -> Cursor:
        """A statement, at once."""
        return self.connection.execute(statement, values)

    def put(self, table: str, values: Row) -> None:
        """A row, new or in place of the one with its id; written when the batch is flushed."""
        row = [_clean(v) for v in values]
        row.append(seal(table, row, self.secret))
        waiting = self._rows.setdefault(table, [])
        waiting.append(row)
        if len(waiting) >= MOST:
            self.flush()

    def charge(self, lease: int, calls: int, tokens: int, usd: int) -> None:
        """Charges a lease, or gives back; written when the batch is flushed. Lease 0 is that of who
        spends alone, and nowhere noted."""
        if not lease:
            return
        so_far = self._charges.setdefault(lease, [0, 0, 0])
        for place, amount in enumerate((calls, tokens, usd)):
            so_far[place] += amount

    def bring(self, table: str, sealed: Sequence[Row]) -> None:
        """Writes rows with the seals that they have, at once."""
        if sealed:
            self._replace(self.connection, table, sealed)
            self.last = row_of(table, sealed) or self.last

    def flush(self) -> None:
        """Writes the rows that were put, and what leases are charged."""
        for table, waiting in self._rows.items():
            self._replace(self.connection, table, waiting)
            self.last = row_of(table, waiting) or self.last
        self._rows.clear()
        for lease, amounts in self._charges.items():
            self.execute(CHARGE, (*amounts, lease))
        self._charges.clear()


def replace_rows(connection: Connection, table: str, rows: Sequence[Row]) -> None:
    """Writes rows in place of those with their ids, as SQLite does it."""
    marks = f"({','.join('?' * len(rows[0]))})"
    connection.execute(
        f"INSERT OR REPLACE INTO {table} VALUES{','.join([marks] * len(rows))}",
        [value for row in rows for value in row],
    )


def _clean(value: Cell) -> Cell:
    """Text that SQLite can keep."""
    if type(value) is str:
        return encodable(value)
    return int(value) if type(value) is bool else value


def intact(table: str, row: Row) -> bool:
    """Whether a row with its seal at the end is what was written, whoever wrote it."""
    made = row[-1]
    if len(row) != len(TABLES[table]) + 1 or type(made) is not bytes:
        return False
    content = digest(table, row[:-1])
    return made == content or made == _with_check(content, made[HALF:])


def signed(table: str, row: Row, secret: bytes) -> bool:
    """Whether a row is what was written by who has a secret."""
    wide = len(TABLES[table]) + 1
    return len(row) == wide and bool(secret) and row[-1] == seal(table, row[:-1], secret)
