"""Models made ready: each role's engines, and the same engines as a DSPy LM."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.lm15 import Config

from rlmlang.check.recipe import Model
from rlmlang.context import Measure
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.modules.engines.meter import Meter
from rlmlang.modules.engines.slip import Engine
from rlmlang.modules.engines.stack import Blocking, NonBlocking, Pace, Road
from rlmlang.modules.http import OPENAI, ChatEndpoint, LiteLlm
from rlmlang.modules.keys import Endpoint, key_for, variable_of
from rlmlang.modules.offline.reader import NAME, OfflineReader
from rlmlang.plan.bind import BoundModel


@dataclass(frozen=True)
class Connection:
    """How models are reached: an endpoint for all of them, a time limit, the parallelism, what is
    to be taken out of messages, the variable that was named for the key."""

    api_base: str = ""
    timeout: float = 120.0
    parallel: int = 16
    redact: Callable[[str], str] = str
    key_env: str = ""


@dataclass(frozen=True)
class Route:
    """The way to the model of one role: its name, settings and engines; `ground` is closed at the
    end. `lm` is the same way for DSPy's own modules."""

    name: str
    config: Config
    engine: Engine
    ground: Any
    lm: dspy.LM


def route_for(
    role: Model, bound: BoundModel, measure: Measure, connection: Connection, road: Road,
    pace: Pace, engine: Any = None,
) -> Route:  # fmt: skip
    """The route of a role.

    Raises CodedError (model-key-missing, extra-missing, no-model) before anything is sent.
    """
    ground = engine if engine is not None or road.closed else _ground(bound.name, connection)
    name = bound.name if "/" in bound.name else f"openai/{bound.name}"
    endpoint = str(getattr(ground, "endpoint", "")) if ground else _where(bound.name, connection)
    meter = Meter(measure, bound.price, endpoint, road.counting(endpoint, name))
    stack = road.stack(ground, meter, name, pace)
    lm = dspy.LM(
        name, engine=Blocking(stack), async_engine=NonBlocking(stack), cache=False, num_retries=0,
        max_tokens=role.output, temperature=role.temperature,
    )  # fmt: skip
    config = Config(max_tokens=role.output, temperature=role.temperature)
    return Route(name, config, stack, ground, lm)


def _ground(name: str, connection: Connection) -> Any:
    if name == NAME:
        return OfflineReader()
    if name.startswith("offline/"):
        raise failed("no-model", f"there is no {name}", hint=f"the embedded reader is {NAME}")
    if "://" in name:
        raise failed("no-model", "the name of a model holds no URL",
                     hint="name the endpoint: --api-base URL --model NAME")  # fmt: skip
    key = key_for(name, Endpoint(connection.api_base, connection.key_env)).value
    if connection.api_base:
        return _endpoint(connection.api_base, key, connection)
    if name.startswith("openai/") or "/" not in name:
        if not key:
            raise _no_key(name)
        return _endpoint(OPENAI, key, connection)
    if importlib.util.find_spec("litellm") is None:
        raise failed(
            "extra-missing",
            f"{name} is reached through LiteLLM, which is not installed",
            hint="pip install 'rlmlang[litellm]', or name an OpenAI-compatible --api-base",
        )
    if not key:
        raise _no_key(name)
    return LiteLlm(connection.timeout, connection.redact, key=key if connection.key_env else "")


def _where(name: str, connection: Connection) -> str:
    """The endpoint a model would be reached at, without reaching for it."""
    if name == NAME:
        return OfflineReader.endpoint
    if connection.api_base:
        return connection.api_base.rstrip("/")
    return OPENAI if name.startswith("openai/") or "/" not in name else LiteLlm.endpoint


def _endpoint(base: str, key: str, connection: Connection) -> ChatEndpoint:
    return ChatEndpoint(base, key, connection.timeout, connection.parallel, connection.redact)


def _no_key(name: str) -> Exception:
    return failed(
        "model-key-missing",
        f"{name} needs a key in the environment variable {variable_of(name)}",
        hint=f"export {variable_of(name)}=…, or try without a model: --model {NAME}",
    )
