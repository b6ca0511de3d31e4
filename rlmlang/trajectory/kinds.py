"""The kinds of events by their names, and events as JSON values and back."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from rlmlang.ir.calls import CallId
from rlmlang.trajectory.events import (
    BatchChanged,
    BudgetUsed,
    CallEvent,
    CallFailed,
    CallFinished,
    CallRead,
    CallStarted,
    CellFinished,
    CodeCalled,
    Event,
    FilesLeftOut,
    ItemSkipped,
    Noticed,
    Paused,
    RunFinished,
    RunResumed,
    RunStarted,
    SessionLeft,
    StepFinished,
    StepStarted,
    ToolCalled,
    TurnStarted,
    step_of,
)
from rlmlang.value import Json

KINDS: dict[str, type[Event]] = {
    k.name: k
    for k in (
        RunStarted, FilesLeftOut, RunResumed, Paused, Noticed, BatchChanged, StepStarted,
        StepFinished,
        CallStarted, CallFinished, CallFailed, CallRead, CodeCalled, ToolCalled, ItemSkipped,
        TurnStarted, CellFinished, SessionLeft, BudgetUsed, RunFinished,
    )
}  # fmt: skip
NAMES = {k: tuple(f.name for f in fields(k)) for k in KINDS.values()}


def to_json(event: Event) -> dict[str, Json]:
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
