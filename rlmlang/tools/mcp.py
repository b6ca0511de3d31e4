"""MCP servers whose tools code of a session may call: the home of the package `mcp`.

A server is another's program. It may hang, die, send what is no message, or describe its tools
otherwise than before: whatever it does is told, and ends neither the run nor the process. Its tools
are read once, before anything is asked, and stay as they were read.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import IO, cast

from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp_types import CallToolResult, TextContent
from mcp_types import Tool as Described

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir.recipe import HostFunction
from rlmlang.ir.repl_prompts import TOLD, signature
from rlmlang.ir.types import TEXT, Type, fields_of
from rlmlang.protocols import ToolError
from rlmlang.tools.schema_types import parameters, schemas_of
from rlmlang.tools.server import ServerSettings
from rlmlang.value import Json

PAGES = 1_000  # of a server's list of tools
ENDING = 10.0  # seconds that a server has to end
WORDS, SAID = 2_000, 1_000  # characters of an error, and of what a server wrote before it ended
RESULT = "result"  # the field in which servers wrap what is no object

logging.getLogger("mcp").addHandler(logging.NullHandler())  # what it says is told here


@dataclass
class Server:
    """One server, for as long as a run takes. Its connection belongs to one task, as it must."""

    settings: ServerSettings
    tools: dict[str, Described] = field(default_factory=dict)
    gone: str = ""

    async def open(self) -> None:
        """Begins it, and reads its tools. Raises CodedError (tool-server)."""
        self.closing = asyncio.Event()
        self.errors: IO[str] = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(self._serve(ready))
        try:
            async with asyncio.timeout(self.settings.timeout):
                await asyncio.shield(ready)
        except TimeoutError:
            problem = self._problem(f"it did not begin within {self.settings.timeout:g} s")
            await self.close()
            raise problem from None
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Ends it. One that does not end is ended."""
        self.closing.set()
        await asyncio.wait({self.task}, timeout=0 if not self.tools else ENDING)
        self.task.cancel()
        await asyncio.wait({self.task}, timeout=ENDING)
        self.errors.close()

    def described(self, function: HostFunction) -> HostFunction:
        """A tool as the server describes it, no longer than the plan counts with. Raises CodedError
        (tool-server) for one that it has not."""
        tool = self._tool(function.remote)
        params, free = parameters(tool.input_schema)
        doc = " ".join((tool.description or "").split())
        made = replace(function, params=params, free=free, result=_result(tool)[0], doc="")
        room = 2 * (TOLD - 10) - len(signature(made).encode())
        if room < 0:
            raise self._problem(f"its tool `{tool.name}` takes more than can be told of it")
        return replace(made, doc=doc.encode()[:room].decode("utf-8", "ignore"))

    async def call(self, function: HostFunction, arguments: Mapping[str, Json]) -> Json:
        """What a tool gives. Raises ToolError."""
        tool, seconds = self._tool(function.remote), self.settings.timeout
        if self.task.done():
            raise ToolError(f"the server {self.settings.name} has ended")
        try:
            async with asyncio.timeout(seconds):
                found = await self.client.call_tool(tool.name, dict(arguments))
        except TimeoutError:
            raise ToolError(f"{function.name} did not answer within {seconds:g} s") from None
        except MCPError as mistake:
            raise ToolError(f"{function.name}: {mistake.message}"[:WORDS]) from None
        except Exception as mistake:  # whatever a server sends that the package cannot take
            words = f"{function.name}: {type(mistake).__name__}: {mistake}"
            raise ToolError(words[:WORDS]) from None
        if found.is_error:
            raise ToolError(f"{function.name}: {_text(found)}"[:WORDS])
        return _value(tool, found)

    def _tool(self, name: str) -> Described:
        """A tool by its name, or by what that is as a name of Python."""
        named = {re.sub(r"\W", "_", n): n for n in self.tools}
        tool = self.tools.get(name) or self.tools.get(named.get(name, ""))
        if tool is None:
            raise failed(
                "tool-server",
                f"the MCP server `{self.settings.name}` has no tool `{name}`",
                hint=did_you_mean(name, named),
            )
        return tool

    async def _serve(self, ready: asyncio.Future[None]) -> None:
        """Holds the connection until it is closed."""
        try:
            async with self._connected() as self.client:
                self.tools = await self._listed()
                ready.set_result(None)
                await self.closing.wait()
        except BaseException as mistake:
            if not ready.done():
                ready.set_exception(self._problem(_reason(mistake)))
                ready.exception()  # nobody may wait for it any more
            elif not isinstance(mistake, Exception):
                raise

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Client]:
        settings = self.settings
        async with AsyncExitStack() as stack:
            if settings.url:
                key = _variable(settings, settings.key_env) if settings.key_env else ""
                headers = {"Authorization": f"Bearer {key}"} if key else {}
                http = await stack.enter_async_context(create_mcp_http_client(headers=headers))
                way = streamable_http_client(settings.url, http_client=http)
            else:
                given = {name: _variable(settings, name) for name in settings.env}
                command, *args = settings.command
                begun = StdioServerParameters(
                    command=command, args=args, env=given, cwd=settings.folder
                )
                way = stdio_client(begun, self.errors)
            yield await stack.enter_async_context(Client(way, cache=None))

    async def _listed(self) -> dict[str, Described]:
        found: dict[str, Described] = {}
        page: str | None = None
        for _ in range(PAGES):
            listed = await self.client.list_tools(cursor=page)
            found |= {tool.name: tool for tool in listed.tools}
            page = listed.next_cursor
            if not page:
                break
        return found

    def _problem(self, words: str) -> CodedError:
        how = self.settings.url or " ".join(self.settings.command)
        self.errors.seek(0)
        said = self.errors.read()[-SAID:].strip()
        return failed(
            "tool-server",
            f"the MCP server `{self.settings.name}` ({how}) cannot be used: {words}"[:WORDS],
            reason=f"It said: {said}" if said else "",
            hint=f"try it by itself; [mcp.{self.settings.name}] of rlm.toml says how it is begun",
        )


