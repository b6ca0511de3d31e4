"""A listener of a run's events that cannot break the run: what it raises ends the run well, and is
raised again then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rlmlang.trajectory.events import Event


@dataclass
class Heard:
    """Tells a listener every event, until it raises something; `stop` is then called once."""

    listener: Callable[[Event], None] | None
    stop: Callable[[], object]
    raised: Exception | None = None

    def __call__(self, event: Event) -> None:
        """Tells an event."""
        if self.listener is None or self.raised is not None:
            return
        try:
            self.listener(event)
        except Exception as raised:
            self.raised = raised
            self.stop()
