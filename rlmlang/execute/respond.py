"""A prompt put to one item, whichever kind of prompt it is."""

from __future__ import annotations

from typing import Any

from rlmlang.execute.ask import Request, answer
from rlmlang.execute.free import explore
from rlmlang.execute.scope import Scope


async def respond(scope: Scope, request: Request) -> Any:
    """The answer. Raises ItemError when none was usable, CodedError when none can be asked for."""
    if request.prompt.repl is not None:
        return await explore(scope, request)
    return await answer(scope, request)
