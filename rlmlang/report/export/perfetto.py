"""A run over time, for Perfetto's viewer and others of Chrome's trace format.

Each row of the page is a thread, whose slices may not overlap; so requests in flight at one time
stand in lanes. Slices are written when they end. Clocks may be set back between events, time here
may not: it stands still until they have caught up.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from rlmlang.report.export.export import Export
from rlmlang.report.export.lanes import Lanes
from rlmlang.trajectory.events import (
    CallFailed,
    CallFinished,
    CallStarted,
    CellFinished,
    Event,
    Paused,
    RunStarted,
    StepFinished,
    StepStarted,
    TurnStarted,
)
from rlmlang.value import Json

STEPS, REQUESTS, TURNS, PAUSES = "steps", "requests", "turns of sessions", "pauses"
ROWS = (STEPS, REQUESTS, TURNS, PAUSES)
MICRO = 1e6
Values = dict[str, Json]


def _lines(events: Iterable[Event]) -> Iterator[str]:
    drawing = _Drawing()
    yield '{"displayTimeUnit": "ms", "traceEvents": [\n'
    for number, name in enumerate(ROWS, 1):
        yield _line(_about("process_name", number, {"name": name}))
        yield _line(_about("process_sort_index", number, {"sort_index": number}))
    for event in events:
        yield from map(_line, drawing.take(event))
    yield from map(_line, drawing.left())
    yield json.dumps(_about("process_labels", 1, {"labels": drawing.run}), ensure_ascii=False)
    yield "\n]}\n"


def _about(what: str, row: int, args: Values) -> Values:
    """What is said of a row of the page."""
    return {"ph": "M", "pid": row, "name": what, "args": args}


def _line(values: Values) -> str:
    return json.dumps(values, ensure_ascii=False) + ",\n"


@dataclass
class _Drawing:
    """What is open, and where the clock stands, in seconds since the first event."""

    run: str = ""
    first: float | None = None
    now: float = 0.0
    usd: float = 0.0
    lanes: dict[str, Lanes] = field(default_factory=lambda: defaultdict(Lanes))
    known: set[tuple[str, int]] = field(default_factory=set)
    open: dict[Hashable, tuple[str, str, Values]] = field(default_factory=dict)

    def take(self, event: Event) -> Iterator[Values]:
        """What an event adds."""
        self.first = event.at if self.first is None else self.first
        self.now = max(self.now, event.at - self.first)
        match event:
            case RunStarted(recipe=recipe):
                self.run = f"{recipe} {event.run}"
            case StepStarted(verb=verb):
                yield from self._begin(STEPS, event.node, f"{event.step} ({verb})", {})
            case StepFinished(items=items, skipped=skipped):
                yield from self._end(event.node, {"items": items, "skipped": skipped})
            case CallStarted(row=row):
                about: Values = {"call": str(event.call), "prompt": event.prompt}
                yield from self._begin(REQUESTS, row, event.step, about)
            case CallFinished() | CallFailed():
                yield from self._end(event.row, _used(event))
                yield from self._cost(event)
            case TurnStarted():
                yield from self._begin(TURNS, str(event.call), str(event.call), {})
            case CellFinished():
                about = {"error": event.kind, "tier": event.tier, "submitted": event.submitted}
                yield from self._end(str(event.call), about)
            case Paused(seconds=seconds):
                yield from self._pause(event, max(0.0, seconds))

    def left(self) -> Iterator[Values]:
        """What was never seen to end."""
        for key in list(self.open):
            yield from self._end(key, {"ended": False})

    def _begin(self, row: str, key: Hashable, name: str, about: Values) -> Iterator[Values]:
        if key in self.open:  # begun again by a process that went on with the run
            yield from self._end(key, {"ended": False})
        self.lanes[row].begin(key, self.now)
        self.open[key] = row, name, about

    def _end(self, key: Hashable, more: Values) -> Iterator[Values]:
        if key not in self.open:
            return
        row, name, about = self.open.pop(key)
        found = self.lanes[row].end(key)
        if found is not None:
            yield from self._slice(row, found[0], name, found[1], self.now, about | more)

    def _pause(self, event: Paused, seconds: float) -> Iterator[Values]:
        end = self.now + seconds
        lane = self.lanes[PAUSES].whole(self.now, end)
        yield from self._slice(PAUSES, lane, event.model, self.now, end, {"why": event.why})

    def _slice(
        self, row: str, lane: int, name: str, start: float, end: float, args: Values
    ) -> Iterator[Values]:
        about: Values = {"pid": ROWS.index(row) + 1, "tid": lane}
        if (row, lane) not in self.known:
            self.known.add((row, lane))
            yield {"ph": "M", "name": "thread_name", **about, "args": {"name": f"{row} {lane}"}}
        left, right = round(start * MICRO), round(end * MICRO)
        yield {"ph": "X", "name": name, "ts": left, "dur": right - left, **about, "args": args}

    def _cost(self, event: CallFinished | CallFailed) -> Iterator[Values]:
        """How much has been paid by now, if that has changed."""
        if event.usd and not event.reused:
            self.usd += event.usd
            now, paid = round(self.now * MICRO), round(self.usd, 12)
            yield {"ph": "C", "name": "dollars", "pid": 2, "ts": now, "args": {"paid": paid}}


def _used(event: CallFinished | CallFailed) -> Values:
    values: Values = {
        "model": event.model,
        "tok in": event.tokens_in,
        "tok out": event.tokens_out,
        "usd": event.usd,
        "seconds": event.seconds,
        "attempt": event.call.attempt,
    }
    return values | ({"refused": event.code} if isinstance(event, CallFailed) else {})


PERFETTO = Export(
    "perfetto",
    "Steps, requests, turns and pauses over time, in lanes.",
    _lines,
    "ui.perfetto.dev, chrome://tracing and other viewers of Chrome's trace format",
    "texts; a request that was answered from the store, which took no time",
    texts=None,
)
