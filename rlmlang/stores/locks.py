"""Locks between processes: one for a store's commits, one for every run that is alive."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

try:
    import fcntl
except ImportError:  # a system without it: SQLite's own locks are what is left
    fcntl = None  # type: ignore[assignment]


class CommitLock:
    """Held for each group of rows that is committed. The waiting are served in turn, and two
    processes never write the log at one time, whatever SQLite's version."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Waits for its turn. Raises OSError where the file system knows no locks."""
        if fcntl is None:
            yield
            return
        fcntl.flock(self.fd, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self.fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Gives the file back."""
        os.close(self.fd)


def session_claim(store: Path, session: str) -> Path:
    """Where a session that goes on shows that a process has it."""
    mark = hashlib.sha256(session.encode()).hexdigest()[:16]
    return store.parent / "live" / f"session-{store.name}-{mark}"


def claim_of(store: Path, run: int) -> Path:
    """Where a run of a store shows that it is alive."""
    return store.parent / "live" / f"{store.name}-{run}"


class Claim:
    """A run's sign of life, gone with its process however that ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1

    def take(self) -> bool:
        """True when nobody else holds it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if fcntl is not None:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                return False
        if not _is_at(fd, self.path):  # it was dropped, and removed, between opening and locking
            os.close(fd)
            return self.take()
        self._fd = fd
        return True

    def drop(self) -> None:
        """Lets go, and removes the file."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                self.path.unlink()
            os.close(self._fd)
            self._fd = -1


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def alive(path: Path) -> bool:
    """Whether a process holds this claim."""
    if fcntl is None or not path.exists():
        return False
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


@dataclass(frozen=True)
class FileClaims:
    """The signs of life of the runs of a store in a file."""

    store: Path

    def take(self, run: int) -> Claim | None:
        """That of a run; None when somebody holds it. Raises OSError."""
        claim = Claim(claim_of(self.store, run))
        return claim if claim.take() else None

    def goes_on(self, run: int) -> bool:
        """Whether a run goes on in some process."""
        return alive(claim_of(self.store, run))

    def others_go_on(self, run: int) -> bool:
        """Whether another run than this one goes on."""
        own = claim_of(self.store, run)
        return any(c != own and alive(c) for c in own.parent.glob(f"{self.store.name}-*"))


class Alone:
    """The signs of life of a store that one process alone has."""

    def take(self, run: int) -> Alone:
        """Nobody else asks."""
        return self

    def drop(self) -> None:
        """Nothing is held."""

    def goes_on(self, run: int) -> bool:
        """None in another process."""
        return False

    def others_go_on(self, run: int) -> bool:
        """None in another process."""
        return False