def _variable(settings: ServerSettings, name: str) -> str:
    """What a variable holds. Raises CodedError (tool-server) where it is not set."""
    found = os.environ.get(name, "")
    if not found:
        raise failed(
            "tool-server",
            f"the MCP server `{settings.name}` is given {name}, which is not set",
            hint=f"export {name}=…",
        )
    return found


def _reason(mistake: BaseException) -> str:
    """Why a server cannot be used; of several reasons the first."""
    while isinstance(mistake, BaseExceptionGroup):
        mistake = mistake.exceptions[0]
    if isinstance(mistake, CodedError):
        return mistake.diagnostic.message
    words = mistake.message if isinstance(mistake, MCPError) else str(mistake)
    return words or type(mistake).__name__


def _result(tool: Described) -> tuple[Type, bool]:
    """What a tool gives, and whether it wraps that."""
    if tool.output_schema is None:
        return TEXT, False
    found = schemas_of(tool.output_schema).type_of(tool.output_schema)
    fields = fields_of(found)
    wraps = [f.name for f in fields] == [RESULT]
    return (fields[0].type, True) if wraps else (found, False)


def _value(tool: Described, found: CallToolResult) -> Json:
    value = found.structured_content
    if value is None:
        return _text(found)
    wraps = _result(tool)[1] and isinstance(value, dict) and set(value) == {RESULT}
    return cast("Json", value[RESULT] if wraps else value)


def _text(found: CallToolResult) -> str:
    """What a tool said; of what is no text, that it was there."""
    parts = (
        part.text if isinstance(part, TextContent) else f"[{part.type}, which is no text]"
        for part in found.content
    )
    return "\n".join(parts)
