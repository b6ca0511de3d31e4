"""Models over HTTP: any OpenAI-compatible endpoint, and every other provider through LiteLLM."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from dspy import lm15
from dspy.lm15 import Message, Request, Response, TextPart, Usage

OPENAI = "https://api.openai.com/v1"
REASONING = ("gpt-5", "o1", "o3", "o4")


@dataclass
class ChatEndpoint:
    """POSTs to `base`/chat/completions; its pool of connections is as wide as the parallelism."""

    base: str
    key: str = ""
    timeout: float = 120.0
    connections: int = 64
    session: aiohttp.ClientSession | None = field(default=None, repr=False)

    async def complete(self, request: Request) -> Response:
        """One attempt. Raises lm15 errors that say whether another could help."""
        try:
            async with self._session().post(
                f"{self.base.rstrip('/')}/chat/completions",
                json=body(request, self.base),
                headers={"Authorization": f"Bearer {self.key}"} if self.key else {},
            ) as answer:
                text = await answer.text()
                if answer.status != 200:
                    raise _refused(answer.status, text, answer.headers.get("retry-after"))
        except TimeoutError:
            raise lm15.TimeoutError(f"no answer within {self.timeout:g} s") from None
        except aiohttp.ClientError as mistake:
            raise lm15.TransportError(f"{type(mistake).__name__}: {mistake}") from None
        return _response(text, request)

    def _session(self) -> aiohttp.ClientSession:
        if self.session is None or self.session.closed:
            self.session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self.connections),
                timeout=aiohttp.ClientTimeout(total=self.timeout),
            )
        return self.session

    async def close(self) -> None:
        """Closes the connections."""
        if self.session is not None:
            await self.session.close()


def body(request: Request, base: str = "") -> dict[str, Any]:
    """The JSON of a chat request."""
    system = request.system
    words = system if isinstance(system, str) else "".join(p.text for p in system or ())
    messages = [{"role": "system", "content": words}] if words else []
    messages += [{"role": m.role, "content": m.text or ""} for m in request.messages]
    name = request.model.split("/", 1)[-1] if request.model.startswith("openai/") else request.model
    made: dict[str, Any] = {"model": name, "messages": messages}
    config = request.config
    thinks = base.startswith(OPENAI) and name.startswith(REASONING)
    if config.max_tokens is not None:
        made["max_completion_tokens" if thinks else "max_tokens"] = config.max_tokens
    if config.temperature is not None and not thinks:
        made["temperature"] = config.temperature
    return made


def _response(text: str, request: Request) -> Response:
    try:
        found = json.loads(text)
        choice = found["choices"][0]
        content = choice["message"]["content"]
        used = found.get("usage") or {}
    except (ValueError, KeyError, IndexError, TypeError):
        raise lm15.ServerError(f"the endpoint answered no chat completion: {text[:200]}") from None
    return Response(
        id=str(found["id"]) if found.get("id") else None,
        model=request.model,
        message=Message.assistant([TextPart(content if isinstance(content, str) else "")]),
        finish_reason="length" if choice.get("finish_reason") == "length" else "stop",
        usage=Usage(
            input_tokens=_count(used.get("prompt_tokens")),
            output_tokens=_count(used.get("completion_tokens")),
        ),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _refused(status: int, text: str, retry_after: str | None) -> Exception:
    wait = float(retry_after) if retry_after and retry_after.replace(".", "", 1).isdigit() else None
    said = text[:300]
    made: Exception
    if status == 429:
        made = lm15.RateLimitError(said, status=status, retry_after=wait)
    elif status in (401, 403):
        made = lm15.AuthError(said, status=status)
    elif status == 400 and ("context_length" in text or "maximum context" in text):
        made = lm15.ContextLengthError(said, status=status)
    elif status in (400, 404, 405, 422):
        made = lm15.InvalidRequestError(f"HTTP {status}: {said}", status=status)
    else:
        made = lm15.ServerError(f"HTTP {status}: {said}", status=status)
    return made


@dataclass
class LiteLlm:
    """Every provider LiteLLM knows. An optional extra."""

    timeout: float = 120.0

    async def complete(self, request: Request) -> Response:
        """One attempt through litellm.acompletion, its own retries off."""
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it fetches prices
        import litellm

        litellm.suppress_debug_info = True
        sent = body(request)
        sent["model"] = request.model
        try:
            found = await litellm.acompletion(**sent, timeout=self.timeout, num_retries=0)
        except litellm.exceptions.AuthenticationError as mistake:
            raise lm15.AuthError(str(mistake)) from None
        except litellm.exceptions.RateLimitError as mistake:
            raise lm15.RateLimitError(str(mistake)) from None
        except Exception as mistake:
            raise lm15.ServerError(f"{type(mistake).__name__}: {mistake}") from None
        return _response(json.dumps(found.model_dump(), default=str), request)

    async def close(self) -> None:
        """Nothing is held open."""


def key_for(model: str) -> str:
    """The environment variable that holds a provider's key."""
    provider = model.split("/", 1)[0].upper().replace("-", "_") if "/" in model else "OPENAI"
    return f"{provider}_API_KEY"


def has_key(model: str) -> bool:
    """Whether that variable is set."""
    return bool(os.environ.get(key_for(model)))
