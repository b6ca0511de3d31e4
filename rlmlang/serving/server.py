"""Recipes over MCP: the home of the package `mcp` on the side that serves.

What is offered and what a call gives is `serving/service.py`; here it becomes messages, on stdio or
as HTTP of this machine, where whoever asks must know the token.
"""

from __future__ import annotations

import hmac
import os
import signal
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio
import mcp_types as types
import uvicorn
from mcp.server import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.resources import __version__
from rlmlang.schema.exits import OK
from rlmlang.serving.offers import Offer, Reply
from rlmlang.serving.results import SCHEME
from rlmlang.serving.service import Service

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    Asked: TypeAlias = ServerRequestContext[object, object]

HOST = "127.0.0.1"
BODY = 8 << 20  # bytes of a request over HTTP
ENDING = 5  # seconds that answers under way are waited for, once a server is to end
INSTRUCTIONS = (
    "Recipes read contexts that are too large for you, piece by piece. Give files by path, not by "
    "text. Call `plan` first: it costs nothing, and says what a call costs at most. A call that is "
    "cut off or over budget is parked; the same call goes on with it and pays nothing twice."
)
UNKNOWN = -32002  # the code of a resource that is not there
Message: TypeAlias = MutableMapping[str, Any]
App: TypeAlias = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


@dataclass(frozen=True)
class Handlers:
    """What is done with the requests of clients."""

    service: Service

    async def tools(self, asked: Asked, page: object) -> types.ListToolsResult:
        """The tools, all on one page."""
        return types.ListToolsResult(tools=[_tool(offer) for offer in self.service.offers()])

    async def call(self, asked: Asked, wanted: types.CallToolRequestParams) -> types.CallToolResult:
        """A tool's reply; its progress is told where the client asks for that."""
        told = asked.session.report_progress
        return _result(await self.service.call(wanted.name, wanted.arguments or {}, told))

    async def resources(self, asked: Asked, page: object) -> types.ListResourcesResult:
        """None: links are given by calls."""
        return types.ListResourcesResult(resources=[])

    async def templates(self, asked: Asked, page: object) -> types.ListResourceTemplatesResult:
        """How links are written."""
        words = "What a call of a run was shown and said; `answer` is the run's whole answer."
        uri = f"{SCHEME}://run/{{run}}/{{call}}"
        made = types.ResourceTemplate(uri_template=uri, name="call", description=words)
        return types.ListResourceTemplatesResult(resource_templates=[made])

    async def read(
        self, asked: Asked, wanted: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """The text behind a link. Raises MCPError with a code of ours."""
        try:
            text = await self.service.read(wanted.uri)
        except CodedError as problem:
            found = problem.diagnostic
            raise MCPError(UNKNOWN, f"{found.code}: {found.message}") from None
        part = types.TextResourceContents(uri=wanted.uri, mime_type="text/plain", text=text)
        return types.ReadResourceResult(contents=[part])


def server_of(service: Service) -> Server[object]:
    """A server of MCP that offers a service."""
    handlers = Handlers(service)
    return Server(
        "rlmlang",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=handlers.tools,
        on_call_tool=handlers.call,
        on_list_resources=handlers.resources,
        on_list_resource_templates=handlers.templates,
        on_read_resource=handlers.read,
    )


def _tool(offer: Offer) -> types.Tool:
    marks = types.ToolAnnotations(
        read_only_hint=offer.free,
        destructive_hint=False,
        idempotent_hint=True,  # what is answered is kept, and not paid twice
        open_world_hint=not offer.free,
    )
    return types.Tool(
        name=offer.name,
        description=offer.words,
        input_schema=offer.takes,
        output_schema=offer.gives,
        annotations=marks,
    )


def _result(reply: Reply) -> types.CallToolResult:
    links = [
        types.ResourceLink(
            uri=link.uri, name=link.name, description=link.words, mime_type="text/plain"
        )
        for link in reply.links
    ]
    return types.CallToolResult(
        content=[types.TextContent(text=reply.text), *links],
        structured_content=dict(reply.values),
        is_error=reply.failed,
    )


async def serve_stdio(service: Service) -> None:
    """Serves whoever began this process, until that closes our input or a signal ends us; runs that
    are under way then are parked."""
    server = server_of(service)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_at_signal, service, partial(os._exit, OK))
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
        tasks.cancel_scope.cancel()


async def serve_http(
    service: Service, port: int, token: str, listens: Callable[[str], None]
) -> None:
    """Serves programs of this machine at a port, until a signal ends us; `listens` is told the URL.
    Raises OSError where the port is taken."""
    app = server_of(service).streamable_http_app(host=HOST, max_request_body_size=BODY)
    config = uvicorn.Config(
        _guarded(app, token),
        host=HOST,
        port=port,
        log_level="critical",
        timeout_graceful_shutdown=ENDING,
    )
    with socket.create_server((HOST, port)) as listening:
        listens(f"http://{HOST}:{listening.getsockname()[1]}/mcp")
        server = uvicorn.Server(config)
        server.capture_signals = nullcontext  # they are ours: runs are parked first
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_at_signal, service, partial(setattr, server, "should_exit", True))
            await server.serve([listening])
            tasks.cancel_scope.cancel()


async def _at_signal(service: Service, end: Callable[[], object]) -> None:
    """Parks what runs, and then ends the server; on stdio the whole process, a thread of which
    waits for a line that may never come."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            await service.close()
            end()


def _guarded(app: App, token: str) -> App:
    """Lets through only who says the token."""
    wanted = f"Bearer {token}".encode()

    async def guard(
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        said = dict(scope.get("headers", ())).get(b"authorization", b"")
        if scope["type"] != "http" or hmac.compare_digest(said, wanted):
            await app(scope, receive, send)
            return
        headers = [(b"www-authenticate", b"Bearer"), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        words = b"Say `Authorization: Bearer TOKEN`, with the token that rlm mcp was begun with."
        await send({"type": "http.response.body", "body": words})

    return guard
