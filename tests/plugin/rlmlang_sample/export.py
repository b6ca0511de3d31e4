"""A format of runs."""

from collections.abc import Iterable, Iterator

from rlmlang.report.export.export import Export
from rlmlang.trajectory.events import CallFinished, Event


def rows(events: Iterable[Event]) -> Iterator[str]:
    """A row for each answer: call and tok."""
    yield "call,tok\n"
    for event in events:
        if isinstance(event, CallFinished):
            yield f"{event.call},{event.tokens_in + event.tokens_out}\n"


CSV = Export("csv", "A row for each answer.", rows)
