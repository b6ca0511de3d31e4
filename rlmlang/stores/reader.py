"""A store read by those who only look: its runs, and a run's trajectory as events."""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlmlang.budget import PICO, Usage
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.stores import rows, schema, signing
from rlmlang.stores.address import Server, StoreAddress
from rlmlang.stores.batches import waiting_in
from rlmlang.stores.calls import WIDE, CallRow, row_from, unpacked
from rlmlang.stores.connection import Cell, Connection, Found, Row, stream
from rlmlang.stores.database import Claims
from rlmlang.stores.databases import database_of
from rlmlang.stores.locks import Alone
from rlmlang.stores.problems import damaged, no_run, problem_of
from rlmlang.stores.row_numbers import RowNumbers
from rlmlang.stores.runs import RUNNING, RunRow, run_from, spent_by_step, used_by_settings
from rlmlang.stores.schema import RESERVED, REUSED, TOLD
from rlmlang.stores.told import Told, told_in
from rlmlang.trajectory.events import (
    CallFailed,
    CallFinished,
    CallStarted,
    E,
    Event,
    Exchange,
    RunFinished,
    parent_of,
)
from rlmlang.trajectory.kinds import KINDS, from_json
from rlmlang.trajectory.provider_batch import ProviderBatch

NEWEST = "SELECT id FROM run ORDER BY started DESC, id DESC LIMIT 1"
LAST = """SELECT id FROM run WHERE NOT (json_valid(data)
AND json_extract(data, '$.item') IS NOT NULL) ORDER BY started DESC, id DESC LIMIT 1"""
NAMED = "SELECT id FROM run WHERE name = ?"
BEGUN = "SELECT id FROM run WHERE name >= ? AND name < ? LIMIT 2"
KNOWN = "SELECT name FROM run ORDER BY id DESC LIMIT 8"
CALLS = "SELECT c.*, v.* FROM call c LEFT JOIN verdict v ON v.id = c.id"
LOW = (1 << schema.SHIFT) - 1


