"""Calls of functions outside of the sandbox: bound, counted, carried out once, recorded and kept.

Code of a session is run again when its run is resumed. So that it goes the same way, and does
nothing twice, what a function gave is kept, and given again to the same call.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import anyio

from rlmlang.context import Datum, Tree, parts_in, text_of
from rlmlang.execute.run_context import RunContext
from rlmlang.ir.calls import CallId
from rlmlang.ir.recipe import HostFunction
from rlmlang.ir.repl_prompts import AnyTool, signature
from rlmlang.protocols import ToolError
from rlmlang.schema.tools import ARGUMENTS, CALLS, RESULT
from rlmlang.trajectory.events import ToolCalled
from rlmlang.value import Json

CUT_OFF = "it was cut off: the time of the session, or of the run, was over"


@dataclass
class ToolQuota:
    """How often each tool may be called in a session and in those below it."""

    most: Mapping[str, int]
    made: Counter[str] = field(default_factory=Counter)

    def take(self, tool: AnyTool) -> None:
        """Takes a call. Raises RuntimeError, in words for the model, when there is none."""
        most = self.of(tool)
        if most is not None and self.made[tool.name] >= most:
            raise RuntimeError(
                f"{tool.name} may be called {most:,} times in this session, and was. Go on with "
                "what you have."
            )
        self.made[tool.name] += 1

    def of(self, tool: AnyTool) -> int | None:
        """The most calls of a tool; None for one whose calls are bounded as sub-calls are."""
        usual = CALLS if isinstance(tool, HostFunction) else None
        return self.most.get(tool.name, usual)

    def told(self, tool: AnyTool) -> str:
        """A tool as a function, with how often it may be called where that is declared."""
        most = self.most.get(tool.name)
        return signature(tool) + (f"  (at most {most:,} calls)" if most is not None else "")


def arguments_of(
    tool: AnyTool, args: Sequence[Datum], fields: Mapping[str, Datum]
) -> dict[str, Datum]:
    """The arguments of a call by the names of parameters. Raises TypeError, in words for the
    model."""
    names = [p.name for p in tool.params]
    given = {**dict(zip(names, args, strict=False)), **fields}
    twice = set(names[: len(args)]) & set(fields)
    free = {n for n, _ in tool.free} if isinstance(tool, HostFunction) else set[str]()
    if isinstance(tool, HostFunction):
        free |= {p.name for p in tool.params if p.type.optional}
    if len(args) > len(names) or twice or not set(names) - free <= set(given) <= set(names):
        raise TypeError(f"call it as {signature(tool)}")
    return given


@dataclass(frozen=True)
class HostCall:
    """One call of a function outside of the sandbox."""

    scope: RunContext
    call: CallId
    function: HostFunction
    arguments: Mapping[str, Datum]

    async def result(self) -> Json:
        """What it gives, which is kept. Raises TypeError, ValueError and RuntimeError, in words for
        the model."""
        host, text = self.scope.tools.host, _written(self.arguments)
        key = self._key(text)
        found = host.kept(key)
        if found is None:
            found = await self._carried_out(key, text[:ARGUMENTS])
        else:
            self.scope.emit(replace(found, reused=True))
        if found.error:
            raise RuntimeError(found.error)
        return found.result

    async def _carried_out(self, key: str, arguments: str) -> ToolCalled:
        host, began = self.scope.tools.host, time.monotonic()
        found = ToolCalled(call=self.call, tool=self.function.name, arguments=arguments, key=key)
        try:
            found = _with(found, await host.call(self.function, self.arguments))
        except ToolError as mistake:
            found = replace(found, error=str(mistake), frames=[*mistake.frames])
        except anyio.get_cancelled_exc_class():
            cut = replace(found, error=CUT_OFF, key="", seconds=time.monotonic() - began)
            self.scope.emit(cut)
            raise
        self.scope.emit(replace(found, seconds=time.monotonic() - began))
        await host.keep()
        return found

    def _key(self, arguments: str) -> str:
        version = self.scope.tools.host.version(self.function)
        text = json.dumps([str(self.call), self.function.name, version, arguments])
        return hashlib.sha256(text.encode()).hexdigest()


def _with(event: ToolCalled, value: Json) -> ToolCalled:
    """A call with what the function gave, where that is not too large."""
    size = len(json.dumps(value))
    if size > RESULT:
        words = f"{event.tool} gave {size:,} characters; at most {RESULT:,}: ask for less at a time"
        return replace(event, size=size, error=words)
    return replace(event, size=size, result=value)


def _written(arguments: Mapping[str, Datum]) -> str:
    """Arguments as JSON. Raises ValueError, in words for the model, for what is too large."""
    size = sum(p.end - p.start for value in arguments.values() for p in parts_in(value))
    if size <= RESULT:
        text = json.dumps(arguments, default=_plain)
        size = len(text)
    if size > RESULT:
        raise ValueError(f"{size:,} characters of arguments; at most {RESULT:,}: hand over a part")
    return text


def _plain(value: object) -> object:
    """A value that JSON has no form for: contexts as text, rows as a list."""
    if isinstance(value, Sequence) and not isinstance(value, Tree):
        return [*value]
    return text_of(value)
