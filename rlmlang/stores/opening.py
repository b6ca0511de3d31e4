"""Stores opened: that of a file, or one that leaves nothing behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from rlmlang.stores import schema, signing
from rlmlang.stores.journal import Memory, WriterThread
from rlmlang.stores.problems import hold_place, problem_of
from rlmlang.stores.store import Store


def open_store(path: Path, redact: Callable[[str], str] = str, *, own_only: bool = False) -> Store:
    """The store of a file, made where there is none; of one that is `own_only` no row counts that
    this user did not write. Raises CodedError (store-unwritable, store-damaged, store-too-new,
    store-untrusted) before anything is paid."""
    secret = signing.own_secret() if own_only else None
    hold_place(path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        ignore = path.parent / ".gitignore"
        if path.parent.name == ".rlm" and not ignore.exists():
            ignore.write_text("*\n")
        journal = WriterThread(path, secret)
    except (OSError, sqlite3.Error) as mistake:
        raise problem_of(path, mistake) from None
    return Store(journal, schema.read_only(path), path, redact, secret)


def memory_store(redact: Callable[[str], str] = str) -> Store:
    """A store that leaves nothing behind."""
    journal = Memory()
    return Store(journal, journal.connection, None, redact)
