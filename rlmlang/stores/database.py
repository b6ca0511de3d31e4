"""What a store asks of the database that keeps it: the seam where statements meet a connection.

All statements of this room are SQL that SQLite and PostgreSQL read alike, with `?` for values. What
the two do each in its own way stands behind these types: `sqlite_file.py` and `postgres/`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.stores.address import StoreAddress
from rlmlang.stores.connection import Connection
from rlmlang.stores.rows import Batch


class Claim(Protocol):
    """A sign of life that this process holds; gone with it however it ends."""

    def drop(self) -> None:
        """Lets go."""


class Claims(Protocol):
    """The signs of life of the runs of a store, each held by one process at a time."""

    def take(self, run: int) -> Claim | None:
        """That of a run; None when somebody holds it."""

    def goes_on(self, run: int) -> bool:
        """Whether a run goes on in some process."""

    def others_go_on(self, run: int) -> bool:
        """Whether another run than this one goes on."""


class Writer(Protocol):
    """The one writing connection of a process, used by one thread at a time."""

    @property
    def claims(self) -> Claims:
        """The signs of life that end with this connection."""

    def transaction(self) -> AbstractContextManager[Batch]:
        """All that is done to the batch, committed at the end or not at all. One writer at a time
        is inside, of all processes; the batch says whether another was there before."""

    def problem(self, mistake: Exception) -> CodedError:
        """The coded problem behind what a transaction raised."""

    def forget(self) -> None:
        """Called inside of a transaction before rows go that nothing was to take back."""

    def close(self) -> None:
        """Gives the connection back."""


class Database(Protocol):
    """Where a store lies. Its calls raise CodedError (store-unwritable, store-unreachable,
    store-damaged, store-too-new, store-untrusted)."""

    @property
    def address(self) -> StoreAddress:
        """Its place; as text it shows no password."""

    def write(self, only: bytes | None = None) -> Writer:
        """A writer of the store, which is made where there is none and brought to this version. Of
        a file `only` what was signed with a secret counts, where one is given."""

    def read(self, only: bytes | None = None) -> Connection:
        """A connection that can only read. Raises CodedError (unknown-run) where no store is."""

    def reader(self) -> Connection:
        """A second connection beside a writer's."""

    def claims(self, connection: Connection) -> Claims:
        """The signs of life, as somebody sees them who only reads."""

    def session(self, name: str) -> Claim | None:
        """The sign that a process has a session of questions; None when another has it."""

    def exists(self) -> bool:
        """Whether a store is there."""

    def size(self) -> int:
        """Bytes that the store takes."""
