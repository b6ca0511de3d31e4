"""Connections to a server, whose errors are coded problems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.stores.address import Server
from rlmlang.stores.connection import Cursor, Found, Row
from rlmlang.stores.postgres.cells import adapt
from rlmlang.stores.problems import unreachable, unwritable

GONE = ("08", "57P")  # classes of SQLSTATE: connections, and an operator's intervention
SETTINGS = """SET search_path TO rlmlang; SET client_encoding TO 'UTF8';
SET idle_in_transaction_session_timeout TO '60s';
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') = 'off'"""
WAITS = {
    "application_name": "rlmlang",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "tcp_user_timeout": "30000",  # milliseconds until a server that answers nothing is gone
}
PART = 500  # rows of a large answer that are fetched at a time
NUMBERS = count()


@dataclass(frozen=True)
class ServerConnection:
    """A connection as the statements of a store meet it. It is closed when nobody holds it any
    more: a trajectory may be read for as long as somebody has it."""

    server: Server
    connection: psycopg.Connection

    def __del__(self) -> None:
        self.close()

    def execute(self, statement: str, values: Row = (), /) -> Cursor:
        """A statement, at once. Raises CodedError (store-unreachable, store-unwritable)."""
        try:
            return self.connection.execute(statement.replace("?", "%s").encode(), values)
        except psycopg.Error as mistake:
            raise problem_of(self.server, mistake) from None

    def stream(self, statement: str, values: Row = (), /) -> Iterator[Found]:
        """The rows of a query, from a cursor of the server's that outlives its transaction: what
        is read slowly keeps none open. Raises CodedError (store-unreachable, store-unwritable)."""
        query, name = statement.replace("?", "%s").encode(), f"rows{next(NUMBERS)}"
        try:
            with self.connection.cursor(name, scrollable=False, withhold=True) as cursor:
                cursor.itersize = PART
                yield from cursor.execute(query, values)
        except psycopg.Error as mistake:
            raise problem_of(self.server, mistake) from None

    def close(self) -> None:
        """Ends the session of the server, and what it holds."""
        self.connection.close()


def connected(server: Server) -> ServerConnection:
    """A new session. Raises CodedError (store-unreachable, store-unwritable)."""
    try:
        found = ServerConnection(server, psycopg.connect(_settings(server), autocommit=True))
        adapt(found.connection)
        found.connection.execute(SETTINGS)
    except psycopg.Error as mistake:
        raise problem_of(server, mistake) from None
    return found


def _settings(server: Server) -> str:
    """What a URL says. Raises CodedError (store-unreachable): libpq's own words would show it."""
    try:
        return make_conninfo("", **{**WAITS, **conninfo_to_dict(server.url)})
    except psycopg.Error:
        raise unreachable(server, "its URL cannot be read") from None


def problem_of(server: Server, mistake: Exception) -> CodedError:
    """The problem behind an error of a server's, or of the way to it."""
    if isinstance(mistake, CodedError):
        return mistake
    if not isinstance(mistake, psycopg.Error):
        return unwritable(server, mistake)
    state, said = mistake.sqlstate or "", mistake.diag.message_primary or str(mistake)
    words = said.partition("\n")[0]
    lost = isinstance(mistake, psycopg.OperationalError | psycopg.InterfaceError) and not state
    if lost or state.startswith(GONE) or state == "25P03":
        return unreachable(server, words)
    return unwritable(server, OSError(0, words))
