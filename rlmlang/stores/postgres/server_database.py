"""A store in a database of a server."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.stores import schema, signing
from rlmlang.stores.address import Server
from rlmlang.stores.connection import Connection
from rlmlang.stores.postgres.claims import ServerClaims, SessionClaim
from rlmlang.stores.postgres.server_connection import ServerConnection, connected, problem_of
from rlmlang.stores.postgres.tables import held_version, prepare, replace_rows, version_of
from rlmlang.stores.problems import no_run
from rlmlang.stores.rows import Batch

NOW = "SELECT extract(epoch FROM clock_timestamp())"
COMMIT = "UPDATE store SET commits = commits + 1 RETURNING commits, version"


class ServerWriter:
    """The one writing connection of a process to a server."""

    def __init__(self, server: Server) -> None:
        self._connection = connected(server)
        self._secret = signing.own_secret()
        self.claims = ServerClaims(self._connection)
        prepare(self._connection)
        self._commits = int(self._connection.execute("SELECT commits FROM store").fetchone()[0])

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Batch]:
        """A group of changes. Who changes the row of `store` is alone until the end."""
        connection = self._connection
        connection.execute("BEGIN")
        try:
            commits, version = connection.execute(COMMIT).fetchone()
            held_version(connection, version)
            shared = commits != self._commits + 1
            batch = Batch(
                connection,
                shared=shared,
                secret=self._secret,
                replace=replace_rows,
                now=self._now,
            )
            yield batch
            batch.flush()
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(CodedError):
                connection.execute("ROLLBACK")
            raise
        self._commits = commits

    def _now(self) -> float:
        return float(self._connection.execute(NOW).fetchone()[0])

    def problem(self, mistake: Exception) -> CodedError:
        """The problem behind what a transaction raised."""
        return problem_of(self._connection.server, mistake)

    def forget(self) -> None:
        """Nothing is noted beside a server."""

    def close(self) -> None:
        """Ends the session, and the signs of life with it."""
        self._connection.close()


@dataclass(frozen=True)
class ServerDatabase:
    """A store in a database of a server. Who may write there was let in by who keeps it: all whole
    rows count."""

    address: Server

    def write(self, only: bytes | None = None) -> ServerWriter:
        """Its writer."""
        return ServerWriter(self.address)

    def read(self, only: bytes | None = None) -> ServerConnection:
        """A connection that can only read, of tables that are brought to this version."""
        connection = self.reader()
        found = version_of(connection)
        if found == 0:
            connection.close()
            raise no_run()
        if found < schema.VERSION:
            self.write().close()
        return connection

    def reader(self) -> ServerConnection:
        """A second connection beside a writer's."""
        connection = connected(self.address)
        connection.execute("SET default_transaction_read_only TO on")
        return connection

    def claims(self, connection: Connection) -> ServerClaims:
        """The signs of life, as the server knows them."""
        return ServerClaims(connection)

    def session(self, name: str) -> SessionClaim | None:
        """The sign that a process has a session."""
        key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
        connection = connected(self.address)
        if connection.execute("SELECT pg_try_advisory_lock(?)", (key,)).fetchone() == (True,):
            return SessionClaim(connection)
        connection.close()
        return None

    def exists(self) -> bool:
        """Whether the tables are there."""
        with contextlib.closing(self.reader()) as connection:
            return version_of(connection) > 0

    def size(self) -> int:
        """Bytes of its tables and their indexes."""
        with contextlib.closing(self.read()) as connection:
            tables = " + ".join(f"pg_total_relation_size('{table}')" for table in schema.TABLES)
            return int(connection.execute(f"SELECT {tables}").fetchone()[0])
