"""JSON lines: one event a line, as `trajectory.events.from_json` reads them back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from rlmlang.report.export.export import Export
from rlmlang.trajectory.events import Event, to_json


def _lines(events: Iterable[Event]) -> Iterator[str]:
    return (json.dumps(to_json(e), ensure_ascii=False) + "\n" for e in events)


JSONL = Export("jsonl", "One event a line.", _lines)
