"""Stores opened: that of a file or a server, or one that leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable

from rlmlang.stores import signing
from rlmlang.stores.address import StoreAddress
from rlmlang.stores.databases import database_of
from rlmlang.stores.journal import Memory, WriterThread
from rlmlang.stores.store import Store


def open_store(
    address: StoreAddress, redact: Callable[[str], str] = str, *, own_only: bool = False
) -> Store:
    """The store at an address, made where there is none; of one that is `own_only` no row counts
    that this user did not write. Raises CodedError (store-unwritable, store-unreachable,
    store-damaged, store-too-new, store-untrusted) before anything is paid."""
    secret = signing.own_secret() if own_only else None
    database = database_of(address)
    writer = database.write(secret)
    journal = WriterThread(writer)
    return Store(journal, database.reader(), address, redact, secret, writer.claims)


def memory_store(redact: Callable[[str], str] = str) -> Store:
    """A store that leaves nothing behind."""
    journal = Memory()
    return Store(journal, journal.connection, None, redact)
