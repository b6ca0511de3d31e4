"""Which database an address names."""

from __future__ import annotations

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.stores.address import Server, StoreAddress
from rlmlang.stores.database import Database
from rlmlang.stores.sqlite_file import SqliteFile


def database_of(address: StoreAddress) -> Database:
    """The database at an address. Raises CodedError (extra-missing)."""
    if not isinstance(address, Server):
        return SqliteFile(address)
    try:
        from rlmlang.stores.postgres.server_database import ServerDatabase
    except ImportError:
        raise failed(
            "extra-missing",
            "a store on a server needs the package psycopg",
            hint="pip install 'rlmlang[postgres]'",
        ) from None
    return ServerDatabase(address)
