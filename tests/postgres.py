"""A PostgreSQL server for tests: a cluster of its own in a temporary folder, run by a user who is
not root, as PostgreSQL asks for it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

PASSWORD = "no one knows it"


def programs() -> Path | None:
    """The folder of the server's programs, the newest; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[4])
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).resolve().parent if named else None


@dataclass
class Cluster:
    """A server that can be stopped and started."""

    folder: Path
    port: int
    numbers: Iterator[int] = field(default_factory=count)

    def call(self, program: str, *args: str) -> None:
        where = programs()
        assert where is not None
        user = "postgres" if os.geteuid() == 0 else None
        subprocess.run(
            [where / program, *args],
            check=True,
            user=user,
            cwd=self.folder,
            env={"PGPASSWORD": PASSWORD, "PATH": os.environ["PATH"]},
            stdout=subprocess.DEVNULL,
        )

    def make(self) -> None:
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        how = ("-U", "runs", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8")
        self.call("initdb", "-D", f"{self.folder}/data", *how, "--locale=C", "--no-sync")

    def start(self) -> None:
        options = f"-k {self.folder} -p {self.port} -c listen_addresses=127.0.0.1"
        at = ("-D", f"{self.folder}/data", "-l", f"{self.folder}/log")
        self.call("pg_ctl", "start", "-w", "-o", options, *at)

    def kill(self) -> None:
        """As a power cut would: nothing is said to anybody."""
        self.call("pg_ctl", "stop", "-w", "-m", "immediate", "-D", f"{self.folder}/data")

    def database(self) -> str:
        """The URL of a new database."""
        name = f"runs_{next(self.numbers)}"
        self.say(f"CREATE DATABASE {name}")
        return f"postgresql://runs:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}/{name}"

    def say(self, statements: str) -> None:
        """Has the server's owner do something, a statement at a time."""
        at = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "runs", "-v", "ON_ERROR_STOP=1")
        for statement in filter(str.strip, statements.split(";")):
            self.call("psql", *at, "-q", "-c", statement, "postgres")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A running server, gone at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # noqa: S108, sockets have short paths
        found = Cluster(Path(folder), port)
        found.make()
        found.start()
        try:
            yield found
        finally:
            found.kill()