class StoreReader:
    """A store opened to be read: that of a file or a server, or one in memory by its connection,
    which stays open behind it. Raises CodedError (unknown-run, store-damaged, store-missing,
    store-unreachable, store-too-new, store-untrusted); of one that is `own_only` no row counts that
    this user did not write."""

    _c: Connection

    def __init__(self, store: StoreAddress | Connection, *, own_only: bool = False) -> None:
        self._secret = signing.own_secret() if own_only else None
        self._texts: dict[int, str] = {}
        self.path: StoreAddress = Path(":memory:")
        self._claims: Claims = Alone()
        if isinstance(store, Path | Server):
            database = database_of(store)
            self.path, self._c = store, database.read(self._secret)
            self._claims = database.claims(self._c)
        else:
            self._c = store

    def close(self) -> None:
        """Gives the file back."""
        self._c.close()

    def runs(self) -> list[RunRow]:
        """All runs, the oldest first."""
        return list(self.each_run())

    def each_run(self) -> Iterator[RunRow]:
        """The same one after another, none of them held."""
        found = self._each("SELECT * FROM run ORDER BY id")
        return (run_from(self._sound("run", row)) for row in found)

    def run(self, number: int) -> RunRow:
        """The run of that id. Raises CodedError (unknown-run)."""
        row = next(self._rows("SELECT * FROM run WHERE id = ?", number), None)
        if row is None:
            raise failed("unknown-run", f"run {number} is no longer kept")
        return run_from(self._sound("run", row))

    def state(self, run: RunRow) -> str:
        """A run's state; one whose process is gone was killed."""
        if run.state != RUNNING:
            return run.state
        return RUNNING if self._claims.goes_on(run.id) else "killed"

    def totals(self, run: RunRow) -> tuple[int, int, float]:
        """How many requests a run sent, how many were answered, and what they cost."""
        kept, spent = self._spent(run)
        return spent.calls, kept, float(spent.usd)

    def usage(self, run: RunRow) -> Usage:
        """What a run has used; a request whose outcome nobody knows counts as its worst case."""
        return self._spent(run)[1]

    def by_model(self, run: RunRow) -> dict[str, tuple[Usage, int]]:
        """What a run has used of each model, and how many answers it has of it."""
        found: dict[str, tuple[Usage, int]] = {}
        try:
            used = used_by_settings(self._c, *schema.span(run.id))
        except sqlite3.Error as mistake:
            raise problem_of(self.path, mistake) from None
        for number, usage, answers in used:
            model = json.loads(self._text(number) or "{}").get("model", "")
            before, kept = found.get(model, (Usage(), 0))
            found[model] = before + usage, kept + answers
        return found

    def _spent(self, run: RunRow) -> tuple[int, Usage]:
        try:
            kept, spent = spent_by_step(self._c, *schema.span(run.id))
        except sqlite3.Error as mistake:
            raise problem_of(self.path, mistake) from None
        return kept, sum((s.usage for s in spent), Usage())

    def choose(self, name: str) -> RunRow:
        """The run of that name or beginning; the last one where no name is given, of a batch the
        batch itself. Raises CodedError (unknown-run)."""
        if name in ("", "last"):
            found = self._numbers(LAST) or self._numbers(NEWEST)
        else:
            past = name + chr(0x10FFFF)
            found = self._numbers(NAMED, name) or self._numbers(BEGUN, name, past)
        if len(found) == 1:
            return self.run(found[0])
        if not self._numbers(NEWEST):
            raise no_run()
        known = [row[0] for row in self._rows(KNOWN)]
        raise failed("unknown-run", f"no run is called {name}", hint=did_you_mean(name, known))

    def _numbers(self, query: str, *values: Cell) -> list[int]:
        return [row[0] for row in self._rows(query, *values)]

    def document(self, run: RunRow) -> str:
        """The plan that ran, as a document. Raises CodedError (unknown-run) for a run of an earlier
        version, which kept none."""
        text = self._text(run.data.get("document"))
        if "batch" in run.data:
            raise _of_batch(run)
        if not text:
            raise failed(
                "unknown-run",
                f"of {run.name} no plan is kept",
                hint="a log that was imported has none"
                if "imported" in run.data
                else "it began with an earlier version; `rlm plan FILE` plans anew",
            )
        return json.dumps({**json.loads(text), "binding": run.data["binding"]})

    def texts(self, row: int) -> tuple[str, str]:
        """What a call asked, and what was answered. Raises CodedError (store-damaged)."""
        found = next(self._rows("SELECT * FROM call WHERE id = ?", row), None)
        if found is None:
            raise damaged(self.path, "a call is missing")
        exchange = self._exchange(self._row(found))
        return exchange.request, exchange.answer

    def events(self, run: RunRow, *, texts: bool = True) -> Iterator[Event]:
        """The trajectory of a run, in the order in which it was told; a call that a process did not
        live to tell stands where its row was begun. Without `texts`, requests and answers are left
        empty. Raises CodedError (store-damaged), and unknown-run for a batch."""
        if "batch" in run.data:
            raise _of_batch(run)
        begun, ended = RowNumbers(), RowNumbers()
        for told in self._told(run):
            (ended if told.ended else begun).add(told.row)
        query = f"{CALLS} WHERE c.id BETWEEN ? AND ? ORDER BY c.id"
        calls = self._each(query, *schema.span(run.id))
        streams = (
            (self._event(row, run) for row in self._event_rows(run, "kind <> ?")),
            (self._told_event(told, run, texts) for told in self._told(run)),
            (
                self._untold(row, run, texts)
                for row in calls
                if row[0] not in (begun if row[2] == RESERVED else ended)
            ),
        )
        yield from heapq.merge(*(filter(None, s) for s in streams), key=lambda e: e.seq)

    def batches(self, run: RunRow) -> list[tuple[ProviderBatch, int]]:
        """The batches of providers that calls of a run wait in, and how many in each. Raises
        CodedError (store-damaged)."""
        try:
            return waiting_in(self._c, *schema.span(run.id), self._sound)
        except sqlite3.Error as mistake:
            raise problem_of(self.path, mistake) from None

    def ended(self, run: RunRow) -> RunFinished | None:
        """How a run ended, the last time that it did. Raises CodedError (store-damaged)."""
        return self.last(run, RunFinished)

    def last(self, run: RunRow, kind: type[E]) -> E | None:
        """The last event of a kind. Raises CodedError (store-damaged)."""
        query = "SELECT * FROM event WHERE id BETWEEN ? AND ? AND kind = ? ORDER BY id DESC LIMIT 1"
        found = self._rows(query, *schema.span(run.id), kind.name)
        events = (self._event(self._sound("event", row), run) for row in found)
        return next((e for e in events if isinstance(e, kind)), None)

    def _event_rows(self, run: RunRow, which: str) -> Iterator[Found]:
        """The rows of events but for those that say when calls were told, or only those."""
        query = f"SELECT * FROM event WHERE id BETWEEN ? AND ? AND {which} ORDER BY id"
        found = self._each(query, *schema.span(run.id), TOLD)
        return (self._sound("event", row) for row in found)

    def _told(self, run: RunRow) -> Iterator[Told]:
        """The calls that were told, in order."""
        for row in self._event_rows(run, "kind = ?"):
            yield from told_in(row[4])

    def _told_event(self, told: Told, run: RunRow, texts: bool) -> Event | None:
        """What was told; nothing of an answer used again that an interrupted run forgot."""
        call = next(self._rows(f"{CALLS} WHERE c.id = ?", told.row), None)
        seq = told.number & LOW
        return call and self._call(call, run, seq, told.at, texts, started=not told.ended)

    def _untold(self, found: Row, run: RunRow, texts: bool) -> Event:
        row = self._row(found)
        return self._call(found, run, row.id & LOW, row.started, texts)

    def _rows(self, query: str, *values: Cell) -> Iterator[Found]:
        try:
            for row in self._c.execute(query, values):  # noqa: UP028, a cursor that is given up
                yield row  # after its connection was closed cannot be closed itself
        except sqlite3.Error as mistake:
            raise problem_of(self.path, mistake) from None

    def _each(self, query: str, *values: Cell) -> Iterator[Found]:
        """Rows that may be very many."""
        try:
            yield from stream(self._c, query, values)
        except sqlite3.Error as mistake:
            raise problem_of(self.path, mistake) from None

    def _sound(self, table: str, row: Any) -> Any:
        """The row, if it is what was written."""
        width = len(schema.TABLES[table]) + 1
        signing.hold(self.path, table, row[:width], self._secret)
        return row

    def _event(self, row: Any, run: RunRow) -> Event | None:
        number, kind, node, at, data = row[:5]
        if kind not in KINDS:  # of a later version: what it holds is not looked into
            return None
        about = {"event": kind, "node": node, "at": at, "run": run.name, "seq": number & LOW}
        try:
            return from_json({**about, **json.loads(data)})
        except (ValueError, TypeError, KeyError, RecursionError):
            raise damaged(self.path, f"an event of the kind {kind} cannot be read") from None

    def _call(
        self,
        found: Row,
        run: RunRow,
        seq: int,
        at: float,
        texts: bool,
        *,
        started: bool = False,
    ) -> CallStarted | CallFinished | CallFailed:
        """A call as the event that it began or ended with."""
        row, refusal = self._row(found), found[WIDE:]
        node = f"{run.recipe}.{row.step}"
        about: dict[str, Any] = {
            "run": run.name,
            "seq": seq,
            "at": at,
            "node": node,
            "parent": parent_of(row.call, node),
            "call": row.call,
            "prompt": row.prompt,
        }
        if started or row.state == RESERVED:
            return CallStarted(**about, row=row.id)
        about |= vars(self._exchange(row, texts=texts))
        code, reason = row.code, row.reason or ""
        if refusal[0] is not None:
            _, code, reason, _ = self._sound("verdict", refusal)
        if code:
            return CallFailed(**about, code=code, reason=reason)
        return CallFinished(**about, ranges=json.loads(row.ranges or "[]"))

    def _row(self, found: Row) -> CallRow:
        return row_from(self._sound("call", found))

    def _exchange(self, row: CallRow, *, texts: bool = True) -> Exchange:
        """What was sent, what came back, and what it used: nothing where it was used again."""
        if row.state == REUSED and row.origin is not None:
            found = next(self._rows("SELECT * FROM call WHERE id = ?", row.origin), None)
            if found is None:
                raise damaged(self.path, "an answer that was used again is missing")
            free = Exchange(usd=0.0, row=row.id, reused=True)
            was = self._exchange(self._row(found), texts=texts)
            return replace(free, request=was.request, answer=was.answer, model=was.model)
        sent = [self._text(row.system), unpacked(row.asked)] if texts else []
        settings = json.loads(self._text(row.settings) or "{}")
        given = row.state == REUSED  # by hand, in the place of a model
        return Exchange(
            "\n\n".join(x for x in sent if x),
            unpacked(row.answer) if texts else "",
            settings.get("model", ""),
            row.used_in or 0,
            row.used_out or 0,
            0.0 if given else None if row.used_usd is None else row.used_usd / PICO,
            row.seconds or 0.0,
            row.id,
            given,
        )

    def _text(self, number: int | None) -> str:
        """A text that many rows share."""
        if number is None:
            return ""
        if number not in self._texts:
            row = next(self._rows("SELECT * FROM phrase WHERE id = ?", number), None)
            self._texts[number] = rows.unpack(self._sound("phrase", row)[2]) if row else ""
        return self._texts[number]


def _of_batch(run: RunRow) -> CodedError:
    return failed(
        "unknown-run",
        f"{run.name} is a batch, and each of its items is a run of its own",
        hint=f"`rlm show {run.name}` names them; give one of those",
    )
