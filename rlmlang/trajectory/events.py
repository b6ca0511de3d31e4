"""One frozen class an event. `seq` grows from one to the next; `at` is wall-clock seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

from rlmlang.ir.calls import CallId
from rlmlang.value import Json

VERSION = 2
Range = list[str | int]
"""A document, and the bytes from its first to behind its last; then the page, chapter or cell where
it has such."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every event has: the run, the node it belongs to, and the id of what it is a part of: of
    a step the recipe, of a call its step, of what a session does the session."""

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
    """A run begins. `beside` is one of the same recipe and inputs that another process has going;
    `within` has, for each node that is a part, what it is a part of. One that was `forked_from`
    another goes on from its point `forked_at`, where an answer may have been `given` by hand."""

    name: ClassVar[str] = "run_started"
    recipe: str
    plan: str
    version: int = VERSION
    path: str = ""
    beside: str = ""
    models: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    within: dict[str, str] = field(default_factory=dict)
    forked_from: str = ""
    forked_at: str = ""
    given: bool = False
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
class BatchChanged(Event):
    """A batch of calls at a provider is in another state: the provider's name for the `batch`, our
    state of it (new, sent, read, or lost where none was made) and the provider's, as it is `said`;
    how many `calls` are in it, and how many of those are `done` or `failed`."""

    name: ClassVar[str] = "batch_changed"
    batch: str
    model: str
    state: str
    said: str = ""
    calls: int = 0
    done: int = 0
    failed: int = 0


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
NOT_TAKEN = "not-taken"
"""The code of a request that reached no model, and counts for nothing: it never left, or the model
was still being loaded."""


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
class CodeCalled(CallEvent):
    """A `code` function was called: the seconds it took, the lines it printed, of which the first
    are there, and where it failed the code of the problem and what is said of it."""

    name: ClassVar[str] = "code_called"
    function: str
    seconds: float = 0.0
    lines: int = 0
    printed: list[str] = field(default_factory=list)
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ToolCalled(CallEvent):
    """Code of a session has called a function that runs outside of its sandbox: its arguments as
    JSON, of long ones the beginning; `size` is the characters of what it gave, as JSON. Where it
    failed, `error` is what the code was told, and `frames` are the lines that led to it. A resumed
    run gives a call of the same `key` the same `result` again, which is `reused` then; a call that
    was cut off has no key."""

    name: ClassVar[str] = "tool_called"
    tool: str
    arguments: str = ""
    size: int = 0
    error: str = ""
    frames: list[str] = field(default_factory=list)
    seconds: float = 0.0
    key: str = ""
    result: Json = None
    reused: bool = False


@dataclass(frozen=True, kw_only=True)
class TurnStarted(CallEvent):
    """A turn of a session with code begins: its number, how many there may be, and how many calls
    its code may still make."""

    name: ClassVar[str] = "turn_started"
    turn: int
    turns: int
    calls_left: int


@dataclass(frozen=True, kw_only=True)
class CellFinished(CallEvent):
    """Code that a model wrote in a turn, the call, has been run: what it printed, the error that it
    ended with and its kind, or the value that it submitted; the seconds it took, with those of its
    sub-calls; the tier it ran in, `fresh` when that was begun anew after it. `ranges` are what it
    read through handles, `calls` the ids of the calls and sessions that it began. An answer that
    held no code has an error and no code."""

    name: ClassVar[str] = "cell_finished"
    code: str = ""
    output: str = ""
    error: str = ""
    kind: str = ""
    submitted: bool = False
    value: Json = None
    seconds: float = 0.0
    tier: str = ""
    fresh: bool = False
    ranges: list[Range] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class SessionLeft(CallEvent):
    """What a session with code leaves for a later one: [name, value as Python writes it] of each
    variable, and the names of those that are no plain data."""

    name: ClassVar[str] = "session_left"
    variables: list[list[str]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class BudgetUsed(Event):
    """What a run has used after a turn of a session, and its limits, by what they limit."""

    name: ClassVar[str] = "budget_used"
    calls: int
    tokens: int
    usd: float
    limits: Mapping[str, float] = field(default_factory=dict)


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


def stamped(event: E, run: str, seq: int, at: float, node: str, parent: str) -> E:
    """An event with all that is not its own. Its fields are copied at once: setting each of a
    frozen class takes ten times as long, for every call."""
    made = object.__new__(type(event))
    made.__dict__.update(event.__dict__, run=run, seq=seq, at=at, node=node, parent=parent)
    return made


def parent_of(call: CallId, node: str) -> str:
    """The id of what a call is a part of: the session that makes it, else its step's node."""
    return str(call.above) if call.above is not None else node


def step_of(node: str) -> str:
    """The name in its recipe of a step that a plan's node stands for."""
    return node.partition(".")[2]
