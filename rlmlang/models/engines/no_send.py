"""What stands in place of everything below the cache when nothing may be sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from dspy.lm15 import Request, Response

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.models.engines.call_context import Stopped, get_context
from rlmlang.protocols import Sending


@dataclass
class NoSend:
    """Sends nothing; `missed` are the requests that have no kept answer."""

    missed: list[Sending] = field(default_factory=list)

    async def complete(self, request: Request) -> Response:
        """Raises Stopped (not-kept)."""
        context = get_context()
        item = str(context.call) if context is not None else "a call"
        if context is not None and context.sending is not None:
            self.missed.append(context.sending)
        raise Stopped(
            failed(
                "not-kept",
                f"{item} has no kept answer, and nothing may be sent",
                reason="A kept answer belongs to the exact request: text, model and settings.",
                hint="rlm run … --why-miss STEP says what changed; leave --replay out to ask",
            )
        )
