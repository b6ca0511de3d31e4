"""A store damaged byte by byte in every region, and what is still read from it."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.stores.maintenance import verify
from rlmlang.stores.opening import open_store
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.salvage import salvage
from rlmlang.stores.schema import TABLES

NAME = "store.db"
CODES = {"store-damaged", "store-too-new", "store-unwritable"}
PAGE, FRAME = 4096, 24
Damage = Callable[[Path], None]


@dataclass(frozen=True)
class Whole:
    """What a store says while nothing has happened to it: all rows, and all that its runs did."""

    rows: frozenset[Any]
    told: tuple[Any, ...]


def whole(folder: Path) -> Whole:
    """Reads a copy of a store."""
    copy = folder.with_name(folder.name + "-whole")
    shutil.copytree(folder, copy)
    told = _told(copy / NAME)
    rows = rows_of(copy / NAME)
    shutil.rmtree(copy)
    return Whole(rows, told)


def rows_of(path: Path) -> frozenset[Any]:
    """All rows of all tables."""
    with closing(sqlite3.connect(path)) as c:
        return frozenset((t, *row) for t in TABLES for row in c.execute(f"SELECT * FROM {t}"))


def _told(path: Path) -> tuple[Any, ...]:
    reader = StoreReader(path)
    try:
        return tuple((run, tuple(reader.events(run))) for run in reader.runs())
    finally:
        reader.close()


def regions(folder: Path, every: int) -> Iterator[tuple[str, Damage]]:
    """One changed byte in each region of each file, every so many bytes; cuts; files that are gone.
    Headers are swept whole."""
    for file in sorted(p.name for p in folder.glob(NAME + "*")):
        size = (folder / file).stat().st_size
        for at in sorted({*_heads(file, size), *range(0, size, every)}):
            if at < size:
                yield f"{file} byte {at}", flipped(file, at, 0xFF if at % 2 else 0x01)
        for length in sorted(
            {0, 1, 31, 32, 99, 100, 4095, 4096, 4120, size - 1, *range(0, size, 7 * every)}
        ):
            if length < size:
                yield f"{file} cut to {length}", cut(file, length)
        if file != NAME:
            yield f"{file} gone", lambda to, file=file: (to / file).unlink()  # type: ignore[misc]


def _heads(file: str, size: int) -> set[int]:
    """Bytes of headers: of the file, of its pages, of the log and its frames."""
    if file == NAME:
        return {*range(100), *(p + n for p in range(0, size, PAGE) for n in range(12))}
    if file.endswith("-wal"):
        frames = range(32, size, PAGE + FRAME)
        return {*range(32), *(f + n for f in frames for n in (3, 7, 9, 17, 24, 27, 32))}
    return set()


def flipped(file: str, at: int, bits: int) -> Damage:
    """Changes one byte."""

    def damage(folder: Path) -> None:
        data = bytearray((folder / file).read_bytes())
        data[at] ^= bits
        (folder / file).write_bytes(data)

    return damage


def cut(file: str, length: int) -> Damage:
    """Cuts a file."""

    def damage(folder: Path) -> None:
        with (folder / file).open("r+b") as open_file:
            open_file.truncate(length)

    return damage


def outcome(folder: Path, damage: Damage, was: Whole) -> str:
    """What is said of a damaged copy: a code, or `ok` where everything is read as it was. Raises
    AssertionError for what is read otherwise, and for damage that cannot be mended."""
    copy = folder.with_name(folder.name + "-damaged")
    new = copy / "new.db"
    found = []
    for look in (_reads, _writes, _verifies):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        damage(copy)
        found.append(look(copy / NAME, was))
    shutil.rmtree(copy)
    shutil.copytree(folder, copy)
    damage(copy)
    if "store-too-new" not in found:
        salvage(copy / NAME, new)
        saved = rows_of(new)
        assert _as_written(saved - was.rows, was), "salvage gave rows that were never written"
        assert found != ["ok"] * 3 or saved == was.rows, "salvage lost rows of a whole store"
        assert _reads(new, Whole(saved, ())) != "store-damaged", "what is salvaged is damaged"
    shutil.rmtree(copy)
    return "ok" if found == ["ok"] * 3 else next(f for f in found if f != "ok")


def _as_written(rows: frozenset[Any], was: Whole) -> bool:
    """Whether rows are earlier states: a call on its way, a run that goes on."""
    later = {row[:2] for row in was.rows}
    return all(
        row[:2] in later
        and ((row[0], row[3]) == ("call", 0) or (row[0], row[7]) == ("run", "running"))
        for row in rows
    )


def _reads(path: Path, was: Whole) -> str:
    try:
        told = _told(path)
    except CodedError as mistake:
        return _known(mistake)
    assert told == was.told or not was.told, "something else is read, and nothing is said"
    return "ok"


def _writes(path: Path, was: Whole) -> str:
    try:
        store = open_store(path)
    except CodedError as mistake:
        return _known(mistake)
    try:
        for row in was.rows:
            if row[0] == "call" and row[3] == 1 and row[-2] is not None:
                assert store.of_key(row[2]) is not None, "an answer is asked for again"
    except CodedError as mistake:
        return _known(mistake)
    finally:
        store.close()
    return "ok"


def _verifies(path: Path, was: Whole) -> str:
    try:
        found = verify(path)
    except CodedError as mistake:
        return _known(mistake)
    rows = Counter(row[0] for row in was.rows)
    assert found.wrong or Counter(found.whole) == rows, "verify finds fewer rows and nothing wrong"
    return "store-damaged" if found.wrong else "ok"


def _known(mistake: CodedError) -> str:
    code = mistake.diagnostic.code
    assert code in CODES, mistake
    return code
