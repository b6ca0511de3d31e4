"""What every sandbox shares with its host: the calls that code may make, and how they end.

Arguments come from code that a model wrote, so nothing here believes their shape.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.recipe import HostFunction
from rlmlang.protocols import CellResult, GoesOn, Sandbox, Submit
from rlmlang.sandboxes.arguments import Taken, shown
from rlmlang.sandboxes.context_tools import ContextTools
from rlmlang.sandboxes.handles import Handles
from rlmlang.sandboxes.worker.messages import Answer, Plain, Raised
from rlmlang.schema.tools import PROMPTS, Question
from rlmlang.unicode import encodable

SUBMIT, HOST, QUERY, TOOL = "__submit", "__host", "__query", "__tool"
NAMES = frozenset((SUBMIT, HOST, QUERY, TOOL))
KNOWN = frozenset(
    "ValueError TypeError KeyError IndexError RuntimeError TimeoutError LookupError".split()
)
ENDING = ("not-kept", "code-missing", "code-changed")  # beside what parks a run
WORDS = 2_000  # characters of what a mistake is told in
Host = Mapping[str, Any]  # QUERY and TOOL to functions, and the name of each tool


class Query(Protocol):
    """Asks models; `deep` asks each prompt in a session of its own."""

    async def __call__(
        self, prompts: list[Plain], contexts: list[Datum], deep: bool, *named: str
    ) -> list[Datum]:
        """One answer for each prompt, of the usual model or of the one that is named."""


class Tool(Protocol):
    """Calls a tool by its name."""

    async def __call__(self, name: str, args: list[Datum], fields: Mapping[str, Datum]) -> Datum:
        """What it gives."""


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
class ReplayLog:
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


class Session(Sandbox, Protocol):
    """A sandbox whose finished cells can be run again, in it or in another."""

    replay_log: ReplayLog


async def replay(
    session: Session, cells: list[str], said: Sequence[tuple[str, Answer]]
) -> list[CellResult]:
    """Runs cells with the answers that calls in them were given before."""
    session.replay_log.again = list(said)
    found = [await session.run(cell) for cell in cells]
    session.replay_log.again = []
    return found


class Pool(Protocol):
    """The processes of a tier in a run; made with its row in the table, and whether processes that
    could not be locked down are taken."""

    def session(self, handles: Handles, caps: Caps) -> Session:
        """A session that has not begun."""

    async def close(self) -> None:
        """Ends all processes."""


@dataclass
class Bridge:
    """Answers what code asks: handles, sub-calls, tools, and SUBMIT. `contexts` are the variables
    that a session began with, `host` has a name for each tool."""

    handles: Handles
    contexts: Mapping[str, Datum]
    host: Host
    submit: Submit
    replay_log: ReplayLog = field(default_factory=ReplayLog)

    async def answer(self, name: str, args: object) -> Answer:
        """What the host says to a call: `return_value`, or `exc_type` and `message`.

        Raises Submitted when a value was accepted: the rest of the cell is not run.
        """
        if name == SUBMIT:
            return self._submitted(args)
        if name == HOST:
            return await self._asked(name, args)
        found = self.replay_log.next(name) or await self._asked(name, args)
        self.replay_log.note(name, found)
        return found

    async def _asked(self, name: str, args: object) -> Answer:
        """Whatever stops a call is an answer to the code, but for what ends the run: the budget of
        the whole, or Ctrl-C."""
        try:
            return {"return_value": await self._call(name, _taken(name, args))}
        except Exception as mistake:
            return _told(mistake)

    async def _call(self, name: str, args: list[Plain]) -> Plain:
        handles = self.handles
        if name == HOST:
            return await handles.ask(args)
        if name == QUERY:
            query: Query = self.host[QUERY]
            prompts, contexts, deep, *model = _query(args)
            taken = [handles.taken(c) for c in contexts]
            return handles.plain(await query(prompts, taken, deep, *model))
        if name != TOOL:
            raise LookupError(f"name {name!r} is not defined")
        called, values, fields = _tool(args)
        if isinstance(self.host.get(called), Question):
            look = ContextTools(self.contexts, handles)
            return await asyncio.to_thread(look.answer, called, values, fields)
        tool: Tool = self.host[TOOL]
        named = {k: handles.taken(v) for k, v in fields.items()}
        found = await tool(called, [handles.taken(v) for v in values], named)
        large = isinstance(self.host.get(called), HostFunction)
        return handles.give(found, called) if large else handles.plain(found)

    @property
    def may_give_handles(self) -> bool:
        """Whether a tool may give a handle where there was none."""
        return any(isinstance(tool, HostFunction) for tool in self.host.values())

    def _submitted(self, args: object) -> Answer:
        """Ends the cell with a value that fits; else an error that the model can mend."""
        try:
            values, fields = _submission(_taken(SUBMIT, args))
            value = self.submit(values, fields)
        except GoesOn:
            return {"return_value": None}
        except Exception as mistake:
            found = _told(mistake)
            return {"exc_type": "TypeError", "message": f"SUBMIT: {found['message']}"}
        raise Submitted(value)


def _told(mistake: Exception) -> Raised:
    """A mistake as an answer. Raises it again where nothing is left for code to mend."""
    if isinstance(mistake, CodedError):
        if "parks" in mistake.entry or mistake.diagnostic.code in ENDING:
            raise mistake
        return {"exc_type": "RuntimeError", "message": encodable(str(mistake))[:WORDS]}
    kind = type(mistake).__name__
    words = encodable(str(mistake))[:WORDS]
    if kind in KNOWN:
        return {"exc_type": kind, "message": words}
    return {"exc_type": "RuntimeError", "message": f"{kind}: {words}" if words else kind}


def _taken(name: str, args: object) -> list[Plain]:
    if not isinstance(args, list | tuple):
        raise TypeError("arguments come as a list")
    return Taken(finite=name in (SUBMIT, TOOL)).items(args)


def _query(
    args: list[Plain],
) -> tuple[list[Plain], list[Plain], bool] | tuple[list[Plain], list[Plain], bool, str]:
    """Prompts, as many contexts, whether each is a session of its own, and the name of the model
    where one is named."""
    prompts, contexts, deep, *named = args if len(args) in (3, 4) else (None, None, None)
    if not isinstance(prompts, list) or not isinstance(contexts, list) or deep not in (True, False):
        raise TypeError("call it as llm_query_batched(prompts: [Text], contexts: [Any]? = None)")
    if len(prompts) > PROMPTS:
        raise ValueError(f"{len(prompts):,} prompts at once; at most {PROMPTS:,}")
    if not named:
        return prompts, contexts, bool(deep)
    if not isinstance(named[0], str):
        raise TypeError(f"model is the name of one, not {shown(named[0])}")
    return prompts, contexts, bool(deep), named[0]


def _tool(args: list[Plain]) -> tuple[str, list[Plain], dict[str, Plain]]:
    """A tool's name and its arguments."""
    if len(args) == 3 and isinstance(args[0], str):
        return args[0], *_submission(args[1:])
    raise TypeError("a tool is called by its name")


def _submission(args: list[Plain]) -> tuple[list[Plain], dict[str, Plain]]:
    """Values in order and values by name."""
    values, fields = args if len(args) == 2 else (None, None)
    if not isinstance(values, list) or not isinstance(fields, dict):
        raise TypeError("values come in order or by name")
    return values, fields


def noted(output: str, length: int, most: int) -> str:
    """What a cell printed, as far as it is kept, and a note of what is missing."""
    more = f"\n[{length - most:,} more characters are not shown]" if length > most else ""
    return output[:most] + more
