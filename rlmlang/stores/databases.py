"""Which database an address names."""

from __future__ import annotations

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.stores.address import Server, StoreAddress
from rlmlang.stores.database import Database
from rlmlang.stores.sqlite_file import SqliteFile


def database_of(address: StoreAddress) -> Database:
    """The database at an address. Raises CodedError (store-missing)."""
    if isinstance(address, Server):
        raise failed("store-missing", f"{address} is no file", hint="name a file with --store")
    return SqliteFile(address)
