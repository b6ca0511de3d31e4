"""Records read straight from the pages of an SQLite file, for when its own trees are broken.

The layout is that of https://sqlite.org/fileformat2.html, sections 1.3, 1.6 and 2.1: leaf pages of
tables (type 13) hold cells of payload length, rowid and record; a record is a header of serial
types and their values; what does not fit a page goes on in a chain of overflow pages.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from rlmlang.stores.connection import Cell

LEAF = 13
WIDTHS = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}


@dataclass(frozen=True)
class Record:
    """A row as it lies in the file: its rowid and its values; an integer key is None there."""

    rowid: int
    values: tuple[Cell, ...]


def page_size(data: bytes) -> int:
    """The size that the header gives, or the usual one where it gives nonsense."""
    size = int.from_bytes(data[16:18], "big") if len(data) >= 100 else 0
    size = 65536 if size == 1 else size
    return size if size >= 512 and size & (size - 1) == 0 else 4096


def records(data: bytes) -> Iterator[Record]:
    """Every record that can be made out on any leaf page. Broken cells are passed over."""
    size = page_size(data)
    reserved = data[20] if len(data) > 20 else 0
    for number in range(1, len(data) // size + 1):
        page = data[(number - 1) * size : number * size]
        start = 100 if number == 1 else 0
        if page[start] != LEAF:
            continue
        count = int.from_bytes(page[start + 3 : start + 5], "big")
        for at in range(start + 8, min(start + 8 + 2 * count, size - 1), 2):
            offset = int.from_bytes(page[at : at + 2], "big")
            try:
                yield _cell(data, page, offset, size, size - reserved)
            except (IndexError, ValueError, struct.error, UnicodeDecodeError):
                continue


def _cell(data: bytes, page: bytes, offset: int, size: int, usable: int) -> Record:
    length, offset = _varint(page, offset)
    rowid, offset = _varint(page, offset)
    if length > len(data):
        raise ValueError("longer than the file")
    most = usable - 35
    if length <= most:
        payload = page[offset : offset + length]
    else:
        least = (usable - 12) * 32 // 255 - 23
        here = least + (length - least) % (usable - 4)
        here = here if here <= most else least
        follow = int.from_bytes(page[offset + here : offset + here + 4], "big")
        payload = page[offset : offset + here]
        payload += _overflow(data, follow, length - here, size, usable)
    if len(payload) != length:
        raise ValueError("cut short")
    return Record(_signed(rowid), tuple(_values(payload)))


def _overflow(data: bytes, number: int, left: int, size: int, usable: int) -> bytes:
    out = bytearray()
    while left > 0:
        start = (number - 1) * size
        if number < 1 or start + size > len(data):
            raise ValueError("a broken chain")
        taken = data[start + 4 : start + min(usable, 4 + left)]
        out += taken
        left -= len(taken)
        number = int.from_bytes(data[start : start + 4], "big")
    return bytes(out)


def _values(payload: bytes) -> Iterator[Cell]:
    end, at = _varint(payload, 0)
    body = end
    while at < end:
        kind, at = _varint(payload, at)
        width = WIDTHS[kind] if kind in WIDTHS else (kind - 12) // 2 if kind >= 12 else -1
        if width < 0 or body + width > len(payload):
            raise ValueError("a broken record")
        yield _value(kind, payload[body : body + width])
        body += width
    if body != len(payload):
        raise ValueError("a broken record")


def _value(kind: int, data: bytes) -> Cell:
    if kind == 0:
        return None
    if kind in (8, 9):
        return kind - 8
    if kind == 7:
        return float(struct.unpack(">d", data)[0])
    if kind < 7:
        return int.from_bytes(data, "big", signed=True)
    return data.decode() if kind % 2 else data


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for _ in range(8):
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    return value << 8 | data[at], at + 1


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
