"""The table of formats of logs, and a file's text as the events of a run."""

from __future__ import annotations

import json

from rlmlang.trajectory.events import Event
from rlmlang.trajectory.logs.dspy_rlm import DSPY
from rlmlang.trajectory.logs.log import Fields, Log, UnreadableLogError
from rlmlang.trajectory.logs.rlms import RLMS
from rlmlang.value import Json

LOGS = {log.name: log for log in (RLMS, DSPY)}


def read_log(text: str, path: str, at: float) -> tuple[Log, list[Event]]:
    """A log's format and its events; `at` is the time for what has none of its own. Raises
    UnreadableLogError."""
    try:
        values = _values(text)
        first = values[0][1] if values else None
        log = next((log for log in LOGS.values() if log.knows(first)), None)
        if log is None:
            known = "; ".join(f"{log.name}: {log.doc}" for log in LOGS.values())
            raise UnreadableLogError("", f"it is none of these: {known}")
        return log, log.read([_fields(found, where) for where, found in values], path, at)
    except RecursionError:
        raise UnreadableLogError("", "it is nested too deeply") from None


def _fields(found: Json, where: str) -> Fields:
    """A value as an object; a list is a trajectory alone."""
    return Fields.of({"trajectory": found} if isinstance(found, list) else found, where)


def _values(text: str) -> list[tuple[str, Json]]:
    """The values of a file with their places: one over several lines, or one a line."""
    try:
        return [("line 1", _parsed(text))]
    except ValueError:
        pass
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found.append((f"line {number}", _parsed(line)))
        except ValueError as mistake:
            raise UnreadableLogError(f"line {number}", f"it is no JSON: {mistake}") from None
    return found


def _parsed(text: str) -> Json:
    def constant(name: str) -> None:
        raise ValueError(f"{name} is no number of JSON")

    parsed: Json = json.loads(text, parse_constant=constant)
    return parsed
