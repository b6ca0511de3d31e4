"""A store: runs, their calls and events in one SQLite file that several processes may share."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rlmlang.budget import Usage
from rlmlang.protocols import Kept, Sending, Settled
from rlmlang.stores import rows, schema
from rlmlang.stores.calls import AT, ELSEWHERE, FIND, Phrases, kept, row_of, settle, where_of
from rlmlang.stores.journal import Journal, Memory, WriterThread
from rlmlang.stores.locks import Claim, alive, claim_of
from rlmlang.stores.problems import damaged, problem_of
from rlmlang.stores.redact import written
from rlmlang.stores.rows import Batch
from rlmlang.stores.runs import RunRow, begin_run, spent_by_step, write_run
from rlmlang.stores.schema import RESERVED, REUSED, SHIFT
from rlmlang.trajectory.events import CallFailed, CallFinished, CallStarted, Event, to_json

NEAREST = """SELECT * FROM call WHERE state & 1 AND step = ?
ORDER BY item = ? DESC, id DESC LIMIT 1"""
FILE = Path(".rlm") / "store.db"
LOOK, GIVEN = 0.05, 1_000


@dataclass(frozen=True)
class Begun:
    """How a run begins: its name, whether it goes on with an earlier one, what that has spent by
    step, and the name of a run of the same recipe that is going on elsewhere."""

    name: str
    resumed: bool = False
    spent: dict[str, Usage] = field(default_factory=dict)
    kept: int = 0
    beside: str = ""


class Store:
    """One process's view of a store. Reads never wait for writers."""

    def __init__(
        self, journal: Journal, reader: sqlite3.Connection, path: Path | None,
        redact: Callable[[str], str] = str,
    ) -> None:  # fmt: skip
        self.journal, self.reader, self.path, self.redact = journal, reader, path, redact
        self.run = RunRow(0)
        self.saved = Usage()  # what answers that were used again had cost
        self.fresh = self.retry_failed = self.dry = False
        self._sequence = self._before = 0
        self._open: dict[int, list[Any]] = {}
        self._phrases = Phrases(redact)
        self._given: dict[bytes, Kept] = {}  # answers of this run that are kept without secrets
        self._claim: Claim | None = None

    # ── runs ─────────────────────────────────────────────────────────────────

    def begin(
        self, run: RunRow, *, fresh: bool = False, retry_failed: bool = False, dry: bool = False
    ) -> Begun:
        """Goes on with the last unfinished run of the same identity, or begins a new one; a dry
        run is kept nowhere."""
        self.fresh, self.retry_failed, self.dry = fresh, retry_failed, dry
        if dry:
            return Begun(run.name)
        found, beside = self.journal.wait(
            lambda c: begin_run(c, run, self._claimed, self.redact, fresh=fresh)
        )
        self.run = found
        self.journal.shared = self.journal.shared or self._others()
        first, last = self._before, _ = schema.span(found.id)
        if not (resumed := found.name != run.name):
            return Begun(found.name, beside=beside)
        self._before = self.journal.wait(lambda c: _highest(c, first, last))
        self._sequence = self._before - first
        kept, spent = self.journal.wait(lambda c: spent_by_step(c, first, last))
        return Begun(found.name, resumed, spent, kept)

    def end(self, state: str) -> None:
        """Marks the run as `finished` or as one that may be gone on with."""
        if self.dry:
            return
        self.run = replace(self.run, state=state, ended=time.time())
        run = self.run
        self.journal.wait(lambda c: write_run(c, run, self.redact))

    def close(self) -> None:
        """Commits what is left. Raises CodedError when something could not be kept."""
        if self.reader is not getattr(self.journal, "connection", None):
            self.reader.close()  # before the writer, who alone may move the log into the file
        try:
            self.journal.close()
        finally:
            if self._claim is not None:
                self._claim.drop()

    def _claimed(self, run: int) -> bool:
        """Takes the sign of life of a run, unless someone else holds it."""
        if self.path is None:
            return True
        claim = Claim(claim_of(self.path, run))
        if not claim.take():
            return False
        self._claim = claim
        return True

    def _others(self) -> bool:
        """Whether another process has a run going on in this store."""
        if self.path is None:
            return False
        own = claim_of(self.path, self.run.id)
        claims = own.parent.glob(f"{self.path.name}-*")
        return any(c != own and alive(c) for c in claims)

    def _alive(self, run: int) -> bool:
        return self.path is not None and alive(claim_of(self.path, run))

    # ── calls ────────────────────────────────────────────────────────────────

    def find(self, key: bytes) -> Kept | None:
        """The newest answer to a request that may be used again."""
        if key in self._given:
            return self._given[key]
        since = self.run.id << SHIFT if self.fresh else 0
        for found in self._read(FIND, key, since):
            again = self.retry_failed and found[-1] is not None and found[0] <= self._before
            if not again:
                return self._sound(found)
        return None

    def _read(self, query: str, *values: Any) -> list[Any]:
        """Rows. Raises CodedError (store-damaged, store-unwritable)."""
        try:
            return self.reader.execute(query, values).fetchall()
        except sqlite3.Error as mistake:
            raise problem_of(self.path or FILE, mistake) from None

    def _sound(self, found: Any) -> Kept:
        """An answer from its row. Raises CodedError (store-damaged)."""
        answer = kept(found)
        if answer is None:
            raise damaged(self.path or FILE, "an answer is not what was written")
        return answer

    def _whole(self, table: str, query: str, *values: Any) -> Any:
        """The first row, None where there is none. Raises CodedError (store-damaged)."""
        found = next(iter(self._read(query, *values)), None)
        if found is not None and not rows.intact(table, found):
            raise damaged(self.path or FILE, f"a row of {table} is not what was written")
        return found

    def nearest(self, step: str, item: str) -> Sending | None:
        """The last answered call of an item, else of its step, with its parts as they are kept."""
        row = self._whole("call", NEAREST, step, self.redact(item))
        if row is None:
            return None
        item = row[AT["item"]]
        if row[AT["origin"]] is not None:
            row = self._whole("call", "SELECT * FROM call WHERE id = ?", row[AT["origin"]]) or row
        settings, system = self._shared(row[AT["settings"]]), self._shared(row[AT["system"]])
        asked = rows.unpack(row[AT["asked"]])
        return Sending(row[AT["key"]], step, item, row[AT["prompt"]], row[AT["attempt"]],
                       settings, system, asked, Usage(), priced=False)  # fmt: skip

    def _shared(self, number: int | None) -> str:
        found = self._whole("phrase", "SELECT * FROM phrase WHERE id = ?", number)
        return rows.unpack(found[2]) if found else ""

    async def reserve(self, sending: Sending) -> Kept | int:
        """Commits that a request is about to be sent; gives its row. When someone else was
        faster, gives their answer, waiting for it where it is still on its way."""
        row = self._next()
        while True:
            found = await self.journal.do(lambda c: self._reserve(c, row, sending))
            if isinstance(found, list):
                self._open[row] = found
                return row
            if isinstance(found, Kept):
                return found
            await asyncio.sleep(LOOK)

    def _reserve(self, c: Batch, row: int, sending: Sending) -> Kept | int | list[Any]:
        if c.shared and not self.fresh and not self.retry_failed:
            if found := c.execute(FIND, (sending.key, 0)).fetchone():
                return self._sound(found)
            for (other,) in c.execute(ELSEWHERE, (sending.key, *schema.span(self.run.id))):
                if self._alive(other >> SHIFT):
                    return int(other)
        values = row_of(c, row, RESERVED, sending, time.time(), self._phrases)
        c.put("call", values)
        return values

    async def settle(self, row: int, settled: Settled) -> None:
        """Commits what came of a request, before anybody sees it."""
        values = self._open.pop(row)
        given = await self.journal.do(lambda c: settle(c, values, settled, self.redact))
        if given is not None and len(self._given) < GIVEN:
            self._given[values[AT["key"]]] = given

    def reuse(self, answer: Kept, sending: Sending) -> int:
        """Notes that an item was answered from the store; gives the row that says so."""
        self.saved += answer.usage
        where = where_of(sending.step, sending.item, sending.attempt)
        if self.dry or (answer.row >> SHIFT == self.run.id and answer.where == where):
            return answer.row
        row, now = self._next(), time.time()
        thin = replace(sending, system="", asked="", settings="")

        def note(c: Batch) -> None:
            c.put("call", row_of(c, row, REUSED, thin, now, self._phrases, answer.row))

        self.journal.post(note)
        return row

    def _next(self) -> int:
        self._sequence += 1
        return self.run.id << SHIFT | self._sequence

    # ── events ───────────────────────────────────────────────────────────────

    def append(self, event: Event) -> None:
        """Keeps an event. Calls have rows of their own; of those only refusals are added."""
        if self.dry:
            return
        if isinstance(event, CallFailed) and event.row:
            refusal = [event.row, event.code, self.redact(event.reason)]
            self.journal.post(lambda c: c.put("verdict", refusal))
        elif not isinstance(event, CallStarted | CallFinished):
            row = self._next()
            self.journal.post(lambda c: c.put("event", _event(row, event, self.redact)))


