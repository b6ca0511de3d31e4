"""What can be wrong with a store, as coded problems: it is damaged, or it takes no more."""

from __future__ import annotations

import shlex
import sqlite3
import stat
from pathlib import Path

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.stores.address import Server, StoreAddress

# primary result codes that speak of the place and not of what is in the file
# (https://sqlite.org/rescode.html)
OUTSIDE = frozenset((
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_AUTH,
))  # fmt: skip
LONGEST = 160  # characters of a path in a message


def shortened(path: str) -> str:
    """A path that fits a message."""
    return path if len(path) <= LONGEST else f"{path[: LONGEST // 2]}…{path[-LONGEST // 2 :]}"


def problem_of(path: str | StoreAddress, mistake: Exception) -> CodedError:
    """The problem behind an error of SQLite's, or of the system's."""
    if isinstance(mistake, CodedError):
        return mistake
    code = getattr(mistake, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    if isinstance(mistake, sqlite3.Error) and code & 0xFF not in OUTSIDE:
        return damaged(path, str(mistake))
    return unwritable(path, mistake)


def damaged(path: str | StoreAddress, words: str) -> CodedError:
    """The problem of a store that is not what was written."""
    verb = "copy" if isinstance(path, Server) else "salvage"
    return failed(
        "store-damaged",
        f"{path} is damaged: {words}",
        reason="Every row carries a seal; nothing that is not what was written is ever used.",
        hint=f"rlm store {verb} {path} NEW_FILE brings over all rows that are whole",
    )


def hold_place(path: Path) -> None:
    """Holds that a store may lie at a path: a file, or nothing yet. Raises CodedError
    (store-missing, store-unwritable) for a folder, a device, a pipe and a path that cannot be."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as mistake:
        raise unwritable(path, mistake) from None
    if stat.S_ISDIR(mode):
        raise missing(path, "name the file in it with --store")
    if not stat.S_ISREG(mode):
        raise failed(
            "store-unwritable",
            f"{path} is a device or a pipe, where a store is a file",
            hint="name a file with --store; --no-store keeps nothing",
        )


def missing(path: Path, hint: str) -> CodedError:
    """The problem of a place where there is no file."""
    if path.is_dir():
        return failed("store-missing", f"{path} is a folder, where a store is a file", hint=hint)
    return failed("store-missing", f"there is no store at {path}", hint=hint)


def foreign(path: str | StoreAddress) -> CodedError:
    """The problem of a file that another program keeps."""
    return failed(
        "store-damaged",
        f"{path} is damaged, or no store: it is a database without the tables of one",
        reason="Nothing is written into a file that may be somebody else's.",
        hint="name another file with --store",
    )


def too_new(path: str | StoreAddress, found: int, known: int) -> CodedError:
    """The problem of a store that a later version wrote."""
    return failed(
        "store-too-new",
        f"{path} was written by a newer rlmlang (its version is {found}, this one knows {known})",
        hint="upgrade rlmlang, or name another file with --store",
    )


def not_own(path: StoreAddress) -> CodedError:
    """The problem of a store with rows of which nothing says that this user wrote them."""
    named, place = shlex.quote(str(path)), path if isinstance(path, Path) else Path.cwd()
    folder = shlex.quote(str(project_of(place)))
    return failed(
        "store-untrusted",
        f"{path} holds rows that were not written by you",
        reason="A store that came with somebody's folder can hold answers that no model gave. "
        "Yours are signed with a secret in your state folder; those of other people, of other "
        "machines and of earlier versions are not. Nothing of it was used.",
        hint=f"look: rlm runs --store {named}; take it as it is now: rlm store adopt --store "
        f"{named}; a folder that you share: rlm trust {folder}; or leave it: --store NEW_FILE",
    )


def file_of(address: StoreAddress, why: str) -> Path:
    """The file at an address, for what is done with files alone. Raises CodedError
    (store-missing)."""
    if isinstance(address, Path):
        return address
    raise failed("store-missing", f"{address} is no file: {why}", hint="name a file with --store")


def project_of(path: Path) -> Path:
    """The folder whose runs a store keeps."""
    return path.parent.parent if path.parent.name == ".rlm" else path.parent


def unreachable(server: Server, words: str) -> CodedError:
    """The problem of a server that does not answer, or does no more."""
    return failed(
        "store-unreachable",
        f"{server} cannot be reached: {shortened(words)}",
        reason="An answer is kept before anything depends on it, so no further call is made. What "
        "was kept before is still there; of what was just being written the server knows.",
        hint="run the same command again when the server is there: it goes on from what is kept; "
        "or name another store: --store PATH",
    )


def unwritable(path: str | StoreAddress, mistake: Exception) -> CodedError:
    """The problem of a store that takes no more."""
    words = getattr(mistake, "strerror", "") or str(mistake)
    return failed(
        "store-unwritable",
        f"{shortened(str(path))} cannot be written: {words}",
        reason="An answer is kept before anything depends on it, so no further call is made. What "
        "was kept before is still there.",
        hint="free some space or mend the permissions and run again: it is resumed from here; or "
        "name another file: --store PATH",
    )


def no_run() -> CodedError:
    """The problem of a place that keeps no run yet."""
    return failed(
        "unknown-run",
        "no run is kept here",
        hint="run a recipe first: rlm run FILE; or name the file that keeps it: --store PATH",
    )
