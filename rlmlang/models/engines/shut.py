"""Shut: in place of everything below Reuse when nothing may be sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from dspy.lm15 import Request, Response

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.models.engines.slip import Stopped, slip
from rlmlang.protocols import Sending


@dataclass
class Shut:
    """Sends nothing; `missed` are the requests that have no kept answer."""

    missed: list[Sending] = field(default_factory=list)

    async def complete(self, request: Request) -> Response:
        """Raises Stopped (not-kept)."""
        note = slip()
        item = note.item if note is not None else "a call"
        if note is not None and note.sending is not None:
            self.missed.append(note.sending)
        raise Stopped(
            failed(
                "not-kept",
                f"{item} has no kept answer, and nothing may be sent",
                reason="A kept answer belongs to the exact request: text, model and settings.",
                hint="rlm run … --why-miss STEP says what changed; leave --replay out to ask",
            )
        )
