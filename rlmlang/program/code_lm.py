"""The model that a `code` function takes as DSPy's own: in code that has imported DSPy it is
`dspy.settings.lm`. It is loaded in the process of the user's code."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage

from rlmlang.code import Model

NAME = "rlm/model"
UNTOLD = ("response_format", "stop", "tool_choice", "reasoning")
"""Settings of a request that the host is not told, and that change the answer."""


class Bound(dspy.LM):  # type: ignore[misc]
    """The model, of which alone the calls are not stopped."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        """The outputs of a call, as DSPy's adapters want them."""
        return dspy.BaseLM.__call__.__wrapped__(self, *args, **kwargs)

    async def acall(self, *args: object, **kwargs: object) -> object:
        """The same in a loop."""
        return await dspy.BaseLM.acall.__wrapped__(self, *args, **kwargs)


def bound(model: Model) -> AbstractContextManager[None]:
    """The settings of DSPy while a call lasts."""
    engine = Engine(model)
    pair = {"engine": engine, "async_engine": AsyncEngine(engine)}
    lm = Bound(NAME, cache=False, num_retries=0, **pair)
    now: AbstractContextManager[None] = dspy.context(lm=lm)
    return now


class Engine:
    """Hands DSPy's requests to the model."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def complete(self, request: Request) -> Response:
        """The response. Raises TypeError for what is not told to the host."""
        config = request.config
        wrong = [n for n in UNTOLD if getattr(config, n) not in (None, ())]
        texts = all(isinstance(p, TextPart) for m in request.messages for p in m.parts)
        if wrong or request.tools or not texts:
            what = ", ".join(wrong) or "tools or parts that are no text"
            raise TypeError(f"a model of the recipe is asked with text, and takes no {what}")
        messages = [(m.role, m.text or "") for m in request.messages]
        said = _text(request.system)
        found = self.model.chat(messages, said, config.temperature, config.max_tokens)
        return Response(
            id=None,
            model=request.model,
            message=Message.assistant(found),
            finish_reason="stop",
            usage=Usage(),
        )

    def __deepcopy__(self, memo: object) -> Engine:
        return self


def _text(system: object) -> str:
    """What is said before the messages; of several parts the texts."""
    parts = system if isinstance(system, tuple) else (system,)
    return "\n".join(p.text if isinstance(p, TextPart) else str(p or "") for p in parts)


class AsyncEngine:
    """The same for a loop of the code's own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def complete(self, request: Request) -> Response:
        """The response."""
        return await asyncio.to_thread(self.engine.complete, request)

    def __deepcopy__(self, memo: object) -> AsyncEngine:
        return self
