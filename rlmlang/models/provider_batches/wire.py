"""The few requests that batches take, over HTTP: JSON there and back, a file up, lines down."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO

import aiohttp
from dspy import lm15

from rlmlang.models.chat_reply import Answered
from rlmlang.models.endpoints import proxy_for
from rlmlang.models.refusals import refusal, retry_after

CHUNK = 1 << 16
CONNECTS_IN = 30.0


@dataclass
class Wire:
    """A connection to one provider; `headers` hold its key. It follows no redirect: keys and texts
    go to no other server. `timeout` is how long it may be silent."""

    headers: Mapping[str, str] = field(repr=False)
    timeout: float = 120.0
    redact: Callable[[str], str] = str
    session: aiohttp.ClientSession | None = field(default=None, repr=False)

    async def json(self, method: str, url: str, body: object = None) -> Answered:
        """The JSON object that a request is answered with. Raises lm15 errors."""
        async with self._asked(method, url, json=body) as answer:
            return self._object(await self._whole(answer))

    async def upload(self, url: str, purpose: str, lines: Iterable[bytes]) -> Answered:
        """The same of lines that are sent as a file; they lie on disk, not in memory."""
        with written(lines) as file:
            form = aiohttp.FormData()
            form.add_field("purpose", purpose)
            form.add_field("file", file, filename="batch.jsonl", content_type="application/jsonl")
            async with self._asked("POST", url, data=form) as answer:
                return self._object(await self._whole(answer))

    async def lines(self, url: str) -> AsyncIterator[bytes]:
        """The lines of a file, one after another, to the last. Raises lm15 errors, also where it
        breaks off."""
        rest = b""
        async with self._asked("GET", url) as answer:
            if not 200 <= answer.status < 300:
                await self._whole(answer)
            try:
                async for chunk in answer.content.iter_chunked(CHUNK):
                    *whole, rest = (rest + chunk).split(b"\n")
                    for line in filter(bytes.strip, whole):
                        yield line
            except (aiohttp.ClientError, TimeoutError) as mistake:
                raise self.broken(mistake) from None
        if rest.strip():
            yield rest

    def _asked(
        self, method: str, url: str, json: object = None, data: aiohttp.FormData | None = None
    ) -> _Asked:
        return _Asked(self, method, url, json, data)

    async def _whole(self, answer: aiohttp.ClientResponse) -> bytes:
        data = await answer.read()
        if not 200 <= answer.status < 300:
            words = self.redact(data.decode("utf-8", "replace"))
            raise refusal(answer.status, words, retry_after(answer.headers, time.time()))
        return data

    def _object(self, data: bytes) -> Answered:
        try:
            found = json.loads(data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            words = self.redact(data[:200].decode("utf-8", "replace"))
            raise lm15.ServerError(f"the endpoint answered no JSON object: {words}")
        return found

    def broken(self, mistake: Exception) -> lm15.LM15Error:
        """A connection that broke, or took too long."""
        if isinstance(mistake, TimeoutError):
            return lm15.TimeoutError(f"no answer within {self.timeout:g} s")
        return lm15.TransportError(self.redact(f"{type(mistake).__name__}: {mistake}"))

    def opened(self) -> aiohttp.ClientSession:
        """The connections, made when they are first needed."""
        if self.session is None or self.session.closed:
            times = aiohttp.ClientTimeout(
                total=None, sock_connect=min(CONNECTS_IN, self.timeout), sock_read=self.timeout
            )
            self.session = aiohttp.ClientSession(headers=self.headers, timeout=times)
        return self.session

    async def close(self) -> None:
        """Closes the connections."""
        if self.session is not None:
            await self.session.close()


@dataclass
class _Asked:
    """A request on its way, whose answer is open as long as somebody reads it."""

    wire: Wire
    method: str
    url: str
    json: object = None
    data: aiohttp.FormData | None = None
    answer: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> aiohttp.ClientResponse:
        session, proxy = self.wire.opened(), proxy_for(self.url) or None
        try:
            self.answer = await session.request(
                self.method,
                self.url,
                allow_redirects=False,
                proxy=proxy,
                json=self.json,
                data=self.data,
            )
        except (aiohttp.ClientError, TimeoutError) as mistake:
            raise self.wire.broken(mistake) from None
        return self.answer

    async def __aexit__(self, kind: object, mistake: BaseException | None, trace: object) -> None:
        if self.answer is not None:
            self.answer.close() if mistake is not None else self.answer.release()
        if isinstance(mistake, aiohttp.ClientError | TimeoutError):
            raise self.wire.broken(mistake) from None


def written(lines: Iterable[bytes]) -> IO[bytes]:
    """Lines in a file that nobody else sees, from its beginning."""
    file = TemporaryFile()  # noqa: SIM115, it is closed by who reads it
    for line in lines:
        file.write(line + b"\n")
    file.seek(0)
    return file
