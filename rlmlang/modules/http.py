"""Models over HTTP: any OpenAI-compatible endpoint, and every other provider through LiteLLM."""

from __future__ import annotations

import email.utils
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
from dspy import lm15
from dspy.lm15 import Request, Response

from rlmlang.modules.chat_reply import response_of
from rlmlang.modules.keys import onward, shown

OPENAI = "https://api.openai.com/v1"
NUMBER = re.compile(r"\d+(\.\d+)?")
QUOTA = ("insufficient_quota", "billing_hard_limit", "exceeded your current quota")
REDIRECTS, HOPS = (301, 302, 303, 307, 308), 4
STATUS_OF = (  # where an error inside a 200 has a word for its code
    ("rate_limit", 429), ("authentication", 401), ("invalid_api_key", 401), ("permission", 403),
    ("not_found", 404), ("invalid_request", 400), ("context_length", 400),
)  # fmt: skip
REASONING = ("gpt-5", "o1", "o3", "o4")


@dataclass
class ChatEndpoint:
    """POSTs to `base`/chat/completions; its pool of connections is as wide as the parallelism."""

    base: str
    key: str = field(default="", repr=False)
    timeout: float = 120.0
    connections: int = 64
    redact: Callable[[str], str] = str
    session: aiohttp.ClientSession | None = field(default=None, repr=False)

    @property
    def endpoint(self) -> str:
        """Where answers come from, as part of what may change them."""
        return self.base.rstrip("/")

    @property
    def _url(self) -> str:
        return f"{self.endpoint}/chat/completions"

    async def complete(self, request: Request) -> Response:
        """One attempt. Raises lm15 errors that say whether another could help."""
        try:
            asked = json.dumps(body(request, self.base)).encode()
            status, headers, data = await self._post(asked)
            wait = retry_after(headers, time.time())
            if status != 200:
                raise refusal(status, self.redact(data.decode("utf-8", "replace")), wait)
        except TimeoutError:
            raise lm15.TimeoutError(f"no answer within {self.timeout:g} s") from None
        except aiohttp.ClientError as mistake:
            words = self.redact(f"{type(mistake).__name__}: {mistake}")
            problem = lm15.TransportError(words)
            problem.unsent = isinstance(mistake, aiohttp.ClientConnectorError)
            raise problem from None
        return response_of(data, request, self.redact, partial(refused_inside, self.redact, wait))

    async def _post(self, asked: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """The status, headers and body of an answer. A redirect is followed on the same server
        only: prompts and keys go to no other."""
        url, location = self._url, ""
        for _ in range(HOPS):
            async with self._session().post(url, data=asked, allow_redirects=False) as answer:
                if answer.status not in REDIRECTS:
                    return answer.status, answer.headers, await answer.read()
                location = answer.headers.get("location", "")
                url = onward(str(answer.url), location)
            if not url:
                break
        words = f"the endpoint redirects to {self.redact(shown(location)) or 'nowhere'}"
        raise lm15.InvalidRequestError(f"{words}, where nothing is sent; if that is meant, name "
                                       "it with --api-base", status=answer.status)  # fmt: skip

    def _headers(self) -> dict[str, str]:
        kind = {"Content-Type": "application/json"}
        return {**kind, "Authorization": f"Bearer {self.key}"} if self.key else kind

    def _session(self) -> aiohttp.ClientSession:
        if self.session is None or self.session.closed:
            self.session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self.connections),
                headers=self._headers(),
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


def refusal(status: int, said: str, wait: float | None) -> Exception:
    """The error of a status other than 200."""
    words = said[:300]
    made: Exception
    if status == 402 or any(w in said for w in QUOTA):
        made = lm15.BillingError(words, status=status)
    elif status == 429:
        made = lm15.RateLimitError(words, status=status, retry_after=wait)
    elif status in (401, 403):
        made = lm15.AuthError(words, status=status)
    elif status == 400 and ("context_length" in said or "maximum context" in said):
        made = lm15.ContextLengthError(words, status=status)
    elif status in (400, 404, 405, 413, 422):
        made = lm15.InvalidRequestError(f"HTTP {status}: {words}", status=status)
    else:
        made = lm15.ServerError(f"HTTP {status}: {words}", status=status)
    return made


def refused_inside(
    redact: Callable[[str], str], wait: float | None, error: Mapping[str, Any]
) -> Exception:
    """The error that a gateway sent with status 200: its code is a status, where it is one."""
    said = redact(json.dumps(error, ensure_ascii=False, default=str))
    code = str(error.get("code") or error.get("status") or "")
    if code.isdecimal() and 400 <= int(code) < 600:
        return refusal(int(code), said, wait)
    return refusal(next((n for word, n in STATUS_OF if word in said), 502), said, wait)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that a provider asks to wait: given as seconds, or as a date, of which one in
    the past means now. Anything else says nothing (RFC 9110, 10.2.3)."""
    milliseconds = headers.get("retry-after-ms", "")
    said = headers.get("retry-after", "").strip()
    for text, unit in ((milliseconds, 1000.0), (said, 1.0)):
        if NUMBER.fullmatch(text):
            return float(text) / unit
    try:
        when = email.utils.parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return None
    if when.tzinfo is None:
        return None
    return max(0.0, when.timestamp() - now)


@dataclass
class LiteLlm:
    """Every provider LiteLLM knows. An optional extra."""

    timeout: float = 120.0
    redact: Callable[[str], str] = str
    endpoint: str = "litellm"
    key: str = field(default="", repr=False)

    async def complete(self, request: Request) -> Response:
        """One attempt through litellm.acompletion, its own retries off."""
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it fetches prices
        os.environ.setdefault("LITELLM_MODE", "PRODUCTION")  # else it reads a `.env` it finds
        import litellm

        litellm.suppress_debug_info = True
        sent = body(request)
        sent["model"] = request.model
        if self.key:
            sent["api_key"] = self.key
        try:
            found = await litellm.acompletion(**sent, timeout=self.timeout, num_retries=0)
        except litellm.exceptions.Timeout as mistake:
            raise lm15.TimeoutError(self.redact(str(mistake))) from None
        except litellm.exceptions.APIConnectionError as mistake:
            raise lm15.TransportError(self.redact(str(mistake))) from None
        except Exception as mistake:
            words = self.redact(f"{type(mistake).__name__}: {mistake}")
            status = getattr(mistake, "status_code", None)
            if status is None:
                raise lm15.TransportError(words) from None
            answer = getattr(mistake, "response", None)
            wait = retry_after(getattr(answer, "headers", None) or {}, time.time())
            raise refusal(int(status), words, wait) from None
        data = json.dumps(found.model_dump(), default=str).encode()
        return response_of(data, request, self.redact, partial(refused_inside, self.redact, None))

    async def close(self) -> None:
        """Nothing is held open."""
