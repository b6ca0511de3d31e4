"""The answer of a prompt to one item, whichever way it is answered: by a call, by a session of a
model with code, or by a DSPy module."""

from __future__ import annotations

import anyio

from rlmlang.budget import Limits
from rlmlang.context import Datum
from rlmlang.execute.call_model import Request, answer
from rlmlang.execute.call_quota import CallQuota
from rlmlang.execute.dspy_module import by_module
from rlmlang.execute.repl_session import ReplSession
from rlmlang.execute.run_context import RunContext
from rlmlang.execute.session_problems import out_of_time
from rlmlang.execute.tool_calls import ToolQuota
from rlmlang.ir import recipe as r


async def respond(scope: RunContext, request: Request) -> Datum:
    """The answer. Raises ItemError when none was usable, CodedError when none can be asked for."""
    if (caps := request.prompt.repl) is not None:
        return await explore(scope, request, caps)
    if (module := request.prompt.module) is not None:
        return await by_module(scope, request, module)
    return await answer(scope, request)


async def explore(scope: RunContext, request: Request, caps: r.Repl) -> Datum:
    """The answer of a free-form prompt."""
    account = scope.account.child(request.call.step)
    if caps.tokens is not None or caps.usd is not None:
        account = account.child(str(request.call), _limits(caps))
    quota, tools = CallQuota(caps.calls, caps.calls), ToolQuota(dict(caps.most))
    session = ReplSession(scope, request, caps, quota, account, tools)
    with anyio.move_on_after(caps.wall):
        return await session.run()
    raise out_of_time(request, caps)


def _limits(caps: r.Repl) -> Limits:
    return Limits.declared(tokens=caps.tokens, usd=caps.usd)
