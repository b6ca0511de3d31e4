"""Signs of life as advisory locks: they end with the session of the server, however that ends."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.stores.connection import Connection
from rlmlang.stores.postgres.tables import LOCKS

HELD = """SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid = ?
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND objid {} ? AND objid > 0 LIMIT 1"""


@dataclass(frozen=True)
class RunClaim:
    """The sign of life of a run."""

    claims: ServerClaims
    run: int

    def drop(self) -> None:
        """Lets go; where the connection is gone, so is the lock."""
        self.claims.held.discard(self.run)
        with contextlib.suppress(CodedError):
            self.claims.connection.execute("SELECT pg_advisory_unlock(?, ?)", (LOCKS, self.run))


@dataclass(frozen=True)
class ServerClaims:
    """Those of the runs of a store. A session may take a lock twice, and so this remembers what is
    `held` already."""

    connection: Connection
    held: set[int] = field(default_factory=set)

    def take(self, run: int) -> RunClaim | None:
        """That of a run; None when somebody holds it."""
        taken = "SELECT pg_try_advisory_lock(?, ?)"
        if run in self.held or self.connection.execute(taken, (LOCKS, run)).fetchone() != (True,):
            return None
        self.held.add(run)
        return RunClaim(self, run)

    def goes_on(self, run: int) -> bool:
        """Whether a run goes on in some process."""
        return self.connection.execute(HELD.format("="), (LOCKS, run)).fetchone() is not None

    def others_go_on(self, run: int) -> bool:
        """Whether another run than this one goes on."""
        return self.connection.execute(HELD.format("<>"), (LOCKS, run)).fetchone() is not None


@dataclass(frozen=True)
class SessionClaim:
    """The sign that a process has a session of questions, on a connection of its own."""

    connection: Connection

    def drop(self) -> None:
        """Lets go."""
        self.connection.close()
