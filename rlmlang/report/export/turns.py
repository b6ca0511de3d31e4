"""Calls as sessions made them: each turn with its code and what that began; other calls alone.

Formats of agents know a conversation, in which code calls further models. A turn is given when all
of it is known, so no more is held than the turns that sessions are in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rlmlang.ir.calls import CallId
from rlmlang.trajectory.events import (
    CallFailed,
    CallFinished,
    CellFinished,
    Event,
    StepFinished,
    ToolCalled,
)

Ended = CallFinished | CallFailed


@dataclass
class Turn:
    """A call, and of a session's turn what came of its code: `below` are calls that it made,
    `children` the sessions that it began, `tools` functions outside of the sandbox. One of no
    session has none of them."""

    call: Ended | None
    session: CallId | None = None
    cell: CellFinished | None = None
    below: list[Ended] = field(default_factory=list)
    children: list[Conversation] = field(default_factory=list)
    tools: list[ToolCalled] = field(default_factory=list)

    @property
    def answer(self) -> str:
        """What the model said."""
        return self.call.answer if self.call is not None else ""

    @property
    def empty(self) -> bool:
        """Whether nothing is known of it."""
        return not (self.call or self.cell or self.below or self.children or self.tools)


@dataclass
class Conversation:
    """A session: the turns that are not given yet; of one that code began, all."""

    id: CallId
    turns: list[Turn] = field(default_factory=list)

    @property
    def now(self) -> Turn:
        """The turn that it is in."""
        if not self.turns:
            self.turns.append(Turn(None, self.id))
        return self.turns[-1]


def turns_of(events: Iterable[Event]) -> Iterator[Turn | Event]:
    """The turns of outermost sessions and calls of none, and between them all other events."""
    sessions: dict[str, Conversation] = {}
    for event in events:
        match event:
            case CallFinished() | CallFailed() | CellFinished() | ToolCalled():
                yield from _taken(event, sessions)
            case StepFinished():
                yield from _over(event.step, sessions)
                yield event
            case _:
                yield event
    for name in list(sessions):
        yield from _left(sessions.pop(name))


def _taken(
    event: Ended | CellFinished | ToolCalled, sessions: dict[str, Conversation]
) -> Iterator[Turn]:
    above = event.call.above
    if above is None:
        if isinstance(event, CallFinished | CallFailed):
            yield Turn(event)
        return
    session = _session(above, sessions)
    match event:
        case CellFinished():
            session.now.cell = event
            yield from _next(session)
        case ToolCalled():
            session.now.tools.append(event)
        case _ if not event.call.own:
            session.now.below.append(event)
        case _:
            session.now.call = event
            if isinstance(event, CallFailed) or event.call.place.endswith(".last"):
                yield from _next(session)  # no code follows
    if isinstance(event, CellFinished) and event.submitted:
        sessions.pop(str(above), None)


def _session(id: CallId, sessions: dict[str, Conversation]) -> Conversation:
    """A session; one that is new is noted in the turn that began it."""
    found = sessions.get(str(id))
    if found is None:
        found = sessions[str(id)] = Conversation(id)
        if id.above is not None:
            _session(id.above, sessions).now.children.append(found)
    return found


def _next(session: Conversation) -> Iterator[Turn]:
    """Ends a turn: of an outermost session it is given."""
    if session.id.above is None:
        yield session.turns.pop()
    else:
        session.turns.append(Turn(None, session.id))


def _over(step: str, sessions: dict[str, Conversation]) -> Iterator[Turn]:
    """What is left of the sessions of a step that has ended."""
    for name in [n for n, s in sessions.items() if s.id.step == step]:
        yield from _left(sessions.pop(name))


def _left(session: Conversation) -> Iterator[Turn]:
    if session.id.above is None:
        yield from (turn for turn in session.turns if not turn.empty)
