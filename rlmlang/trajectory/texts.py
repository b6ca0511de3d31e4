"""Events without the texts in them: what documents, models, code and people said.

What stays is named, field by field, so that a field which is new is left out until somebody has
decided that it may be seen: names, numbers, codes, places in documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from rlmlang.trajectory.events import Event

LEFT_OUT = "(left out)"
"""What stands in the place of an error, so that it can be seen that there was one."""
COMMON = {f.name for f in fields(Event)} | {"call"}
ENDED = "prompt model tokens_in tokens_out usd seconds row reused"
SEEN: dict[str, str] = {
    "run_started": "recipe plan version path beside models within forked_from forked_at given "
    "packages",
    "files_left_out": "source",
    "run_resumed": "kept calls usd",
    "paused": "model seconds why",
    "noticed": "code",
    "batch_changed": "batch model state said calls done failed",
    "step_started": "verb",
    "step_finished": "verb items skipped",
    "call_started": "prompt row",
    "call_finished": f"{ENDED} ranges",
    "call_failed": f"{ENDED} code",
    "call_read": "escaped repairs",
    "code_called": "function seconds lines code",
    "tool_called": "tool size seconds reused",
    "turn_started": "turn turns calls_left",
    "cell_finished": "kind submitted seconds tier fresh ranges calls",
    "session_left": "",
    "budget_used": "calls tokens usd limits",
    "item_skipped": "ranges",
    "run_finished": "outcome code place receipt",
}
"""The fields of each event that are no texts."""
KEPT = {name: COMMON | {*seen.split()} for name, seen in SEEN.items()}


def without_texts(events: Iterable[Event]) -> Iterator[Event]:
    """The same events; of each text that somebody said an empty one is left."""
    return map(_without, events)


def _without(event: Event) -> Event:
    seen = KEPT.get(event.name, COMMON)
    found = {
        f.name: _blank(f.name, value)
        for f in fields(event)
        if f.name not in seen and (value := getattr(event, f.name))
    }
    if not found:
        return event
    made = object.__new__(type(event))
    made.__dict__.update(event.__dict__, **found)
    return made


def _blank(name: str, value: object) -> object:
    """Nothing of the same kind; of an error, that it was there."""
    if name == "error":
        return LEFT_OUT
    if isinstance(value, (str, list, dict)):
        return type(value)()
    return None
