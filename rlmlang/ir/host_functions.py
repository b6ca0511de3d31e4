"""Functions that code of a session may call, and that run outside of its sandbox."""

from __future__ import annotations

from dataclasses import field

from rlmlang.ir.expressions import Code, Param
from rlmlang.ir.types import ANY, Type
from rlmlang.value import Frozen, value


@value
class HostFunction(Frozen):
    """A function that runs outside of the sandbox: a `code` function of the recipe, one of an MCP
    `server`, which calls it `remote` and alone knows its parameters, or, where it has neither, one
    of the program that runs the recipe. `free` are parameters that may be left out, each with its
    default as it is shown."""

    name: str
    params: tuple[Param, ...] = ()
    result: Type = ANY
    code: Code | None = None
    server: str = ""
    remote: str = ""
    free: tuple[tuple[str, str], ...] = ()
    doc: str = field(default="", compare=False)
