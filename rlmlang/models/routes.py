"""Models made ready: the engines of each."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dspy.lm15 import Config, Request, Response

from rlmlang.context import Measure
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir.answer_forms import RESULT, schema_for
from rlmlang.ir.binding import BoundModel
from rlmlang.ir.recipe import Model, Prompt
from rlmlang.ir.sizes import GROWTH
from rlmlang.models.dialect import Dialects
from rlmlang.models.endpoints import Address, address_of, proxy_for
from rlmlang.models.engines.call_context import Engine, words_of
from rlmlang.models.engines.meter import Meter
from rlmlang.models.engines.stack import EngineStack, ProviderLimits
from rlmlang.models.http import ChatEndpoint, LiteLlm
from rlmlang.models.keys import Endpoint, key_for, missing_for, needs_key, variable_of
from rlmlang.models.lm import LmEngine, seen
from rlmlang.models.offline import NAME
from rlmlang.models.offline.reader import OfflineReader
from rlmlang.models.provider_batches.batch_engine import BatchEngine
from rlmlang.models.provider_batches.clock import Pace
from rlmlang.models.provider_batches.forms import batches_of

OPENAI = address_of("https://api.openai.com/v1")


@dataclass(frozen=True)
class Connection:
    """How models are reached: an endpoint for all of them, a time limit, the parallelism, what is
    to be taken out of messages, the variable that was named for the key; what is `seen` shows its
    requests to DSPy's onlookers; `dialects` are the forms of requests that a run learns, `pace` is
    that of batches."""

    address: Address | None = None
    timeout: float = 120.0
    parallel: int = 16
    redact: Callable[[str], str] = str
    key_env: str = ""
    seen: bool = False
    dialects: Dialects = field(default_factory=Dialects)
    pace: Pace = field(default_factory=Pace)


@dataclass(frozen=True)
class Route:
    """The way to one model: its name, settings and engines, what fills it; `transport` is closed
    at the end."""

    name: str
    config: Config
    engine: Engine
    transport: Engine
    bound: BoundModel

    def config_for(self, prompt: Prompt) -> Config:
        """What a request of a prompt asks for: no more than its answer may take, and the schema
        that it is held to."""
        schema = schema_for(prompt, self.bound)
        held = {"type": "json_schema", "name": RESULT, "schema": schema, "strict": True}
        return replace(
            self.config,
            max_tokens=self.bound.output(prompt.model, prompt.written),
            response_format=held if schema is not None else None,
        )


@dataclass(frozen=True)
class WithinOutput:
    """An engine whose requests leave room for thinking: what is said in the end may still be no
    longer than the `output` declared, or it counts as cut."""

    inner: Engine
    output: int
    measure: Measure

    async def complete(self, request: Request) -> Response:
        """One attempt."""
        found: Response = await self.inner.complete(request)
        if self.measure.tok(words_of(found)) > self.output * GROWTH:
            return replace(found, finish_reason="length")
        return found


def route_for(
    model: Model,
    bound: BoundModel,
    measure: Measure,
    connection: Connection,
    engines: EngineStack,
    limits: ProviderLimits,
    engine: Engine | None = None,
) -> Route:
    """The route of a model.

    Raises CodedError (model-key-missing, extra-missing, no-model) before anything is sent.
    """
    name = bound.name if "/" in bound.name else f"openai/{bound.name}"
    transport = engine
    if transport is None:
        shared = engines.providers
        of = (name, connection.address, connection.key_env, connection.timeout)
        transport = (
            engines.no_send
            if engines.closed
            else shared.transport(of, lambda: _transport(bound, connection))
        )
    batches = _batches(name, transport, bound, connection, engines)
    if connection.seen and transport is not engines.no_send:
        transport = seen(name, transport)
        batches = seen(name, batches) if batches is not None else None
    sends = transport is not engines.no_send
    endpoint = str(getattr(transport, "endpoint", "")) if sends else _where(bound.name, connection)
    inner = transport
    if bound.room > model.output:
        inner = WithinOutput(transport, model.output, measure)
        batches = WithinOutput(batches, model.output, measure) if batches is not None else None
    meter = Meter(measure, bound, endpoint, engines.providers.counting(endpoint, name))
    stack = engines.stack(inner, meter, name, limits, batches)
    config = config_of(model, bound)
    if isinstance(transport, LmEngine):
        config = transport.configured(config)
    return Route(name, config, stack, transport, bound)


def _batches(
    name: str, live: Engine, bound: BoundModel, connection: Connection, engines: EngineStack
) -> Engine | None:
    """What sends calls of a model in batches, shared by runs that go on at one time; a run that is
    stopped takes back what was not sent. None where its calls go in none."""
    if not bound.batched or engines.closed:
        return None

    def made() -> BatchEngine:
        api = batches_of(live, connection.timeout, connection.redact)
        return BatchEngine(api, connection.pace, max_wait=engines.max_wait)

    of = ("batches", name, connection.address, connection.key_env)
    engine = engines.providers.transport(of, made)
    if isinstance(engine, BatchEngine):
        engines.in_flight.wake.append(engine.turn_away)
    return engine


def config_of(model: Model, bound: BoundModel) -> Config:
    """What a request asks for: the settings declared, as far as its model takes them."""
    samples = bound.takes.temperature
    return Config(
        max_tokens=bound.output(model, model.output),
        temperature=model.temperature if samples else None,
        top_p=model.top_p if samples else None,
        seed=model.seed,
        service_tier=bound.tier or None,
    )


def _transport(bound: BoundModel, connection: Connection) -> Engine:
    name = bound.name
    if name == NAME:
        return OfflineReader()
    if name.startswith("offline/"):
        raise failed("no-model", f"there is no {name}", hint=f"the embedded reader is {NAME}")
    if "://" in name:
        raise failed(
            "no-model",
            "the name of a model holds no URL",
            hint="name the endpoint: --api-base URL --model NAME",
        )
    address = connection.address
    base = address.url("") if address is not None else ""
    key = key_for(name, Endpoint(base, connection.key_env)).value
    if address is not None:
        proxy_for(base)
        return _endpoint(address, key, connection, bound)
    openai = name.startswith("openai/") or "/" not in name
    if not openai and importlib.util.find_spec("litellm") is None:
        raise failed(
            "extra-missing",
            f"{name} is reached through LiteLLM, which is not installed",
            hint="pip install 'rlmlang[litellm]', or name an OpenAI-compatible --api-base",
        )
    if missing := missing_for(name):
        raise failed(
            "extra-missing",
            f"LiteLLM reaches {name} by a package that is not installed",
            hint=f"pip install {missing}",
        )
    if not key and needs_key(name):
        raise _no_key(name)
    if openai:
        return _endpoint(OPENAI, key, connection, bound)
    return LiteLlm(key, connection.timeout, connection.redact, connection.dialects, bound.takes)


def _where(name: str, connection: Connection) -> str:
    """The endpoint a model would be reached at, without reaching for it."""
    if name == NAME:
        return OfflineReader.endpoint
    if connection.address is not None:
        return connection.address.identity
    openai = name.startswith("openai/") or "/" not in name
    return OPENAI.identity if openai else LiteLlm.endpoint


def _endpoint(
    address: Address, key: str, connection: Connection, bound: BoundModel
) -> ChatEndpoint:
    return ChatEndpoint(
        address,
        key,
        connection.timeout,
        connection.parallel,
        connection.redact,
        connection.dialects,
        bound.takes,
    )


def _no_key(name: str) -> Exception:
    return failed(
        "model-key-missing",
        f"{name} needs a key in the environment variable {variable_of(name)}",
        hint=f"export {variable_of(name)}=…, or try without a model: --model {NAME}",
    )
