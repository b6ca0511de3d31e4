"""The answer of a `code` function that takes a model: it runs in the process of the user's code,
and what it asks comes here, to be counted, paid and kept like the calls of a DSPy module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import anyio
import anyio.to_thread
from dspy.lm15 import Config, Message, Request

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.expressions import Code
from rlmlang.ir.recipe import DspyModule
from rlmlang.models.engines.call_context import Stopped, words_of
from rlmlang.models.routes import Route
from rlmlang.program.module_lm import ModuleCalls
from rlmlang.protocols import BoundModel, Chat, ChatReply, Host, Question, Reply

ROLES = {"user": Message.user, "assistant": Message.assistant}


async def code_answer(
    said: DspyModule, question: Question, route: Route, inputs: Mapping[str, str]
) -> Reply:
    """The answer. The reply's `shown` are the names of the inputs that its requests held whole.
    Raises CodedError."""
    code, host, place = said.code, question.host, said.place
    if code is None or host is None or place is None:
        raise LookupError(f"{question.prompt.name} is answered by no function")
    names = [p.name for p in question.prompt.params]
    calls = ModuleCalls(question, said, route, dict(zip(names, inputs.values(), strict=True)))
    values = [question.inputs.get(name) for name in names]
    model = BoundModel(place, lambda asked: answered(calls, asked), lambda: calls.over)
    try:
        came = await anyio.to_thread.run_sync(
            lambda: _came(host, code, values, model),
            abandon_on_cancel=True,
            limiter=anyio.CapacityLimiter(1),
        )
    finally:
        calls.over = True
    if calls.problem is not None:
        raise calls.problem
    if isinstance(came, CodedError):
        raise came
    return replace(calls.last, value=came, shown=frozenset(calls.shown))


def _came(host: Host, code: Code, values: list[Datum], model: BoundModel) -> Datum | CodedError:
    """What the function gives, or why it gives nothing: calls that were not sent say more."""
    try:
        return host.code(code, values, model)
    except CodedError as problem:
        return problem


def answered(calls: ModuleCalls, asked: Chat) -> ChatReply:
    """What comes of a request, in the thread of its function."""
    messages = tuple(ROLES[role](text) for role, text in asked.messages)
    config = Config(max_tokens=asked.max_tokens, temperature=asked.temperature)
    request = Request(calls.route.name, messages, system=asked.system or None, config=config)
    try:
        return ChatReply(words_of(calls.engine.complete(request)))
    except Stopped as stopped:
        return ChatReply(words=str(stopped.problem), ends=calls.problem is not None)
