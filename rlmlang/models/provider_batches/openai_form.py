"""Batches as OpenAI has them, and those who speak its format: a file of requests up, a batch of it,
a file of answers and one of failures down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from dspy import lm15
from dspy.lm15 import Request, Response

from rlmlang.models.chat_reply import TIER, Answered
from rlmlang.models.dialect import Dialect
from rlmlang.models.endpoints import ROUTE
from rlmlang.models.engines.not_in_batch import CANCELLED, EXPIRED
from rlmlang.models.http import ChatEndpoint
from rlmlang.models.provider_batches.batch_api import BatchLine, BatchStatus, LineProblem
from rlmlang.models.provider_batches.wire import Wire
from rlmlang.schema.provider_batches import FORMS, BatchLimits

TOKEN, LISTED, PAGES = "rlmlang", 100, 20
ENDED = ("completed", "failed", "expired", "cancelled")
WHY = {"batch_expired": EXPIRED, "batch_cancelled": CANCELLED, "request_cancelled": CANCELLED}


@dataclass(frozen=True)
class ChatCall:
    """A chat request of a batch, in the form that its endpoint took when it was written."""

    chat: ChatEndpoint
    key: str
    request: Request
    form: Dialect

    def data(self) -> bytes:
        """The request as it stands in a batch, which has no tier of its own."""
        body = {k: v for k, v in self.form.body(self.request).items() if k != TIER}
        said = {"custom_id": self.key, "method": "POST", "url": f"/v1{ROUTE}", "body": body}
        return json.dumps(said).encode()

    def read(self, line: BatchLine) -> Response:
        """The answer in a line."""
        return self.chat.read(self.request, self.form, line.status, {}, line.body)


@dataclass
class OpenAiForm:
    """The batches of an endpoint. Requests and answers are those of its chat route."""

    chat: ChatEndpoint
    wire: Wire
    name: str = "openai"

    @property
    def endpoint(self) -> str:
        """Where it is reached."""
        return self.chat.endpoint

    @property
    def limits(self) -> BatchLimits:
        """What a batch may hold."""
        return FORMS[self.name]

    def call(self, key: str, request: Request) -> ChatCall:
        """A request under its key."""
        return ChatCall(self.chat, key, request, self.chat.dialect(request))

    async def create(self, token: str, model: str, lines: Iterable[bytes]) -> str:
        """Uploads the requests, and makes a batch of them that has the token with it."""
        file = await self.wire.upload(self._url("/files"), "batch", lines)
        about = {
            "input_file_id": named(file),
            "endpoint": f"/v1{ROUTE}",
            "completion_window": "24h",
            "metadata": {TOKEN: token},
        }
        return named(await self.wire.json("POST", self._url("/batches"), about))

    async def find(self, token: str, keys: Sequence[str]) -> str:
        """The batch that has a token with it, among the newest of the account."""
        after = ""
        for _ in range(PAGES):
            query = f"?limit={LISTED}" + (f"&after={after}" if after else "")
            found = await self.wire.json("GET", self._url(f"/batches{query}"))
            batches = [b for b in found.get("data") or () if isinstance(b, dict)]
            for batch in batches:
                if (batch.get("metadata") or {}).get(TOKEN) == token:
                    return named(batch)
            if not found.get("has_more") or not batches:
                break
            after = named(batches[-1])
        return ""

    async def look(self, name: str) -> BatchStatus:
        """How far a batch is. Some servers name a file that is not there with an empty text."""
        found = await self.wire.json("GET", self._url(f"/batches/{name}"))
        said, counts = str(found.get("status") or ""), found.get("request_counts") or {}
        ids = (found.get("output_file_id"), found.get("error_file_id"))
        return BatchStatus(
            said,
            said in ENDED,
            int(counts.get("completed") or 0),
            int(counts.get("failed") or 0),
            tuple(str(i) for i in ids if i),
            tuple(_problems(found)),
            unpaid=said != "completed",
        )

    async def results(self, status: BatchStatus) -> AsyncIterator[BatchLine]:
        """What stands in the file of answers, then in that of failures."""
        for file in status.files:
            async for line in self.wire.lines(self._url(f"/files/{file}/content")):
                yield line_of(line)

    async def cancel(self, name: str) -> None:
        """Asks for no more of a batch to be done."""
        await self.wire.json("POST", self._url(f"/batches/{name}/cancel"))

    async def close(self) -> None:
        """Closes the connections."""
        await self.wire.close()

    def _url(self, path: str) -> str:
        address = self.chat.address
        path, _, query = path.partition("?")
        url = address.url(f"/v1{path}" if address.bare else path)
        return url + (("&" if address.query else "?") + query if query else "")


def named(found: Answered) -> str:
    """The id of what an endpoint has made. Raises lm15.ServerError where it says none."""
    name = found.get("id")
    if not isinstance(name, str) or not name:
        raise lm15.ServerError("the endpoint answered without an id")
    return name


def line_of(data: bytes) -> BatchLine:
    """A line of a file of results. Raises lm15.ServerError for one that is none."""
    try:
        found = json.loads(data)
        key = str(found["custom_id"])
        answer, error = found.get("response") or {}, found.get("error") or {}
        status = int(answer.get("status_code") or 0)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise lm15.ServerError("a line of a batch's results is no JSON object of ours") from None
    code, words = str(error.get("code") or ""), str(error.get("message") or "")
    if status:
        return BatchLine(key, status, json.dumps(answer.get("body")).encode())
    if code in WHY:
        return BatchLine(key, why=WHY[code], words=words or code)
    said = {"error": {"code": code, "message": words or "no answer, and no reason"}}
    return BatchLine(key, 500, json.dumps(said).encode())


def _problems(found: Answered) -> list[LineProblem]:
    """Why a whole file was refused."""
    said = (found.get("errors") or {}).get("data") or ()
    return [
        LineProblem(int(p.get("line") or 0), str(p.get("code") or ""), str(p.get("message") or ""))
        for p in said
        if isinstance(p, dict)
    ]
