"""One frozen class an event. `seq` orders those that are kept; `at` is wall-clock time in seconds.

`row` says where a call is kept; `reused` that its answer was there already and cost nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every event has: the run, the node it belongs to, and the node above."""

    name: ClassVar[str] = ""
    run: str = ""
    seq: int = 0
    at: float = 0.0
    node: str = ""
    parent: str = ""


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """A run begins: its recipe, plan, models and inputs; `beside` is a run of the same recipe and
    inputs that another process has going."""

    name: ClassVar[str] = "run_started"
    recipe: str
    plan: str
    version: int = VERSION
    path: str = ""
    beside: str = ""
    models: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)


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
class CallStarted(Event):
    """A request is about to be sent."""

    name: ClassVar[str] = "call_started"
    call: str
    prompt: str
    attempt: int = 0


@dataclass(frozen=True, kw_only=True)
class CallFinished(Event):
    """A call that was answered; `ranges` are [document, start, end] of the slices it
    read; `usd` is None where the model has no known price."""

    name: ClassVar[str] = "call_finished"
    call: str
    prompt: str
    attempt: int = 0
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float | None = None
    seconds: float = 0.0
    request: str = ""
    answer: str = ""
    ranges: list[list[Any]] = field(default_factory=list)
    row: int = 0
    reused: bool = False


@dataclass(frozen=True, kw_only=True)
class CallFailed(Event):
    """A call whose answer was not taken, or that brought none."""

    name: ClassVar[str] = "call_failed"
    call: str
    prompt: str
    attempt: int = 0
    code: str = ""
    reason: str = ""
    request: str = ""
    answer: str = ""
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float | None = None
    row: int = 0
    reused: bool = False


@dataclass(frozen=True, kw_only=True)
class CallRead(Event):
    """What was unusual about a call that was read: how many field markers of its data were shown
    escaped, and the repairs that reading its answer took."""

    name: ClassVar[str] = "call_read"
    call: str
    attempt: int = 0
    escaped: int = 0
    repairs: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ItemSkipped(Event):
    """An item was left out, with what of the source it held."""

    name: ClassVar[str] = "item_skipped"
    call: str
    reason: str = ""
    ranges: list[list[Any]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class RunFinished(Event):
    """A run has ended, with its result or problem and its receipt. `place` is where in the recipe
    the problem stands, as `find.rlm:12:14`, if it stands there."""

    name: ClassVar[str] = "run_finished"
    outcome: str
    result: Any = None
    code: str = ""
    message: str = ""
    place: str = ""
    receipt: list[dict[str, Any]] = field(default_factory=list)


KINDS: dict[str, type[Event]] = {
    k.name: k
    for k in (
        RunStarted, RunResumed, Paused, Noticed, StepStarted, StepFinished, CallStarted,
        CallFinished, CallFailed, CallRead, ItemSkipped, RunFinished,
    )
}  # fmt: skip


def to_json(event: Event) -> dict[str, Any]:
    """An event as JSON values."""
    return {"event": event.name, **asdict(event)}


def from_json(values: dict[str, Any]) -> Event | None:
    """The event of a line; None for one that this version does not know."""
    kind = KINDS.get(str(values.get("event")))
    if kind is None:
        return None
    known = {f.name for f in fields(kind)}
    return kind(**{k: v for k, v in values.items() if k in known})
