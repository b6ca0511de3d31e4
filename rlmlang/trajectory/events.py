"""One frozen class an event. `seq` grows from one to the next; `at` is wall-clock seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from rlmlang.ir.calls import CallId
from rlmlang.value import Json

VERSION = 1
Range = list[str | int]
"""A document, and the bytes from its first to behind its last; then the page, chapter or cell where
it has such."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every event has: the run, the node it belongs to, and the node above."""

    name: ClassVar[str] = ""
    run: str = ""
    seq: int = 0
    at: float = 0.0
    node: str = ""
    parent: str = ""

    @property
    def step(self) -> str:
        """The step it belongs to."""
        return step_of(self.node)


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """A run begins: its recipe, plan, models and inputs, and the packages that its file uses, with
    their hashes; `beside` is a run of the same recipe and inputs that another process has going."""

    name: ClassVar[str] = "run_started"
    recipe: str
    plan: str
    version: int = VERSION
    path: str = ""
    beside: str = ""
    models: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FilesLeftOut(Event):
    """What stands below a source's folder and is no part of its tree: [name, reason] of each."""

    name: ClassVar[str] = "files_left_out"
    source: str
    files: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class RunResumed(Event):
    """A run is gone on with: how many answers it has, and what they cost."""

    name: ClassVar[str] = "run_resumed"
    kept: int
    calls: int = 0
    usd: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Paused(Event):
    """All requests to a model wait, so many seconds, because of a rate limit or silence."""

    name: ClassVar[str] = "paused"
    model: str
    seconds: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Noticed(Event):
    """Something that a user must know of, though the run goes on."""

    name: ClassVar[str] = "noticed"
    code: str
    message: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class StepStarted(Event):
    """A step begins."""

    name: ClassVar[str] = "step_started"
    verb: str


@dataclass(frozen=True, kw_only=True)
class StepFinished(Event):
    """A step has ended, with so many items."""

    name: ClassVar[str] = "step_finished"
    verb: str
    items: int = 0
    skipped: int = 0


@dataclass(frozen=True, kw_only=True)
class CallEvent(Event):
    """An event of a call."""

    call: CallId

    @property
    def step(self) -> str:
        """The call's step."""
        return self.call.step


@dataclass(frozen=True, kw_only=True)
class CallStarted(CallEvent):
    """A request is being sent; `row` is where it is kept."""

    name: ClassVar[str] = "call_started"
    prompt: str
    row: int = 0


@dataclass(frozen=True)
class Exchange:
    """A request and what came of it: both as text, what they used, the seconds it took, the row
    where they are kept. `usd` is None where the model has no known price; `reused` says that the
    answer was there already and cost nothing."""

    request: str = ""
    answer: str = ""
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float | None = None
    seconds: float = 0.0
    row: int = 0
    reused: bool = False


NOTHING = Exchange()


@dataclass(frozen=True, kw_only=True)
class CallEnded(Exchange, CallEvent):
    """A request has come to its end."""

    prompt: str


@dataclass(frozen=True, kw_only=True)
class CallFinished(CallEnded):
    """A call that was answered; `ranges` are those of the slices it read."""

    name: ClassVar[str] = "call_finished"
    ranges: list[Range] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class CallFailed(CallEnded):
    """A call whose answer was not taken, or that brought none."""

    name: ClassVar[str] = "call_failed"
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class CallRead(CallEvent):
    """What was unusual about a call that was read: how many field markers of its data were shown
    escaped, and the repairs that reading its answer took."""

    name: ClassVar[str] = "call_read"
    escaped: int = 0
    repairs: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ItemSkipped(CallEvent):
    """An item was left out; `ranges` are what it held of the source."""

    name: ClassVar[str] = "item_skipped"
    reason: str = ""
    ranges: list[Range] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class RunFinished(Event):
    """A run has ended, with its result or problem and its receipt. `place` is where in the recipe
    the problem stands, as `find.rlm:12:14`, if it stands there."""

    name: ClassVar[str] = "run_finished"
    outcome: str
    result: Json = None
    code: str = ""
    message: str = ""
    place: str = ""
    receipt: Sequence[Mapping[str, Json]] = field(default_factory=list)


E = TypeVar("E", bound=Event)
KINDS: dict[str, type[Event]] = {
    k.name: k
    for k in (
        RunStarted, FilesLeftOut, RunResumed, Paused, Noticed, StepStarted, StepFinished,
        CallStarted, CallFinished, CallFailed, CallRead, ItemSkipped, RunFinished,
    )
}  # fmt: skip


NAMES = {k: tuple(f.name for f in fields(k)) for k in KINDS.values()}


def to_json(event: Event) -> dict[str, Any]:
    """An event as JSON values; its call as text, and the attempt beside it."""
    values = {"event": event.name, **{n: getattr(event, n) for n in NAMES[type(event)]}}
    if isinstance(event, CallEvent):
        values |= {"call": str(event.call), "attempt": event.call.attempt}
    return values


def from_json(values: dict[str, Any]) -> Event | None:
    """The event of a line; None for one that this version does not know."""
    kind = KINDS.get(str(values.get("event")))
    if kind is None:
        return None
    known = {n: values[n] for n in NAMES[kind] if n in values}
    if "call" in known:
        step = step_of(str(values.get("node", "")))
        known["call"] = CallId.parse(step, known["call"], values.get("attempt", 0))
    return kind(**known)


def stamped(event: E, run: str, seq: int, at: float, node: str, parent: str) -> E:
    """An event with all that is not its own. Its fields are copied at once: setting each of a
    frozen class takes ten times as long, for every call."""
    made = object.__new__(type(event))
    made.__dict__.update(event.__dict__, run=run, seq=seq, at=at, node=node, parent=parent)
    return made


def step_of(node: str) -> str:
    """The name in its recipe of a step that a plan's node stands for."""
    return node.partition(".")[2]
