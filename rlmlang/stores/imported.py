"""A run that another program made, kept as one of ours: all of it in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from hashlib import blake2b

from rlmlang.budget import PICO
from rlmlang.stores import rows
from rlmlang.stores.calls import CallRow, SharedTexts
from rlmlang.stores.event_rows import event_row
from rlmlang.stores.journal import Journal
from rlmlang.stores.rows import Batch
from rlmlang.stores.runs import RunRow, run_from, write_run
from rlmlang.stores.schema import ANSWERED, FAILED, REUSED, SHIFT
from rlmlang.stores.told import Told, ToldCalls
from rlmlang.trajectory.events import CallEnded, CallFailed, CallStarted, Event

Redact = Callable[[str], str]


def keep_run(
    journal: Journal, wanted: RunRow, events: Sequence[Event], redact: Redact
) -> tuple[str, bool]:
    """Keeps a run with its events; gives its name, and whether it was there already, as one of the
    same identity. Its answers are used for no other run. Raises CodedError (store-unwritable)."""

    def change(c: Batch) -> tuple[str, bool]:
        query = "SELECT * FROM run WHERE identity = ?"
        found = c.execute(query, (wanted.identity,)).fetchone()
        if found is not None:
            return run_from(found).name, True
        number = c.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM run").fetchone()[0]
        run = replace(wanted, id=number)
        write_run(c, run, redact)
        _Keeping(c, run, redact).keep(events)
        return run.name, False

    return journal.wait(change)


@dataclass
class _Keeping:
    """Writes the rows of a run. The rows that events name are those of a log; ours are numbered
    with the events, as in any run."""

    batch: Batch
    run: RunRow
    redact: Redact
    told: ToldCalls = field(default_factory=ToldCalls)
    rows: dict[int, int] = field(default_factory=dict)
    count: int = 0

    def keep(self, events: Sequence[Event]) -> None:
        """All of them."""
        texts = SharedTexts(self.redact)
        for event in events:
            match event:
                case CallStarted():
                    self._tell(event, self._row(event.row), ended=False)
                case CallEnded():
                    row = self._row(event.row)
                    self._call(event, row, texts)
                    self._tell(event, row, ended=True)
                case _:
                    self.batch.put("event", event_row(self._next(), event, self.redact))
        self.told.keep(self.batch)

    def _next(self) -> int:
        self.count += 1
        return self.run.id << SHIFT | self.count

    def _row(self, named: int) -> int:
        if named not in self.rows:
            self.rows[named] = self._next()
        return self.rows[named]

    def _tell(self, event: CallStarted | CallEnded, row: int, *, ended: bool) -> None:
        self.told.add(Told(self._next(), event.at, row, ended))

    def _call(self, event: CallEnded, row: int, texts: SharedTexts) -> None:
        """A request with what came of it. It has no ending, so that it answers no other."""
        failed = event if isinstance(event, CallFailed) else None
        made = CallRow(
            id=row,
            key=blake2b(row.to_bytes(8), digest_size=32, key=self.run.identity).digest(),
            state=REUSED if event.reused else FAILED if failed is not None else ANSWERED,
            step=event.call.step,
            item=self.redact(str(event.call)),
            prompt=event.prompt,
            attempt=event.call.attempt,
            settings=texts.number(self.batch, json.dumps({"model": event.model})),
            system=None,
            asked=rows.pack(self.redact(event.request)) if event.request else None,
            worst_in=event.tokens_in,
            worst_out=event.tokens_out,
            worst_usd=None if event.usd is None else round(Fraction(str(event.usd)) * PICO),
            started=event.at - event.seconds,
            seconds=event.seconds,
            ranges=None,
        )
        made.used_in, made.used_out, made.used_usd = made.worst_in, made.worst_out, made.worst_usd
        made.answer = rows.pack(self.redact(event.answer))
        if failed is not None:
            made.code, made.reason = failed.code, self.redact(failed.reason)
        self.batch.put("call", made.values())
