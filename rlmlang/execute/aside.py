"""What may take long because the user's code is in it, beside everything else that a run does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread

T = TypeVar("T")


async def aside(long: bool, work: Callable[[], T]) -> T:
    """What work gives; a `long` one waits in a thread, so that other steps go on and the budget's
    time binds. Cancelled, it is left alone: whoever runs the code ends it."""
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True) if long else work()
