"""Somebody else's DSPy adapter: it writes the requests of a run's predictors and reads the answers.

DSPy calls an adapter with an LM. Ours stands for the run's own engines, so that every request that
an adapter makes, a second one of its own too, is paid and kept like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextvars import copy_context
from dataclasses import replace
from functools import partial

import anyio.to_thread
import dspy
from dspy.lm15 import Config, Request, Response, request_from_openai_chat

from rlmlang.loop_thread import begin
from rlmlang.models.engines.call_context import words_of

Send = Callable[[Request], Coroutine[object, None, Response]]
Fields = Mapping[str, object]


class AdapterLm(dspy.BaseLM):  # type: ignore[misc]
    """What an adapter asks. It is called in a thread of the adapter's own."""

    def __init__(self, model: str, config: Config, send: Callable[[Request], Response]) -> None:
        super().__init__(model, cache=False, num_retries=0)
        self.kwargs: dict[str, object] = {}
        self.config, self.send = config, send

    @property
    def supports_response_schema(self) -> bool:
        """Whether its model is held to a schema."""
        return self.config.response_format is not None

    def __call__(
        self,
        prompt: str | None = None,
        *,
        messages: Sequence[Mapping[str, object]] | None = None,
        **settings: object,
    ) -> list[str]:
        """The words of an answer. Settings of a request are the recipe's, but for its form."""
        asked = messages or [{"role": "user", "content": prompt}]
        form = {k: v for k, v in settings.items() if k == "response_format" and isinstance(v, dict)}
        made = request_from_openai_chat({"model": self.model, "messages": asked, **form})
        config = replace(self.config, response_format=made.config.response_format)
        return [words_of(self.send(replace(made, config=config)))]


async def through(
    adapter: dspy.Adapter,
    request: Request,
    signature: type[dspy.Signature],
    demos: Sequence[Fields],
    inputs: Fields,
    send: Send,
) -> Fields:
    """The fields that an adapter reads out of an answer; model and settings are those of `request`.
    It is called as DSPy calls it, in a thread, since adapters may be of one colour alone.

    Raises what the adapter raises."""
    loop, context = asyncio.get_running_loop(), copy_context()

    def sent(made: Request) -> Response:
        landed: Future[Response] = Future()
        work = begin(send(made), landed, context.copy())
        asyncio.run_coroutine_threadsafe(work, loop).result()
        return landed.result()

    lm = AdapterLm(request.model, request.config, sent)
    work = partial(adapter, lm, {}, signature, list(demos), dict(inputs))
    found = await anyio.to_thread.run_sync(work)
    fields: Fields = found[0]
    return fields
