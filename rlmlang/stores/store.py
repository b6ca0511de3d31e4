"""A store: runs, their calls and events in one database that several processes may share."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlmlang.budget import Usage
from rlmlang.framing.reminders import without_reminder
from rlmlang.ir.calls import CallId
from rlmlang.protocols import Sending, Settled, StoredAnswer
from rlmlang.stores import rows, schema, signing
from rlmlang.stores.address import StoreAddress
from rlmlang.stores.batches import Batches
from rlmlang.stores.calls import (
    ELSEWHERE,
    FIND,
    WIDE,
    CallRow,
    SharedTexts,
    kept,
    row_from,
    row_of,
    settle,
    unpacked,
)
from rlmlang.stores.connection import Cell, Connection, Row
from rlmlang.stores.database import Claim, Claims
from rlmlang.stores.event_rows import TOOLS, event_of, event_row, highest
from rlmlang.stores.journal import Journal
from rlmlang.stores.locks import Alone
from rlmlang.stores.problems import problem_of
from rlmlang.stores.queue import leases
from rlmlang.stores.redact import written
from rlmlang.stores.rows import Batch
from rlmlang.stores.runs import RunData, RunRow, RunStart, begin_run, spent_by_step, write_run
from rlmlang.stores.schema import RESERVED, REUSED, SHIFT
from rlmlang.stores.told import Told, ToldCalls
from rlmlang.trajectory.events import CallFailed, CallStarted, CodeCalled, Event, ToolCalled

NEAREST = """SELECT * FROM call WHERE (state & 1) = 1 AND step = ?
ORDER BY item = ? DESC, id DESC LIMIT 1"""
FILE = Path(".rlm") / "store.db"
LOOK, GIVEN, AT_ONCE = 0.05, 1_000, 128


class Store:
    """One process's view of a store. Reads never wait for writers."""

    def __init__(
        self,
        journal: Journal,
        reader: Connection,
        path: StoreAddress | None,
        redact: Callable[[str], str] = str,
        secret: bytes | None = None,
        claims: Claims | None = None,
    ) -> None:
        self.claims: Claims = claims or Alone()
        self.secret = secret  # of whom alone rows count; None for rows of anybody
        self.journal, self.reader, self.path, self.redact = journal, reader, path, redact
        self.run = RunRow(0)
        self.saved = Usage()  # what answers that were used again had cost
        self.lease = 0  # of what this process may spend with others; 0 where it spends alone
        self.fresh = self.retry_failed = self.dry = False
        self._sequence = self._before = 0
        self._open: dict[int, CallRow] = {}
        self._texts = SharedTexts(redact)
        self.batches = Batches(journal)
        self._told = ToldCalls()
        self._given: dict[bytes, StoredAnswer] = {}  # answers of this run, without secrets
        self._claim: Claim | None = None
        self._lent = False
        self._later: list[Event] = []

    def lent(self) -> Store:
        """The same store for another run that goes on meanwhile: closed, it gives up its run only.
        From now on answers that other runs wait for are waited for."""
        self.journal.shared = self.path is not None
        other = Store(self.journal, self.reader, self.path, self.redact, self.secret, self.claims)
        other._lent, other.lease = True, self.lease
        return other

    def begin(
        self,
        run: RunRow,
        *,
        document: Mapping[str, Any] | None = None,
        fresh: bool = False,
        retry_failed: bool = False,
        dry: bool = False,
        by_item: bool = False,
    ) -> RunStart:
        """Goes on with the last unfinished run of the same identity, or begins a new one; a dry
        run is kept nowhere. `document` is its plan, which is kept once for all runs of it. What was
        spent is told `by_item` where items have budgets of their own."""
        self.fresh, self.retry_failed, self.dry = fresh, retry_failed, dry
        if dry:
            return RunStart(run.name)
        text = written(document, self.redact) if document is not None else ""

        def change(c: Batch) -> tuple[RunRow, RunStart, bool]:
            about: RunData = {**run.data, "document": self._texts.number(c, text)}
            wanted = replace(run, data=about)
            made = begin_run(c, wanted, self._claimed, self.redact, self._hold, fresh=fresh)
            return *made, self.claims.others_go_on(made[0].id)

        found, begun, beside = self.journal.wait(change)
        self.run = found
        self.journal.shared = self.journal.shared or beside
        first, last = self._before, _ = schema.span(found.id)
        if not begun.resumed:
            return begun
        self._before = self.journal.wait(lambda c: highest(c, first, last))
        self._sequence = self._before - first
        kept, spent = self.journal.wait(lambda c: spent_by_step(c, first, last, by_item=by_item))
        self.journal.wait(lambda c: self.batches.load(c, first, last, self._hold))
        return replace(begun, spent=spent, kept=kept)

    def end(self, state: str) -> None:
        """Marks the run as `finished` or as one that may be gone on with."""
        if self.dry:
            return
        self.run = replace(self.run, state=state, ended=time.time())
        self.journal.wait(self._end)

    def _end(self, c: Batch) -> None:
        self._told.keep(c)
        write_run(c, self.run, self.redact)

    def close(self) -> None:
        """Commits what is left. Raises CodedError when something could not be kept."""
        try:
            if not self._lent:
                self._close()
        finally:
            if self._claim is not None:
                self._claim.drop()

    def _close(self) -> None:
        if self.reader is not getattr(self.journal, "connection", None):
            self.reader.close()  # before the writer, who alone may move the log into the file
        self.journal.close()

    def _claimed(self, run: int) -> bool:
        """Takes the sign of life of a run, unless someone else holds it."""
        self._claim = self.claims.take(run)
        return self._claim is not None

    def find(self, sending: Sending) -> StoredAnswer | None:
        """The newest answer to a request that may be used again."""
        return self.of_key(sending.key)

    def of_key(self, key: bytes) -> StoredAnswer | None:
        """The newest answer to requests of a key."""
        if key in self._given:
            return self._given[key]
        since = self.run.id << SHIFT if self.fresh else 0
        for found in self._read(FIND, key, since):
            row = self._sound(found)
            again = self.retry_failed and found[-1] is not None and row.id <= self._before
            if not again:
                return kept(row)
        return None

    def _read(self, query: str, *values: Cell) -> list[Row]:
        """Rows. Raises CodedError (store-damaged, store-unwritable)."""
        try:
            return self.reader.execute(query, values).fetchall()
        except sqlite3.Error as mistake:
            raise problem_of(self.path or FILE, mistake) from None

    def _sound(self, found: Row) -> CallRow:
        """A call from its row. Raises CodedError (store-damaged, store-untrusted)."""
        self._hold("call", found[:WIDE])
        return row_from(found)

    def _hold(self, table: str, row: Row) -> None:
        signing.hold(self.path or FILE, table, row, self.secret)

    def nearest(self, call: CallId) -> Sending | None:
        """The last answered call of an item, else of its step, with its parts as they are kept."""
        found = self._read(NEAREST, call.step, self.redact(str(call)))
        if not found:
            return None
        row = self._sound(found[0])
        call = row.call
        if row.origin is not None:
            found = self._read("SELECT * FROM call WHERE id = ?", row.origin) or found
            row = self._sound(found[0])
        settings, system = self._shared(row.settings), self._shared(row.system)
        asked = unpacked(row.asked)
        return Sending(row.key, call, row.prompt, settings, system, asked, Usage(), priced=False)

    def _shared(self, number: int | None) -> str:
        found = self._read("SELECT * FROM phrase WHERE id = ?", number)
        if found:
            self._hold("phrase", found[0])
        body = found[0][2] if found else None
        return rows.unpack(body) if isinstance(body, bytes) else ""

    async def reserve(self, sending: Sending) -> StoredAnswer | int:
        """Commits that a request is about to be sent; gives its row. When someone else was
        faster, gives their answer, waiting for it where it is still on its way. Raises CodedError
        (store-unwritable, lease-lost)."""
        row = self._row()
        while True:
            found = await self.journal.do(lambda c: self._reserve(c, row, sending))
            if isinstance(found, CallRow):
                self._open[found.id] = found
                return found.id
            if isinstance(found, StoredAnswer):
                return found
            if found is None:
                raise leases.lost()
            await asyncio.sleep(LOOK)

    def _reserve(self, c: Batch, row: int, sending: Sending) -> StoredAnswer | int | CallRow | None:
        self._told.keep(c)
        if not leases.may_spend(c, self.lease):
            return None
        if (left := self.batches.taken(c, sending.key)) is not None:
            c.charge(self.lease, *(taken := self._sound(left)).charged)
            return taken
        if c.shared and not self.fresh and not self.retry_failed:
            c.flush()  # what another run reserves in this group is to be found
            if found := c.execute(FIND, (sending.key, 0)).fetchone():
                return kept(self._sound(found))
            for (other,) in c.execute(ELSEWHERE, (sending.key, *schema.span(self.run.id))):
                if leases.goes_on(c, self.claims, self.lease, other >> SHIFT):
                    return int(other)
        made = row_of(c, row, RESERVED, sending, time.time(), self._texts)
        c.put("call", made.values())
        c.charge(self.lease, *made.charged)
        return made

    async def settle(self, row: int, settled: Settled) -> None:
        """Commits what came of a request, before anybody sees it."""
        begun = self._open.pop(row)

        def change(c: Batch) -> StoredAnswer | None:
            self._told.keep(c)
            return settle(c, begun, settled, self.redact, self.lease)

        given = await self.journal.do(change)
        if given is not None and len(self._given) < GIVEN:
            self._given[begun.key] = given

    def answer_in(self, row: int, sending: Sending) -> StoredAnswer | None:
        """The answer in a row, if a request shows the same as the one that it was given to."""
        found = self._answered(row)
        shown = without_reminder(self.redact(sending.asked))
        same = found is not None and without_reminder(unpacked(found.asked)) == shown
        return kept(found) if found is not None and same else None

    def _answered(self, row: int) -> CallRow | None:
        """The row of an answer, or of the one that was used again there."""
        found = self._read("SELECT * FROM call WHERE id = ?", row)
        if not found:
            return None
        call = self._sound(found[0])
        if call.origin is not None:
            return self._answered(call.origin)
        return call if call.answer and call.finish else None

    def give(self, sending: Sending, text: str) -> StoredAnswer:
        """Keeps an answer that a person gives in the place of a model's. It costs nothing, and no
        other run uses it."""
        row, now = self._row(), time.time()

        def note(c: Batch) -> None:
            made = row_of(c, row, REUSED, sending, now, self._texts)
            made.answer, made.finish = rows.pack(self.redact(text)), "stop"
            c.put("call", made.values())

        if not self.dry:
            self.journal.post(note)
        return StoredAnswer(row, text, Usage(), sending.call)

    def reuse(self, answer: StoredAnswer, sending: Sending) -> int:
        """Notes that an item was answered from the store; gives the row that says so."""
        self.saved += answer.usage
        if self.dry or (answer.row >> SHIFT == self.run.id and answer.call == sending.call):
            return answer.row
        row, now = self._row(), time.time()
        thin = replace(sending, system="", asked="", settings="")

        def note(c: Batch) -> None:
            c.put("call", row_of(c, row, REUSED, thin, now, self._texts, answer.row).values())

        self.journal.post(note)
        return row

    def next(self) -> int:
        """The next number within the run; rows and events are counted together."""
        self._sequence += 1
        return self._sequence

    def _row(self) -> int:
        return self.run.id << SHIFT | self.next()

    def beside(self) -> Store:
        """Another run in the memory of this one."""
        return Store(self.journal, self.reader, self.path, self.redact, self.secret, self.claims)

    def append(self, event: Event) -> None:
        """Keeps an event. Of a call that has a row only when it was told, and why it was refused;
        what an earlier process of the run was told already is not kept twice."""
        if self.dry or (isinstance(event, ToolCalled) and event.reused):
            return
        number, row = self.run.id << SHIFT | event.seq, getattr(event, "row", 0)
        if not row:
            self._later.append(event)
            if not isinstance(event, CodeCalled) or len(self._later) >= AT_ONCE:
                self._keep_later()
            return
        if isinstance(event, CallFailed):
            refusal = [row, event.code, self.redact(event.reason)]
            self.journal.post(lambda c: c.put("verdict", refusal))
        if row > self._before:
            self._told.add(Told(number, event.at, row, not isinstance(event, CallStarted)))

    def _keep_later(self) -> None:
        """Keeps the events that are not kept yet. A call of code has no commit of its own: it would
        take as long as the call."""
        events, self._later = self._later, []

        def change(c: Batch) -> None:
            for event in events:
                c.put("event", event_row(self.run.id << SHIFT | event.seq, event, self.redact))

        self.journal.post(change)

    async def keep(self) -> None:
        """Has the events so far on disk. Raises CodedError (store-unwritable)."""
        await self.journal.do(lambda c: None)

    def tools_called(self, *, before: bool = False) -> Iterator[ToolCalled]:
        """The calls of functions outside of sandboxes in the run so far; those `before` too, of
        earlier runs of the same identity."""
        run = self.run
        for found in self._read(TOOLS, run.identity, 0 if before else run.id, ToolCalled.name):
            self._hold("event", found)
            if isinstance(event := event_of(found), ToolCalled):
                yield event