def _event(row: int, event: Event, redact: Callable[[str], str]) -> list[Any]:
    values = to_json(event)
    for name in ("event", "node", "at", "run", "seq"):
        values.pop(name)
    return [row, event.name, redact(event.node), event.at, written(values, redact)]


def _highest(c: Batch, first: int, last: int) -> int:
    """The highest id a run has given, and away with its notes of reuse: they are written anew."""
    c.execute("DELETE FROM call WHERE id BETWEEN ? AND ? AND state = ?", (first, last, REUSED))
    query = "SELECT MAX(id) FROM {} WHERE id BETWEEN ? AND ?"
    found = [c.execute(query.format(t), (first, last)).fetchone()[0] for t in ("call", "event")]
    return max([first, *(int(n) for n in found if n is not None)])


def open_store(path: Path, redact: Callable[[str], str] = str) -> Store:
    """The store of a file, made where there is none. Raises CodedError (store-unwritable,
    store-damaged, store-too-new) before anything is paid."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        ignore = path.parent / ".gitignore"
        if path.parent.name == ".rlm" and not ignore.exists():
            ignore.write_text("*\n")
        journal = WriterThread(path)
    except (OSError, sqlite3.Error) as mistake:
        raise problem_of(path, mistake) from None
    return Store(journal, schema.read_only(path), path, redact)


def memory_store(redact: Callable[[str], str] = str) -> Store:
    """A store that leaves nothing behind."""
    journal = Memory()
    return Store(journal, journal.connection, None, redact)
