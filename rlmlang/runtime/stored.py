"""Stores opened as far as they are trusted: where the command names one, or its folder is on the
user's list, every row counts; else those alone that the user's rlmlang wrote."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.trust import trusts
from rlmlang.stores import schema
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.signing import all_signed, own_secret
from rlmlang.stores.store import Store, memory_store, open_store


def store_for(options: Options, redact: Callable[[str], str]) -> Store:
    """The store that keeps what options ask for. Raises CodedError (store-untrusted and what
    `open_store` raises)."""
    if options.store is None:
        return memory_store(redact)
    path = Path(options.store)
    return open_store(path, redact, own_only=_own_only(path, options))


def reader_for(path: Path, options: Options) -> StoreReader:
    """The store of options to be read. Raises CodedError (store-untrusted and what StoreReader
    raises)."""
    return StoreReader(path, own_only=_own_only(path, options))


def _own_only(path: Path, options: Options) -> bool:
    return options.own_only and not trusts(str(path.resolve()), options)


def whose(path: Path) -> tuple[bool, str]:
    """Whether the rows of a project's store count, and whose they are, in words; no words where
    there is no store."""
    if not path.is_file():
        return True, ""
    try:
        with closing(schema.read_only(path)) as connection:
            if all_signed(path, connection, own_secret()):
                return True, "yours"
    except (sqlite3.Error, CodedError):
        return False, "cannot be read: rlm store verify"
    if trusts(str(path.resolve()), Options()):
        return True, "also those of others, as you trust the folder"
    return False, "not all yours, so that none is used: rlm explain store-untrusted"
