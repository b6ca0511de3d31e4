"""What a format is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from rlmlang.trajectory.events import Event
from rlmlang.value import Frozen, value


@value
class Export(Frozen):
    """A format by its name. `write` gives lines, each with its line break, as events are read."""

    name: str
    doc: str
    write: Callable[[Iterable[Event]], Iterator[str]]
