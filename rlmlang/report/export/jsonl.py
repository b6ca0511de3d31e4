"""JSON lines: one event a line, as `trajectory.kinds.from_json` reads them back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from rlmlang.report.export.export import Export
from rlmlang.trajectory.events import Event
from rlmlang.trajectory.kinds import to_json


def json_lines(events: Iterable[Event]) -> Iterator[str]:
    """Events as they are read back."""
    return (json.dumps(to_json(e), ensure_ascii=False) + "\n" for e in events)


JSONL = Export(
    "jsonl",
    "One event a line.",
    json_lines,
    "whatever reads JSON lines; docs/trajectory.md has the events",
    "nothing",
)
