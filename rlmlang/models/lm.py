"""A `dspy.LM` as what answers requests, and what answers requests as a `dspy.LM`.

DSPy's onlookers (callbacks, history, usage, tracing) look on at `dspy.LM`. Inside our engines it is
the last one, so that they see what is really sent, each once; it neither repeats nor keeps anything
itself, for both are paid and kept by the engines around it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from typing import TypeAlias

import dspy
from dspy import lm15
from dspy.lm15 import Config, Request, Response

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.models.engines.call_context import Engine, Stopped
from rlmlang.models.refusals import refusal

Lm: TypeAlias = dspy.BaseLM
"""A model of the caller's."""
History: TypeAlias = dspy.History
"""A conversation of the caller's."""
ITS_OWN = ("api_key", "max_tokens", "max_completion_tokens", "n", "cache")
"""Settings of a dspy.LM that change no answer, or that the plan says."""
CONFIG = frozenset(f.name for f in fields(Config)) - {*ITS_OWN, "extensions", "response_format"}


class LmEngine:
    """A `dspy.LM` of the caller's."""

    def __init__(self, lm: dspy.BaseLM) -> None:
        self.lm = lm
        self._once = lm.copy(num_retries=0)
        self._once.history, self._once.callbacks = lm.history, lm.callbacks
        said = {k: v for k, v in lm.kwargs.items() if k not in ITS_OWN and v is not None}
        self.said = said
        mark = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
        self.endpoint = f"dspy.{type(lm).__name__}" + (f" {mark[:12]}" if said else "")

    @property
    def model(self) -> str:
        """The name of the LM's model."""
        return str(self.lm.model)

    def configured(self, config: Config) -> Config:
        """The settings of a request with those of the LM, which are its user's own words."""
        return replace(config, **{k: v for k, v in self.said.items() if k in CONFIG})

    async def complete(self, request: Request) -> Response:
        """One attempt. Raises LM15Error."""
        sent = replace(request, model=self._once.model)
        with dspy.context(send_stream=None):
            try:
                found: Response = await self._once.acall(sent, cache=False)
            except Exception as mistake:
                raise _as_sent(mistake) from mistake
        return found

    async def close(self) -> None:
        """Closes what answers behind the LM, where that is ours."""
        behind = getattr(self.lm, "_async_engine_spec", None)
        if isinstance(behind, _Behind):
            await behind.close()


def engine_of(lm: object) -> LmEngine:
    """What answers by an LM. Raises CodedError (wrong-input) for what is none."""
    if isinstance(lm, dspy.BaseLM):
        return LmEngine(lm)
    raise failed(
        "wrong-input",
        f"a {type(lm).__name__} is no model",
        hint='name one ("openai/gpt-5-mini"), or give a dspy.LM',
    )


class _Behind:
    """One of our engines behind a `dspy.LM`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def complete(self, request: Request) -> Response:
        return await self.engine.complete(request)

    async def close(self) -> None:
        close = getattr(self.engine, "close", None)
        if close is not None:
            await close()


class _NeverSync:
    """DSPy wants an engine that is not asynchronous beside one that is."""

    def complete(self, request: Request) -> Response:
        raise RuntimeError("a run's models are asked in its own loop")


def seen(name: str, engine: Engine) -> LmEngine:
    """An engine whose requests DSPy's onlookers see as those of a `dspy.LM` of that name."""
    if isinstance(engine, LmEngine):
        return engine
    lm = dspy.LM(
        name, cache=False, num_retries=0, engine=_NeverSync(), async_engine=_Behind(engine)
    )
    made = LmEngine(lm)
    made.endpoint = str(getattr(engine, "endpoint", ""))
    return made


def _as_sent(mistake: Exception) -> Exception:
    """What an engine raised, before DSPy made it its own: a request that is refused for what it
    says is no fault of the others; what an LM of another make raises says that it has no answer."""
    for found in (mistake, mistake.__cause__):
        if isinstance(found, lm15.InvalidRequestError):
            return _refused(found)
        if isinstance(found, lm15.LM15Error | Stopped):
            return found
    made: Exception = lm15.ProviderError(f"{type(mistake).__name__}: {mistake}")
    return made


def _refused(found: lm15.InvalidRequestError) -> Exception:
    """A refusal, read as those of our own requests are."""
    ours = type(found) is not lm15.InvalidRequestError or found.status is None
    read: Exception = found if ours else refusal(found.status, str(found), found.retry_after)
    return read
