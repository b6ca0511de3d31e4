"""A store read by those who only look: its runs, and a run's trajectory as events."""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.stores import rows, schema
from rlmlang.stores.calls import AT
from rlmlang.stores.journal import bring_up
from rlmlang.stores.locks import alive, claim_of
from rlmlang.stores.problems import damaged, problem_of
from rlmlang.stores.runs import PICO, RUNNING, RunRow, run_from, spent_by_step
from rlmlang.trajectory.events import CallFailed, CallFinished, CallStarted, Event, from_json

CALLS = """SELECT c.*, v.* FROM call c LEFT JOIN verdict v ON v.id = c.id
WHERE c.id BETWEEN ? AND ? ORDER BY c.id"""
LOW = (1 << schema.SHIFT) - 1
WIDE = len(AT) + 1  # its columns and the seal


class Reading:
    """A store opened to be read. Raises CodedError (unknown-run, store-damaged)."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise _no_run()
        self.path = path
        try:
            bring_up(path)
            self._c = schema.read_only(path)
            if not schema.has_tables(self._c, path):
                raise _no_run()
        except sqlite3.Error as mistake:
            raise problem_of(path, mistake) from None
        self._texts: dict[int, str] = {}

    def close(self) -> None:
        """Gives the file back."""
        self._c.close()

    def runs(self) -> list[RunRow]:
        """All runs, the oldest first."""
        return [run_from(self._sound("run", row)) for row in self._rows("SELECT * FROM run")]

    def state(self, run: RunRow) -> str:
        """A run's state; one whose process is gone was killed."""
        if run.state != RUNNING:
            return run.state
        return RUNNING if alive(claim_of(self.path, run.id)) else "killed"

    def totals(self, run: RunRow) -> tuple[int, int, float]:
        """How many requests a run sent, how many were answered, and what they cost."""
        try:
            kept, spent = spent_by_step(self._c, *schema.span(run.id))
        except sqlite3.Error as mistake:
            raise problem_of(self.path, mistake) from None
        return sum(u.calls for u in spent.values()), kept, float(sum(u.usd for u in spent.values()))

    def choose(self, name: str) -> RunRow:
        """The run of that name or beginning; the last one where no name is given."""
        found = self.runs()
        if not found:
            raise _no_run()
        if name in ("", "last"):
            return max(found, key=lambda r: (r.started, r.id))
        chosen = [r for r in found if r.name == name] or [
            r for r in found if r.name.startswith(name)
        ]
        if len(chosen) != 1:
            known = [r.name for r in found][-8:]
            raise failed("unknown-run", f"no run is called {name}", hint=did_you_mean(name, known))
        return chosen[0]

    def events(self, run: RunRow) -> Iterator[Event]:
        """The trajectory of a run, in order. Raises CodedError (store-damaged)."""
        first, last = schema.span(run.id)
        query = "SELECT * FROM event WHERE id BETWEEN ? AND ? ORDER BY id"
        plain = (self._event(row, run.name) for row in self._rows(query, first, last))
        calls = (self._call(row, run) for row in self._rows(CALLS, first, last))
        merged = heapq.merge(plain, calls, key=lambda e: e.seq if e is not None else 0)
        return (e for e in merged if e is not None)

    def _rows(self, query: str, *values: Any) -> Iterator[Any]:
        try:
            yield from self._c.execute(query, values)
        except sqlite3.Error as mistake:
            raise problem_of(self.path, mistake) from None

    def _sound(self, table: str, row: Any) -> Any:
        """The row, if it is what was written."""
        width = len(schema.TABLES[table]) + 1
        if not rows.intact(table, row[:width]):
            raise damaged(self.path, f"a row of {table} is not what was written")
        return row

    def _event(self, row: Any, run: str) -> Event | None:
        row = self._sound("event", row)
        about = {"event": row[1], "node": row[2], "at": row[3], "run": run, "seq": row[0] & LOW}
        return from_json({**about, **json.loads(row[4])})

    def _call(self, row: Any, run: RunRow) -> Event:
        """A call as the event that it ended with."""
        row, verdict = self._sound("call", row)[:WIDE], row[WIDE:]
        reused = row[AT["state"]] == schema.REUSED
        said = self._origin(row[AT["origin"]]) if reused else row
        node = f"{run.recipe}.{row[AT['step']]}"
        about: dict[str, Any] = {
            "run": run.name, "seq": row[0] & LOW, "at": row[AT["started"]],
            "node": node, "parent": node, "call": row[AT["item"]],
            "prompt": row[AT["prompt"]], "attempt": row[AT["attempt"]],
        }  # fmt: skip
        if row[AT["state"]] == schema.RESERVED:
            return CallStarted(**about)
        made = {**about, **self._words(said), "row": row[0], "reused": reused}
        if reused:
            made |= {"tokens_in": 0, "tokens_out": 0, "usd": 0.0}
        code, reason = row[AT["code"]], row[AT["reason"]] or ""
        if verdict[0] is not None:
            _, code, reason, _ = self._sound("verdict", verdict)
        if code:
            return CallFailed(**made, code=code, reason=reason)
        ranges = json.loads(row[AT["ranges"]] or "[]")
        return CallFinished(**made, seconds=row[AT["seconds"]] or 0.0, ranges=ranges)

    def _words(self, row: Any) -> dict[str, Any]:
        """What was sent, what came back, and what it used."""
        sent = [self._text(row[AT["system"]]), _unpacked(row[AT["asked"]])]
        usd = row[AT["used_usd"]]
        settings = json.loads(self._text(row[AT["settings"]]) or "{}")
        return {
            "request": "\n\n".join(x for x in sent if x), "answer": _unpacked(row[AT["answer"]]),
            "model": settings.get("model", ""), "tokens_in": row[AT["used_in"]] or 0,
            "tokens_out": row[AT["used_out"]] or 0, "usd": None if usd is None else usd / PICO,
        }  # fmt: skip

    def _origin(self, number: int) -> Any:
        """The call whose answer was used again."""
        row = next(self._rows("SELECT * FROM call WHERE id = ?", number), None)
        if row is None:
            raise damaged(self.path, "an answer that was used again is missing")
        return self._sound("call", row)

    def _text(self, number: int | None) -> str:
        """A text that many rows share."""
        if number is None:
            return ""
        if number not in self._texts:
            row = next(self._rows("SELECT * FROM phrase WHERE id = ?", number), None)
            self._texts[number] = rows.unpack(self._sound("phrase", row)[2]) if row else ""
        return self._texts[number]


def _no_run() -> CodedError:
    return failed("unknown-run", "no run is kept here", hint="run a recipe first: rlm run FILE")


def _unpacked(data: bytes | None) -> str:
    return rows.unpack(data) if data else ""
