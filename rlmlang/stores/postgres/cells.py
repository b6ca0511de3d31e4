"""How values lie in columns, so that each is read as what was written: seals are over them.

SQLite keeps any value in any column. Here text holds no NUL and no bytes, and such values are kept
as marked text; numbers that may be whole or not are `numeric`, which keeps `1` and `1.0` apart.
"""

from __future__ import annotations

import base64
import math
from decimal import Decimal

from psycopg import Connection
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.postgres import types

from rlmlang.stores.connection import Cell

MARK = "\x01"


class KeptText(str):
    """A text as it is kept."""


def marked(value: str | bytes) -> KeptText:
    """A value as text that can be kept."""
    if isinstance(value, str) and "\0" not in value and not value.startswith(MARK):
        return KeptText(value)
    kind, body = ("b", value) if isinstance(value, bytes) else ("t", value.encode())
    return KeptText(f"{MARK}{kind}{base64.b64encode(body).decode()}")


def unmarked(text: str) -> str | bytes:
    """The value that was kept as a text."""
    if not text.startswith(MARK):
        return text
    body = base64.b64decode(text[2:])
    return body if text[1:2] == "b" else body.decode()


class _TextDumper(Dumper):
    def dump(self, obj: str) -> bytes:
        return (obj if isinstance(obj, KeptText) else marked(obj)).encode()


class _TextLoader(Loader):
    def load(self, data: Buffer) -> Cell:
        return unmarked(bytes(data).decode())


class _FloatDumper(Dumper):
    oid = types["numeric"].oid

    def dump(self, obj: float) -> bytes:
        if not math.isfinite(obj):
            return repr(obj).encode()
        digits = f"{Decimal(repr(obj)):f}"
        return (digits if "." in digits else f"{digits}.0").encode()


class _NumberLoader(Loader):
    """Also of sums, which are exact."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdigit() else float(text)


def adapt(connection: Connection) -> None:
    """Has a connection read and write values so."""
    connection.adapters.register_dumper(str, _TextDumper)
    connection.adapters.register_dumper(KeptText, _TextDumper)
    connection.adapters.register_dumper(float, _FloatDumper)
    connection.adapters.register_loader("text", _TextLoader)
    connection.adapters.register_loader("numeric", _NumberLoader)
