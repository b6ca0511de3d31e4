"""Models made ready: the engines of a role stacked up and given to DSPy as one LM."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from typing import Any

import dspy

from rlmlang.check.recipe import Model
from rlmlang.context import Measure
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.modules.engines import AsyncEngine, Blocking, Budget, NonBlocking, Record
from rlmlang.modules.http import OPENAI, ChatEndpoint, LiteLlm, has_key, key_for
from rlmlang.modules.offline.reader import NAME, OfflineReader
from rlmlang.plan.bind import BoundModel


@dataclass(frozen=True)
class Connection:
    """How models are reached: an endpoint for all of them, a time limit, the parallelism."""

    api_base: str = ""
    timeout: float = 120.0
    parallel: int = 16


def lm_for(
    role: Model, bound: BoundModel, measure: Measure, connection: Connection, engine: Any = None
) -> tuple[dspy.LM, Any]:
    """The LM of a role, and the engine at its ground, to be closed at the end.

    Raises CodedError (model-key-missing, extra-missing, no-model) before anything is sent.
    """
    ground = engine if engine is not None else _ground(bound.name, connection)
    stack: AsyncEngine = Budget(Record(ground), measure, bound.price)
    name = bound.name if "/" in bound.name else f"openai/{bound.name}"
    made = dspy.LM(
        name, engine=Blocking(stack), async_engine=NonBlocking(stack), cache=False, num_retries=0,
        max_tokens=role.output, temperature=role.temperature,
    )  # fmt: skip
    return made, ground


def _ground(name: str, connection: Connection) -> Any:
    if name == NAME:
        return OfflineReader()
    if name.startswith("offline/"):
        raise failed("no-model", f"there is no {name}", hint=f"the embedded reader is {NAME}")
    if connection.api_base:
        key = os.environ.get("RLM_API_KEY") or os.environ.get(key_for(name), "")
        return ChatEndpoint(connection.api_base, key, connection.timeout, connection.parallel)
    if name.startswith("openai/") or "/" not in name:
        if not has_key(name):
            raise _no_key(name)
        return ChatEndpoint(OPENAI, os.environ["OPENAI_API_KEY"], connection.timeout,
                            connection.parallel)  # fmt: skip
    if importlib.util.find_spec("litellm") is None:
        raise failed(
            "extra-missing",
            f"{name} is reached through LiteLLM, which is not installed",
            hint="pip install 'rlmlang[litellm]', or name an OpenAI-compatible --api-base",
        )
    if not has_key(name):
        raise _no_key(name)
    return LiteLlm(connection.timeout)


def _no_key(name: str) -> Exception:
    return failed(
        "model-key-missing",
        f"{name} needs a key in the environment variable {key_for(name)}",
        hint=f"export {key_for(name)}=…, or try without a model: --model {NAME}",
    )
