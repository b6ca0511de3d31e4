"""Models over HTTP: any OpenAI-compatible endpoint, and every other provider through LiteLLM."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import aiohttp
from dspy import lm15
from dspy.lm15 import Request, Response

from rlmlang.ir.models import Takes
from rlmlang.models.chat_reply import response_of
from rlmlang.models.dialect import Adapted, Dialect, Dialects, dialect_of
from rlmlang.models.endpoints import Address, proxy_for
from rlmlang.models.keys import onward, shown
from rlmlang.models.refusals import refusal, refused_inside, retry_after, told_in
from rlmlang.trajectory.events import NOT_TAKEN

REDIRECTS, HOPS = (301, 302, 303, 307, 308), 4
NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
CONNECTS_IN = 30.0
"""Seconds within which a server takes a connection, or the request never left."""


@dataclass
class ChatEndpoint:
    """POSTs chat requests to an address; its pool of connections is as wide as the parallelism.
    `dialects` are the forms that were learned, which a run shares; `takes` is what the model takes
    as far as it is known."""

    address: Address
    key: str = field(default="", repr=False)
    timeout: float = 120.0
    connections: int = 64
    redact: Callable[[str], str] = str
    dialects: Dialects = field(default_factory=Dialects)
    takes: Takes = field(default_factory=Takes)
    session: aiohttp.ClientSession | None = field(default=None, repr=False)

    @property
    def endpoint(self) -> str:
        """Where answers come from, as part of what may change them."""
        return self.address.identity

    async def complete(self, request: Request) -> Response:
        """One attempt. Raises lm15 errors that say whether another could help; Adapted where it
        would in another form."""
        dialect = self.dialect(request)
        url = self.address.url(self.address.paths[dialect.path])
        try:
            asked = json.dumps(dialect.body(request)).encode()
            status, headers, data = await self._post(url, asked)
        except NOT_SENT as mistake:
            raise lm15.TransportError(self._words(mistake), code=NOT_TAKEN) from None
        except TimeoutError:
            raise lm15.TimeoutError(f"no answer within {self.timeout:g} s") from None
        except aiohttp.ClientError as mistake:
            raise lm15.TransportError(self._words(mistake)) from None
        return self.read(request, dialect, status, headers, data)

    def dialect(self, request: Request) -> Dialect:
        """The form in which a request is written now."""
        key = (self.endpoint, request.model)
        return self.dialects.first(key, dialect_of(request.model, self.takes))

    def read(
        self,
        request: Request,
        dialect: Dialect,
        status: int,
        headers: Mapping[str, str],
        data: bytes,
    ) -> Response:
        """What came back for a request in such a form. Raises as `complete` does."""
        wait = retry_after(headers, time.time())
        if not 200 <= status < 300:
            said = data.decode("utf-8", "replace")
            raise self._refused(request.model, dialect, status, said, wait)
        failed = partial(refused_inside, self.redact, wait)
        return response_of(data, request, self.redact, failed, charset_of(headers))

    def _words(self, mistake: Exception) -> str:
        return self.redact(f"{type(mistake).__name__}: {mistake}")

    async def _post(self, url: str, asked: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """The status, headers and body of an answer. A redirect is followed on the same server
        only: prompts and keys go to no other."""
        location, asked_of = "", set[str]()
        while url not in asked_of and len(asked_of) < HOPS:
            asked_of.add(url)
            proxy = proxy_for(url) or None
            async with self._session().post(
                url, data=asked, allow_redirects=False, proxy=proxy
            ) as answer:
                if answer.status not in REDIRECTS:
                    return answer.status, answer.headers, await answer.read()
                location = answer.headers.get("location", "")
                url = onward(str(answer.url), location)
            if not url:
                break
        words = f"the endpoint redirects to {self.redact(shown(location)) or 'nowhere'}, "
        words += "again and again" if url else "where nothing is sent"
        raise lm15.InvalidRequestError(
            f"{words}; if that is meant, name it with --api-base", status=answer.status
        )

    def _refused(
        self, model: str, dialect: Dialect, status: int, text: str, wait: float | None
    ) -> lm15.LM15Error:
        """What a refusal means: another form is tried, each one once, or it is final."""
        words = self.redact(text)
        after = dialect.after(status, told_in(text), model, len(self.address.paths))
        if self.dialects.refused((self.endpoint, model), dialect, after):
            return Adapted(words[:300], status=status)
        return refusal(status, words, wait)

    def _headers(self) -> dict[str, str]:
        kind = {"Content-Type": "application/json"}
        return {**kind, "Authorization": f"Bearer {self.key}"} if self.key else kind

    def _session(self) -> aiohttp.ClientSession:
        if self.session is None or self.session.closed:
            self.session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self.connections),
                headers=self._headers(),
                timeout=aiohttp.ClientTimeout(
                    total=self.timeout, sock_connect=min(CONNECTS_IN, self.timeout)
                ),
            )
        return self.session

    async def close(self) -> None:
        """Closes the connections."""
        if self.session is not None:
            await self.session.close()


def charset_of(headers: Mapping[str, str]) -> str:
    """The encoding that a body's header declares; empty where it declares none."""
    found = CHARSET.search(headers.get("content-type", ""))
    return found[1] if found else ""


@dataclass
class LiteLlm:
    """Every provider LiteLLM knows. An optional extra."""

    key: str = field(default="", repr=False)
    timeout: float = 120.0
    redact: Callable[[str], str] = str
    dialects: Dialects = field(default_factory=Dialects)
    takes: Takes = field(default_factory=Takes)
    endpoint: str = "litellm"

    async def complete(self, request: Request) -> Response:
        """One attempt through litellm.acompletion, its own retries off."""
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it fetches prices
        os.environ.setdefault("LITELLM_MODE", "PRODUCTION")  # else it reads a `.env` it finds
        import litellm

        litellm.suppress_debug_info = True
        key = (self.endpoint, request.model)
        usual = Dialect(request.model, temperature=self.takes.temperature)
        dialect = self.dialects.first(key, usual)
        sent = {**dialect.body(request), "api_key": self.key or None}
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
            after = dialect.after(int(status), str(mistake), request.model, 1)
            if after.limit == dialect.limit and self.dialects.refused(key, dialect, after):
                raise Adapted(words[:300], status=int(status)) from None
            answer = getattr(mistake, "response", None)
            wait = retry_after(getattr(answer, "headers", None) or {}, time.time())
            raise refusal(int(status), words, wait) from None
        data = json.dumps(found.model_dump(), default=str).encode()
        return response_of(data, request, self.redact, partial(refused_inside, self.redact, None))

    async def close(self) -> None:
        """Nothing is held open."""
