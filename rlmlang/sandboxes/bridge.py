"""What every sandbox shares with its host: the calls that code may make, and how they end.

Arguments come from code that a model wrote, so nothing here believes their shape.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rlmlang.catalog.tools import BuiltIn
from rlmlang.sandboxes.handles import Handles
from rlmlang.sandboxes.looking import Looking

SUBMIT, HOST, QUERY, TOOL = "__submit", "__host", "__query", "__tool"
NAMES = frozenset((SUBMIT, HOST, QUERY, TOOL))
KNOWN = frozenset(
    "ValueError TypeError KeyError IndexError RuntimeError TimeoutError LookupError".split()
)
Submit = Callable[[list[Any], dict[str, Any]], Any]
Answer = dict[str, Any]


@dataclass(frozen=True)
class Caps:
    """What a sandbox may use: seconds of computing a cell, bytes of memory, characters kept of
    what a cell prints, host calls a cell."""

    cpu: float = 20.0
    memory: int = 256 << 20
    shown: int = 20_000
    suspensions: int = 20_000


class Submitted(Exception):  # noqa: N818, it is what every cell works towards
    """A cell has submitted."""


@dataclass
class Journal:
    """The answers of models in the order in which code was given them, and those still to be given
    again while finished cells are run once more in another process. What handles say is not
    kept: they say the same again."""

    said: list[tuple[str, Answer]] = field(default_factory=list)
    again: list[tuple[str, Answer]] = field(default_factory=list)

    def next(self, name: str) -> Answer | None:
        """The recorded answer to the next call, if it is a call of the same name; once a cell
        goes another way than before, nothing recorded is given any more."""
        if not self.again:
            return None
        recorded, answer = self.again.pop(0)
        if recorded != name:
            self.again.clear()
            return None
        return answer

    def note(self, name: str, answer: Answer) -> None:
        """Keeps an answer that was given."""
        self.said.append((name, answer))


@dataclass
class Bridge:
    """Answers what code asks: handles, sub-calls, tools, and SUBMIT. `contexts` are the variables
    that a session began with, `host` has a name for each tool."""

    handles: Handles
    contexts: Mapping[str, Any]
    host: Mapping[str, Any]
    submit: Submit
    journal: Journal = field(default_factory=Journal)

    async def answer(self, name: str, args: Any) -> Answer:
        """What the host says to a call: `return_value`, or `exc_type` and `message`.

        Raises Submitted when a value was accepted: the cell is not gone on with.
        """
        if name == SUBMIT:
            return self._submitted(args)
        if name == HOST:
            return await self._asked(name, args)
        found = self.journal.next(name) or await self._asked(name, args)
        self.journal.note(name, found)
        return found

    async def _asked(self, name: str, args: Any) -> Answer:
        try:
            return {"return_value": await self._call(name, list(args))}
        except (ValueError, TypeError, LookupError, RuntimeError) as mistake:
            kind = type(mistake).__name__
            return {"exc_type": kind if kind in KNOWN else "RuntimeError", "message": str(mistake)}

    async def _call(self, name: str, args: list[Any]) -> Any:
        handles = self.handles
        if name == HOST:
            return await handles.ask(*args)
        if name == QUERY:
            prompts, contexts, deep = args
            return handles.plain(await self.host[QUERY](prompts, handles.taken(contexts), deep))
        if name != TOOL:
            raise LookupError(f"name {name!r} is not defined")
        tool, values, fields = args
        if isinstance(self.host.get(tool), BuiltIn):
            look = Looking(self.contexts, handles)
            return await asyncio.to_thread(look.answer, tool, list(values), dict(fields))
        return handles.plain(
            await self.host[TOOL](tool, handles.taken(values), handles.taken(fields))
        )

    def _submitted(self, args: Any) -> Answer:
        """Ends the cell with a value that fits; else an error that the model can mend."""
        try:
            values, fields = args
            value = self.submit(list(values), dict(fields))
        except (ValueError, TypeError) as mistake:
            return {"exc_type": "TypeError", "message": f"SUBMIT: {mistake}"}
        raise Submitted(value)


class Printed:
    """What a cell prints: the beginning is kept, of the rest only the length."""

    def __init__(self, most: int) -> None:
        self.most, self.length = most, 0
        self._parts: list[str] = []

    def __call__(self, stream: str, text: str) -> None:
        """Takes what is printed."""
        room = self.most - self.length
        if room > 0:
            self._parts.append(text[:room])
        self.length += len(text)

    def text(self) -> str:
        """The beginning, and a note of what is missing."""
        dropped = self.length - self.most
        note = f"\n[{dropped:,} more characters are not shown]" if dropped > 0 else ""
        return "".join(self._parts) + note
