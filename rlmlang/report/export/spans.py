"""A run as spans, whatever their attributes are called: run, step, session, call, cell, tool.

A span is given as soon as its end is read; those of the run, its steps and its sessions are open
until then, and nothing else is held. Ids follow from names, so they are the same in every export,
and a span may name one above it that is written later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rlmlang.ir.calls import CallId
from rlmlang.trajectory.events import (
    CallEvent,
    CallFailed,
    CallFinished,
    CallStarted,
    CellFinished,
    Event,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    ToolCalled,
    TurnStarted,
)

Ended = CallFinished | CallFailed | ToolCalled | CellFinished
MOST = 128  # events of a span; OpenTelemetry's own limit


@dataclass
class Span:
    """A span. `about` is the event that says what it is, `ended` the one that ended it, if that is
    another; `inside` are events that are told of it, and `dropped` counts those that are too many.
    Times are seconds of the wall clock."""

    run: str
    id: str
    parent: str
    about: Event
    start: float
    end: float | None = None
    ended: Event | None = None
    session: CallId | None = None
    inside: list[Event] = field(default_factory=list)
    dropped: int = 0

    @property
    def trace(self) -> str:
        """The id of the run, for whoever takes 16 bytes."""
        return hashlib.sha256(self.run.encode()).hexdigest()[:32]

    @property
    def requests(self) -> bool:
        """Whether it is a request to a model."""
        return self.session is None and isinstance(self.about, CallFinished | CallFailed)

    @property
    def problem(self) -> tuple[str, str]:
        """The code and the words of what went wrong; empty where nothing did."""
        if self.session is not None:
            return "", ""
        match self.ended or self.about:
            case CallFailed() | RunFinished() as event if event.code:
                reason = event.reason if isinstance(event, CallFailed) else event.message
                return event.code, reason or event.code
            case ToolCalled(error=error) if error:
                return "tool_error", error
            case CellFinished(error=error, kind=kind) if error:
                return f"cell_{kind or 'error'}", error
        return "", ""

    def tell(self, event: Event) -> None:
        """Notes something that happened in it, as long as there is room."""
        if len(self.inside) < MOST:
            self.inside.append(event)
        else:
            self.dropped += 1


def spans_of(events: Iterable[Event]) -> Iterator[Span]:
    """The spans of a run, each when its end is read. One without an end ends with the last time
    that is known of its run."""
    reading = _Reading()
    for event in events:
        yield from reading.take(event)
    for span in reading.left():
        span.end = max(span.start, reading.last)
        yield span


def span_id(*of: str) -> str:
    """The id of a span, from the names of what it is about."""
    return hashlib.sha256("\0".join(x for x in of if x).encode()).hexdigest()[:16]


@dataclass
class _Reading:
    """What is open: the run (its node is empty) and its steps by node, sessions by their ids, the
    turn that each session is in, and cells that a span was put below before they ended."""

    opened: dict[str, Span] = field(default_factory=dict)
    sessions: dict[str, Span] = field(default_factory=dict)
    turns: dict[str, TurnStarted] = field(default_factory=dict)
    running: dict[str, Span] = field(default_factory=dict)
    last: float = 0.0

    def take(self, event: Event) -> Iterator[Span]:
        """The spans that an event ends."""
        self.last = max(self.last, event.at)
        match event:
            case RunStarted():
                span = Span(event.run, span_id(event.run), "", event, event.at)
                self.opened.setdefault("", span)
            case StepStarted():
                above = self._above(event.node)
                id_ = span_id(event.run, event.node)
                span = Span(event.run, id_, above.id if above else "", event, event.at)
                self.opened.setdefault(event.node, span)
            case CallFinished() | CallFailed() | ToolCalled():
                yield self._ended(event, event.at - event.seconds)
            case TurnStarted():
                self.turns[str(event.call.above)] = event
            case CellFinished():
                yield self._ended(event, event.at - event.seconds)
                yield from self._session_over(event)
            case StepFinished() | RunFinished():
                self._finished(event)
            case _ if not isinstance(event, CallStarted) and (around := self._above(event.node)):
                around.tell(event)

    def left(self) -> Iterator[Span]:
        """All that is open: code that was never seen to end, sessions, then steps and the run."""
        yield from self.running.values()
        yield from self.sessions.values()
        yield from self.opened.values()

    def _finished(self, event: StepFinished | RunFinished) -> None:
        node = event.node if isinstance(event, StepFinished) else ""
        if node in self.opened:
            self.opened[node].end, self.opened[node].ended = event.at, event

    def _ended(self, event: Ended, start: float) -> Span:
        id_ = span_id(event.run, event.node, str(event.call), _distinct(event))
        self.running.pop(id_, None)
        return Span(event.run, id_, self._parent(event), event, start, event.at)

    def _parent(self, event: CallEvent) -> str:
        """The id of the span above: the session, for what itself does; of what its code began the
        cell, else the step."""
        session = event.call.above
        if session is None:
            above = self._above(event.node)
            return above.id if above else ""
        span = self._session(session, event)
        return span.id if event.call.own else self._cell(span, event)

    def _session(self, session: CallId, event: CallEvent) -> Span:
        """The span of a session, begun by the first that is told of it."""
        name = str(session)
        if name not in self.sessions:
            start = event.at - float(getattr(event, "seconds", 0.0))
            parent = ""
            if session.above is not None:
                parent = self._cell(self._session(session.above, event), event)
            elif above := self._above(event.node):
                parent = above.id
            id_ = span_id(event.run, event.node, name)
            self.sessions[name] = Span(event.run, id_, parent, event, start, session=session)
        return self.sessions[name]

    def _cell(self, session: Span, event: CallEvent) -> str:
        """The id of the cell that is running in a session; of the session where none is known."""
        turn = self.turns.get(str(session.session))
        if turn is None:
            return session.id
        id_ = span_id(event.run, event.node, str(turn.call), "cell")
        self.running.setdefault(id_, Span(event.run, id_, session.id, turn, turn.at))
        return id_

    def _session_over(self, event: CellFinished) -> Iterator[Span]:
        """The session, if this cell was its last."""
        above = str(event.call.above or "")
        if event.submitted and (span := self.sessions.pop(above, None)):
            self.turns.pop(above, None)
            span.end, span.ended = event.at, event
            yield span

    def _above(self, node: str) -> Span | None:
        """The span that holds what is said of a node: of its step, of the one around it, or the
        run."""
        while node and node not in self.opened:
            node = node.rpartition(".")[0]
        return self.opened.get(node)


def _distinct(event: CallEvent) -> str:
    """What tells an event's span from others of the same call."""
    if isinstance(event, CellFinished):
        return "cell"
    return str(event.seq if isinstance(event, ToolCalled) else event.call.attempt)
