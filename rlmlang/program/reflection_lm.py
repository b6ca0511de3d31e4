"""A model for DSPy's own calls, that goes our way: every call paid, kept and recorded."""

from __future__ import annotations

from dataclasses import replace

import dspy
from dspy.lm15 import Request, Response

from rlmlang.budget import Account
from rlmlang.ir.calls import CallId
from rlmlang.loop_thread import LoopThread
from rlmlang.models.engines.call_context import CallContext, set_context
from rlmlang.models.routes import Route


class ReflectionEngine:
    """A route as a DSPy engine that may be called from any thread. DSPy's LM is given no settings,
    since it has rules of its own for those of some models: the route's are put in here."""

    def __init__(self, route: Route, account: Account, loop: LoopThread) -> None:
        self.route, self.account, self.loop, self.count = route, account, loop, 0
        self.lm = dspy.LM(route.name, engine=self, cache=False, num_retries=0)

    def complete(self, request: Request) -> Response:
        """An answer."""
        self.count += 1
        found: Response = self.loop.wait(self._complete(request, self.count))
        return found

    async def _complete(self, request: Request, number: int) -> Response:
        most = self.route.config.max_tokens or 0
        set_context(CallContext(self.account, most, CallId.of("reflection", number), "reflection"))
        try:
            return await self.route.engine.complete(self._set(request))
        finally:
            set_context(None)

    def _set(self, request: Request) -> Request:
        """A request with the route's settings; a temperature that DSPy asks for is kept where the
        model takes one."""
        wanted, given = self.route.config, request.config.temperature
        temperature = wanted.temperature if wanted.temperature is None or given is None else given
        config = replace(request.config, max_tokens=wanted.max_tokens, temperature=temperature)
        return replace(request, config=config)

    def __deepcopy__(self, memo: object) -> ReflectionEngine:
        return self
