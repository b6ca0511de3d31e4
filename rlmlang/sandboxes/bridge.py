"""What every sandbox shares with its host: the calls that code may make, and how they end.

Arguments come from code that a model wrote, so nothing here believes their shape.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.sandboxes.arguments import Taken
from rlmlang.sandboxes.handles import Handles
from rlmlang.sandboxes.looking import Looking
from rlmlang.schema.tools import PROMPTS, Question
from rlmlang.unicode import encodable

SUBMIT, HOST, QUERY, TOOL = "__submit", "__host", "__query", "__tool"
NAMES = frozenset((SUBMIT, HOST, QUERY, TOOL))
KNOWN = frozenset(
    "ValueError TypeError KeyError IndexError RuntimeError TimeoutError LookupError".split()
)
WORDS = 2_000  # characters of what a mistake is told in
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
        """Whatever stops a call is an answer to the code, but for what ends the run: the budget of
        the whole, or Ctrl-C."""
        try:
            return {"return_value": await self._call(name, _taken(name, args))}
        except Exception as mistake:
            return _told(mistake)

    async def _call(self, name: str, args: list[Any]) -> Any:
        handles = self.handles
        if name == HOST:
            return await handles.ask(*args)
        if name == QUERY:
            prompts, contexts, deep = _query(args)
            return handles.plain(await self.host[QUERY](prompts, handles.taken(contexts), deep))
        if name != TOOL:
            raise LookupError(f"name {name!r} is not defined")
        tool, values, fields = _tool(args)
        if isinstance(self.host.get(tool), Question):
            look = Looking(self.contexts, handles)
            return await asyncio.to_thread(look.answer, tool, values, fields)
        return handles.plain(
            await self.host[TOOL](tool, handles.taken(values), handles.taken(fields))
        )

    def _submitted(self, args: Any) -> Answer:
        """Ends the cell with a value that fits; else an error that the model can mend."""
        try:
            values, fields = _submission(_taken(SUBMIT, args))
            value = self.submit(values, fields)
        except Exception as mistake:
            found = _told(mistake)
            return {"exc_type": "TypeError", "message": f"SUBMIT: {found['message']}"}
        raise Submitted(value)


def _told(mistake: Exception) -> Answer:
    """A mistake as an answer. Raises it again where nothing is left for code to mend."""
    if isinstance(mistake, CodedError):
        if "parks" in mistake.entry:
            raise mistake
        return {"exc_type": "RuntimeError", "message": encodable(str(mistake))[:WORDS]}
    kind = type(mistake).__name__
    words = encodable(str(mistake))[:WORDS]
    if kind in KNOWN:
        return {"exc_type": kind, "message": words}
    return {"exc_type": "RuntimeError", "message": f"{kind}: {words}" if words else kind}


def _taken(name: str, args: Any) -> list[Any]:
    if not isinstance(args, list | tuple):
        raise TypeError("arguments come as a list")
    found: list[Any] = Taken(finite=name in (SUBMIT, TOOL)).plain(args)
    return found


def _query(args: list[Any]) -> tuple[list[Any], list[Any], bool]:
    """Prompts, as many contexts, and whether each is a session of its own."""
    prompts, contexts, deep = args if len(args) == 3 else (None, None, None)
    if not isinstance(prompts, list) or not isinstance(contexts, list) or deep not in (True, False):
        raise TypeError("call it as llm_query_batched(prompts: [Text], contexts: [Any]? = None)")
    if len(prompts) > PROMPTS:
        raise ValueError(f"{len(prompts):,} prompts at once; at most {PROMPTS:,}")
    return prompts, contexts, bool(deep)


def _tool(args: list[Any]) -> tuple[str, list[Any], dict[str, Any]]:
    """A tool's name and its arguments."""
    if len(args) == 3 and isinstance(args[0], str):
        return args[0], *_submission(args[1:])
    raise TypeError("a tool is called by its name")


def _submission(args: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Values in order and values by name."""
    values, fields = args if len(args) == 2 else (None, None)
    if not isinstance(values, list) or not isinstance(fields, dict):
        raise TypeError("values come in order or by name")
    return values, fields


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
