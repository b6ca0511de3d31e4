"""Stores opened as far as they are trusted: where the command names one, or its folder is on the
user's list, every row counts; else those alone that the user's rlmlang wrote."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.runtime.trust_list import trusts_path
from rlmlang.stores import schema
from rlmlang.stores.address import Server, StoreAddress, address_of
from rlmlang.stores.opening import memory_store, open_store
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.signing import all_signed, own_secret
from rlmlang.stores.store import Store

if TYPE_CHECKING:
    from rlmlang.runtime.prepared import Options


def store_for(options: Options, redact: Callable[[str], str]) -> Store:
    """The store that keeps what options ask for. Raises CodedError (store-untrusted and what
    `open_store` raises)."""
    if options.store is None:
        return memory_store(redact)
    store = address_of(options.store)
    return open_store(store, redact, own_only=_doubted(store, own_only_of(options)))


def reader_for(store: StoreAddress, *, own_only: bool) -> StoreReader:
    """A store to be read, of which with `own_only` the rows of others count only in a trusted
    folder. Raises CodedError (store-untrusted and what StoreReader raises)."""
    return StoreReader(store, own_only=_doubted(store, own_only))


def reader_of(store: Store, options: Options) -> StoreReader:
    """A reader of the store of a run, whether a file or memory keeps it."""
    if store.path is None:
        return StoreReader(store.reader)
    return reader_for(store.path, own_only=own_only_of(options))


def own_only_of(options: Options) -> bool:
    """Whether options let the user's own rows count alone, unless the folder is trusted."""
    return options.own_only and not options.trust


def _doubted(store: StoreAddress, own_only: bool) -> bool:
    """Who may write into a database was let in by who keeps it; a file may come with a folder."""
    if isinstance(store, Server):
        return False
    return own_only and not trusts_path(str(store.resolve()))


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
    if not _doubted(path, own_only=True):
        return True, "also those of others, as you trust the folder"
    return False, "not all yours, so that none is used: rlm explain store-untrusted"
