"""The parts of a run as values: its steps, their sessions, calls and cells, as a tree.

Ids are those of events: `find.notes` a step, `notes[3]` a call, `said[3]` a session, its
`said[3].turn 0` a call, `said[3].turn 0.cell` the code that was run of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from rlmlang.budget import Usage
from rlmlang.trajectory.events import CallFailed, CallFinished, Range
from rlmlang.trajectory.usage import cost_of, usage_of
from rlmlang.value import Json


class Within(Protocol):
    """The trajectory that a part belongs to."""

    def children_of(self, id: str) -> tuple[Part, ...]:
        """The parts whose parent has that id, in order of time."""

    def texts(self, event: CallFinished | CallFailed) -> tuple[str, str]:
        """What a request said, and its answer."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """One request of a call. `problem` says why its answer was not taken, empty where it was;
    `code` is the problem's. `reused` is an answer that was kept from before and cost nothing;
    `cost` is None where the model has no known price. `ranges` are the bytes of the sources that
    it showed, `repairs` what it took to read the answer, `escaped` how many field markers of the
    data were shown escaped. Times are seconds, `at` those of the wall clock when it had ended."""

    number: int
    at: float
    seconds: float
    model: str
    usage: Usage
    cost: float | None
    reused: bool
    code: str
    problem: str
    ranges: Sequence[Range]
    repairs: Sequence[str]
    escaped: int
    event: CallFinished | CallFailed
    within: Within

    @property
    def prompt(self) -> str:
        """All that the request said. It is read from the store when it is asked for."""
        return self.within.texts(self.event)[0]

    @property
    def answer(self) -> str:
        """What the model said."""
        return self.within.texts(self.event)[1]

    def __repr__(self) -> str:
        return f"<Attempt {self.number} {self.model}{f' {self.code}' if self.code else ''}>"


@dataclass(frozen=True, eq=False)
class Part:
    """What each part of a run has. `parent` is the id of the part that it belongs to, empty for the
    run; `at` is when it began, in seconds of the wall clock, `seconds` how long it took."""

    kind: ClassVar[str] = "part"
    id: str
    parent: str
    at: float
    seconds: float
    within: Within

    @property
    def children(self) -> tuple[Part, ...]:
        """What belongs to it, in order of time."""
        return self.within.children_of(self.id)

    @property
    def usage(self) -> Usage:
        """Calls, tok and exact dollars of all that belongs to it."""
        return sum((child.usage for child in self.children), Usage())

    @property
    def cost(self) -> float | None:
        """Its dollars; None where a model of it has no known price."""
        costs = [child.cost for child in self.children]
        return None if None in costs else sum(c for c in costs if c is not None)

    @property
    def prompt(self) -> str:
        """What was asked, or the code that was run; empty for what asks nothing itself."""
        return ""

    @property
    def answer(self) -> str:
        """What was answered or printed; empty for what says nothing itself."""
        return ""

    @property
    def problem(self) -> str:
        """Why it brought nothing; empty where it did."""
        return ""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"


@dataclass(frozen=True, eq=False, repr=False)
class Step(Part):
    """A step of the recipe, with its `verb`; `items` are those that it made, of which `skipped`
    were left out. One that did not come to its end is not `finished`."""

    kind = "step"
    name: str
    verb: str
    items: int
    skipped: int
    finished: bool

    @property
    def problem(self) -> str:
        """Whether it came to its end."""
        return "" if self.finished else "not finished"


@dataclass(frozen=True, eq=False, repr=False)
class Session(Part):
    """A session of a model that writes code: its turns are its children."""

    kind = "session"
    step: str


@dataclass(frozen=True, eq=False, repr=False)
class Call(Part):
    """A prompt that was put to a model, with all its attempts; `name` is the prompt's. `skipped`
    says why its item was left out; one that was `sent` brought no answer that anybody read."""

    kind = "call"
    step: str
    name: str
    attempts: tuple[Attempt, ...]
    skipped: str
    sent: bool

    @property
    def usage(self) -> Usage:
        """Of all its attempts."""
        return usage_of(a.event for a in self.attempts)

    @property
    def cost(self) -> float | None:
        """Of all its attempts."""
        return cost_of(a.event for a in self.attempts)

    @property
    def prompt(self) -> str:
        """All that the last request said."""
        return self.attempts[-1].prompt if self.attempts else ""

    @property
    def answer(self) -> str:
        """What the model said the last time."""
        return self.attempts[-1].answer if self.attempts else ""

    @property
    def problem(self) -> str:
        """Why no answer was taken."""
        if not self.attempts:
            return "sent, not answered" if self.sent else self.skipped
        return self.attempts[-1].problem


@dataclass(frozen=True, eq=False, repr=False)
class Cell(Part):
    """Code that a model wrote, and what came of it: what it printed, the error that it ended with
    and its kind (syntax, unsupported, python, resource, crash), or the `value` that it
    `submitted`. `tier` is the sandbox it ran in, `fresh` says that this was lost and begun anew;
    `ranges` are the bytes of the sources that it read through handles. Calls and sessions that it
    began are its children."""

    kind = "cell"
    step: str
    code: str
    output: str
    error: str
    error_kind: str
    submitted: bool
    value: Json
    tier: str
    fresh: bool
    ranges: Sequence[Range]

    @property
    def prompt(self) -> str:
        """The code."""
        return self.code

    @property
    def answer(self) -> str:
        """What it printed."""
        return self.output

    @property
    def problem(self) -> str:
        """The error that it ended with."""
        return self.error
