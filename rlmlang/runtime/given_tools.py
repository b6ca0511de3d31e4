"""The tools that a program gives a session besides those of its recipe."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from rlmlang.ir.recipe import HostFunction
from rlmlang.schema.tools import OWN_NAMES

if TYPE_CHECKING:
    from rlmlang.tools.python import Function, PythonFunction, Tool

Given: TypeAlias = "Function | Tool | str"
"""A function, one with a limit, or the name of a tool of an MCP server: `files.read`."""
REMOTE = re.compile(r"([A-Za-z_]\w*)\.([A-Za-z_]\w*)")


@dataclass(frozen=True)
class GivenTools:
    """Functions of a program and of MCP servers, as code may call them; `own` are those of the
    program, by their names there, `most` how often some may be called."""

    functions: tuple[HostFunction, ...] = ()
    most: tuple[tuple[str, int], ...] = ()
    own: tuple[PythonFunction, ...] = ()

    def find(self, name: str) -> PythonFunction | None:
        """The function of the program of that name."""
        return next((f for f in self.own if f.declared.name == name), None)


def given_tools(tools: Iterable[Given], taken: Iterable[str]) -> GivenTools:
    """Tools that were given, held against the names that are `taken`. Raises CodedError
    (tool-unusable) before anything is asked."""
    from rlmlang.tools.python import python_function, unusable

    own: list[PythonFunction] = []
    functions: list[HostFunction] = []
    names = {*taken, *OWN_NAMES}
    if isinstance(tools, str) or not isinstance(tools, Iterable):
        raise unusable(str(tools), "tools are a list", "tools=[look_up]")
    for tool in tools:
        if isinstance(tool, str):
            functions.append(_remote(tool))
        else:
            own.append(python_function(tool))
            functions.append(own[-1].declared)
        name = functions[-1].name
        if name in names:
            words = "a variable, a function or another tool of the session has that name"
            raise unusable(name, words, 'give it another: Tool(function, name="look_up")')
        names.add(name)
    most = tuple((f.declared.name, f.calls) for f in own if f.calls is not None)
    return GivenTools(tuple(functions), most, tuple(own))


def _remote(named: str) -> HostFunction:
    from rlmlang.tools.python import unusable

    found = REMOTE.fullmatch(named)
    if found is None:
        hint = 'tools=["files.read"] is the tool `read` of [mcp.files] in rlm.toml'
        raise unusable(named, "it names no tool of an MCP server", hint)
    server, tool = found.groups()
    return HostFunction(f"{server}_{tool}", server=server, remote=tool)
