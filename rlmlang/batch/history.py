"""What a store keeps of the items of a batch: the last run of each, its state and its answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from rlmlang.batch.keys import Parts
from rlmlang.budget import Usage
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.stored import own_only_of, reader_for
from rlmlang.stores.address import StoreAddress
from rlmlang.stores.databases import database_of
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.runs import FINISHED, RunRow
from rlmlang.stores.store import FILE
from rlmlang.value import Json


@dataclass(frozen=True)
class Earlier:
    """An item's last run."""

    run: str
    state: str
    parts: Parts
    number: int

    @property
    def finished(self) -> bool:
        """Whether it has an answer."""
        return self.state == FINISHED


class History:
    """The last runs of the items of a batch, `batch` as runs name it. Names are held as digests:
    100,000 items take some ten megabytes."""

    def __init__(self, options: Options, batch: str) -> None:
        """Raises CodedError (store-damaged, store-untrusted)."""
        self._reader: StoreReader | None = None
        self._path: StoreAddress = options.store or Path(FILE)
        self._own = own_only_of(options)
        self._last: dict[bytes, int] = {}
        if database_of(self._path).exists():
            self._read(batch)

    def __enter__(self) -> History:
        return self

    def __exit__(self, *about: object) -> None:
        self.close()

    def _read(self, batch: str) -> None:
        for run in self._store.each_run():
            item = run.data.get("item")
            if item is not None and item["batch"] == batch:
                self.note(item["name"], run.id)

    @property
    def _store(self) -> StoreReader:
        if self._reader is None:
            self._reader = reader_for(self._path, own_only=self._own)
        return self._reader

    def note(self, name: str, number: int) -> None:
        """Takes the run of that number for the last one of an item."""
        self._last[_digest(name)] = number

    def number(self, name: str) -> int:
        """The number of the last run of the item of that name, 0 where there is none."""
        return self._last.get(_digest(name), 0)

    def of(self, name: str) -> Earlier | None:
        """The last run of the item of that name."""
        number = self.number(name)
        if not number:
            return None
        run = self._store.run(number)
        return Earlier(run.name, self._store.state(run), run.data["item"]["parts"], number)

    def answer(self, earlier: Earlier) -> Json:
        """What a finished run gave."""
        ended = self._store.ended(self._store.run(earlier.number))
        return ended.result if ended is not None else None

    def problem(self, earlier: Earlier) -> tuple[str, str]:
        """The code and the words that a run ended with."""
        ended = self._store.ended(self._store.run(earlier.number))
        return (ended.code, ended.message) if ended is not None else ("", "")

    def used(self, earlier: Earlier) -> tuple[Usage, float]:
        """What a run has used, and the seconds that it took."""
        run = self._store.run(earlier.number)
        return self._store.usage(run), max(0.0, (run.ended or run.started) - run.started)

    def spent(self, round_: str) -> Usage:
        """What the items of one round have used, as far as anybody knows."""
        mine = (r for r in self._store.each_run() if _round(r) == round_)
        return sum((self._store.usage(r) for r in mine), Usage())

    def close(self) -> None:
        """Gives the file back."""
        if self._reader is not None:
            self._reader.close()


def _round(run: RunRow) -> str:
    item = run.data.get("item")
    return item["round"] if item is not None else ""


def _digest(name: str) -> bytes:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
