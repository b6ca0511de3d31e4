"""Functions outside of the sandbox that code of a session calls: what stands behind each."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio.to_thread

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.execute.plain_values import jsonable
from rlmlang.ir.expressions import Code
from rlmlang.ir.recipe import HostFunction
from rlmlang.ir.repl_prompts import signature
from rlmlang.ir.walk import predictors
from rlmlang.plan.plan import Plan
from rlmlang.protocols import ToolError
from rlmlang.runtime.code import CallCode, called, code_hash, loaded
from rlmlang.runtime.given_tools import GivenTools
from rlmlang.runtime.values import misfit
from rlmlang.tools.server import ServerSettings
from rlmlang.trajectory.events import ToolCalled
from rlmlang.value import Json

if TYPE_CHECKING:
    from rlmlang.runtime.prepared import Prepared
    from rlmlang.stores.store import Store
    from rlmlang.tools.mcp import Server


@dataclass
class Host:
    """The functions of one run. `code` runs those of the recipe, `own` are those of the program,
    `settings` those of MCP servers; one that is `closed` calls nothing anew; `commit` has events on
    disk, `past` are the calls that are kept, by their keys."""

    code: CallCode
    own: GivenTools
    commit: Callable[[], Awaitable[None]]
    settings: Mapping[str, ServerSettings]
    closed: bool = False
    past: dict[str, ToolCalled] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)

    def remember(self, calls: Iterator[ToolCalled]) -> None:
        """Calls that are not made again."""
        self.past = {call.key: call for call in calls if call.key}

    async def open(self, plan: Plan) -> None:
        """Looks whether all functions of a plan are there. Raises CodedError (code-missing,
        code-changed, tool-server, extra-missing) before anything is paid."""
        for function in functions_of(plan):
            if function.server:
                (await self._server(function.server)).described(function)
            elif function.code is not None:
                await self._beside(function.code, lambda code, overdue: loaded(code, overdue))

    async def close(self) -> None:
        """Ends what was begun."""
        for server in self.servers.values():
            await server.close()
        self.servers.clear()

    def described(self, function: HostFunction) -> HostFunction:
        """A function as its server describes it."""
        server = self.servers.get(function.server)
        return function if server is None else server.described(function)

    def version(self, function: HostFunction) -> str:
        """What a function is made of, so that another is not taken for it."""
        if function.code is not None:
            return code_hash(function.code)
        own = self.own.find(function.name)
        return "" if own is None else own.version

    def check(self, function: HostFunction, arguments: Mapping[str, Datum]) -> None:
        """Raises TypeError, in words for the model, for arguments that are not of their types."""
        for param in function.params:
            if param.name in arguments and (words := misfit(arguments[param.name], param.type)):
                words = words.replace("it is", f"{param.name} is", 1)
                raise TypeError(f"{words}; call it as {signature(function)}")

    async def call(self, function: HostFunction, arguments: Mapping[str, Datum]) -> Json:
        """What a function gives, as JSON values. Raises ToolError, and CodedError (not-kept,
        code-missing, code-changed) for what ends the run."""
        if self.closed:
            raise failed(
                "not-kept",
                f"{function.name} was not called so before, and nothing may be called",
                reason="A kept result belongs to the exact call: place, arguments, function.",
                hint="leave --replay out to call it",
            )
        if function.code is None:
            return await self._own(function, arguments)
        args = [arguments.get(p.name) for p in function.params]
        try:
            found = await self._beside(
                function.code,
                lambda code, overdue: called(code, args, {}, overdue, self.code.redact),
            )
        except CodedError as mistake:
            if mistake.diagnostic.code != "code-failed":
                raise
            found_in = mistake.diagnostic
            raise ToolError(found_in.message, found_in.reason.splitlines()) from None
        return jsonable(found)

    async def _own(self, function: HostFunction, arguments: Mapping[str, Datum]) -> Json:
        """What a function of the program, or of a server, gives."""
        given = {name: jsonable(value) for name, value in arguments.items()}
        if function.server in self.servers:
            return await self.servers[function.server].call(function, given)
        own = self.own.find(function.name)
        if own is None:
            raise ToolError(f"there is no function {function.name}")
        return await own.call(given)

    async def _server(self, name: str) -> Server:
        """An MCP server of the project, begun. Raises CodedError (tool-server, extra-missing)."""
        if name in self.servers:
            return self.servers[name]
        if name not in self.settings:
            raise failed(
                "tool-server",
                f"rlm.toml has no MCP server `{name}`",
                hint=did_you_mean(name, self.settings)
                or f'write [mcp.{name}] with command = ["…"] or url = "…"',
            )
        server = _server_of(self.settings[name])
        await server.open()
        self.servers[name] = server
        return server

    def kept(self, key: str) -> ToolCalled | None:
        """What a call gave in an earlier part of the run."""
        return self.past.get(key)

    async def keep(self) -> None:
        """Has the events so far on disk."""
        await self.commit()

    async def _beside(self, code: Code, work: Callable[[Code, Callable[[], None]], Datum]) -> Datum:
        """What work with the user's code gives, which waits in a thread. Cancelled, the process of
        the code is ended, so that nothing goes on that nobody waits for."""
        left = threading.Event()

        def overdue() -> None:
            if left.is_set():
                raise ToolError("nobody waits for it any more")
            if self.code.overdue is not None:
                self.code.overdue()

        try:
            return await anyio.to_thread.run_sync(
                lambda: work(code, overdue), abandon_on_cancel=True
            )
        finally:
            left.set()


def _server_of(settings: ServerSettings) -> Server:
    """A server that has not begun. Raises CodedError (extra-missing)."""
    try:
        from rlmlang.tools.mcp import Server
    except ModuleNotFoundError as missing:
        words = f"tools of MCP servers need {missing.name}, which is not installed"
        raise failed("extra-missing", words, hint="pip install 'rlmlang[mcp]'") from None
    return Server(settings)


def host_of(ready: Prepared, store: Store, code: CallCode) -> Host:
    """What runs the functions of a prepared run, and keeps what they gave in its store."""
    options = ready.options
    return Host(code, options.tools, store.keep, ready.project.servers, options.only_kept)


def functions_of(plan: Plan) -> Iterator[HostFunction]:
    """The functions outside of sandboxes that code of a plan may call, each once."""
    repls = (ask.prompt.repl for _, ask in predictors(plan.steps))
    found = (f for repl in repls if repl is not None for f in repl.functions)
    yield from dict.fromkeys(found)
