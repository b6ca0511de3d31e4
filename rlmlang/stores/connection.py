"""The connection that statements meet: what SQLite's has of itself, and PostgreSQL's is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

Cell = str | bytes | int | float | None  # a value of a column
Row = Sequence[Cell]
Found = Any  # a row as it was read, before anything is known of its values


class Cursor(Protocol):
    """The rows that a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Found:
        """The next row; None behind the last."""

    def fetchall(self) -> list[Found]:
        """All that are left."""

    def __iter__(self) -> Iterator[Found]: ...


class Connection(Protocol):
    """A connection that reads, or writes inside of a transaction."""

    def execute(self, statement: str, values: Row = (), /) -> Cursor:
        """A statement, at once."""

    def close(self) -> None:
        """Gives the connection back."""


@runtime_checkable
class Streaming(Protocol):
    """A connection of a server, which would give an answer whole: it gives a large one in parts."""

    def stream(self, statement: str, values: Row = (), /) -> Iterator[Found]:
        """The rows of a query one after another, a part of them in memory. Other statements may
        come in between."""


def stream(connection: Connection, statement: str, values: Row = ()) -> Iterator[Found]:
    """The rows of a query that may have very many, none of them held; SQLite reads so anyway."""
    if isinstance(connection, Streaming):
        return connection.stream(statement, values)
    return iter(connection.execute(statement, values))
