"""What a free-form session takes from an earlier one, and leaves for a later one: its variables
that are plain data, as Python writes them, and the conversation.

Nothing of it is an object that is read back: what cannot be written as a literal is named to the
model, which makes it anew.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from rlmlang.context import Datum
from rlmlang.execute.transcript import cut
from rlmlang.ir.repl_prompts import CONVERSATION
from rlmlang.protocols import CellResult, GoesOn, Sandbox

ROOM, MOST = 1_000_000, 500  # characters of all variables that are left, and how many
LEFT = "left_behind"
NEW_SCOPE = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass
class SessionState:
    """The state of one session: `before` is what an earlier one left, with nothing in it at first;
    `most` bytes of the conversation are shown. `held` is the answer, once it was submitted: what
    is behind it in its cell is run, and asks nobody; `broken` are the names of a cell that failed
    behind it."""

    before: Mapping[str, Datum]
    most: int
    told: str = ""
    names: dict[str, None] = field(default_factory=dict)
    held: list[Datum] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    leaving: bool = False

    @property
    def variables(self) -> dict[str, Datum]:
        """What code finds besides the prompt's parameters."""
        return {CONVERSATION: self._rows("conversation")}

    async def restore(self, sandbox: Sandbox) -> None:
        """Makes the variables that the session before left. One that this Python does not take is
        named to the model, as those are that were lost before."""
        rows = [row for row in self._rows("variables") if isinstance(row, Mapping)]
        values = {str(row["name"]): str(row["value"]) for row in rows}
        lost = [str(name) for name in self._rows("lost")]
        lines = {n: f"{n} = {v}" for n, v in values.items() if n.isidentifier() and is_literal(v)}
        if lines and (await sandbox.run("\n".join(lines.values()))).error:
            lost += [n for n, line in lines.items() if (await sandbox.run(line)).error]
        self.names = {n: None for n in lines if n not in lost}
        lost += [n for n in values if n not in lines]
        self.told = told(self._rows("conversation"), list(self.names), lost, self.most)

    def hold(self, value: Datum) -> NoReturn:
        """Keeps the first answer. Raises GoesOn: only a cell that ends leaves its variables."""
        if not self.held:
            self.held.append(value)
        raise GoesOn

    def ran(self, code: str, ran: CellResult) -> CellResult:
        """What came of a cell, which submitted an answer if one is held by now."""
        bound = list(bound_in(code))
        self.names |= dict.fromkeys(bound)
        if not self.held:
            return ran
        self.broken = bound if ran.error else []
        return CellResult(ran.output, submitted=True, value=self.held[0], fresh=ran.fresh)

    async def left(self, sandbox: Sandbox) -> tuple[list[list[str]], list[str]]:
        """What the session leaves: variables with their values, and the names of those that are
        lost."""
        self.leaving = True
        names = list(self.names)[:MOST]
        found = await sandbox.run(_leaving(names))
        said = found.value if found.submitted and isinstance(found.value, Mapping) else None
        values = dict.fromkeys(names if said is None else self.broken, "")
        values |= {n: str(v) for n, v in (said or {}).items()}
        room, variables, lost = ROOM, list[list[str]](), list[str]()
        for name, value in values.items():
            if is_literal(value) and len(value) <= room:
                room -= len(value)
                variables.append([name, value])
            else:
                lost.append(name)
        return variables, [*lost, *list(self.names)[MOST:]]

    def _rows(self, name: str) -> Sequence[Datum]:
        found = self.before.get(name)
        return list(found) if isinstance(found, Sequence) and not isinstance(found, str) else []


def told(
    conversation: Sequence[Datum], names: Sequence[str], lost: Sequence[str], most: int
) -> str:
    """What a model is shown of what was before, in at most so many bytes: the last questions and
    answers as they are, and how many there were before them."""
    rows = [row for row in conversation if isinstance(row, Mapping)]
    if not rows:
        return ""
    about = f"The session goes on; the variable `{CONVERSATION}` has all that was asked before."
    about += f"\nVariables that are still there: {', '.join(names) or 'none'}"
    about += f"\nNot kept, to be made anew: {', '.join(lost)}" if lost else ""
    about = cut(about, most // 4)
    left, shown = most - len(about.encode()) - 100, list[str]()
    for row in reversed(rows):
        text = f"Asked: {row.get('question')}\nAnswered: {row.get('answer')}"
        size = len(text.encode()) + 1
        if size > left and (shown or left < 100):
            break
        shown.insert(0, text if size <= left else cut(text, left - 50))
        left -= size
    earlier = len(rows) - len(shown)
    note = [f"({earlier:,} earlier questions are not shown)"] if earlier else []
    return "\n".join([about, *note, *shown])


def bound_in(code: str) -> Iterator[str]:
    """The names that a cell binds for those after it; private ones are its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = list(_bound(ast.parse(code).body))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
    yield from (name for name in found if not name.startswith("_"))


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from ((n.asname or n.name).partition(".")[0] for n in names)
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case _ if not isinstance(node, NEW_SCOPE):
                yield from _bound(ast.iter_child_nodes(node))


def _leaving(names: Iterable[str]) -> str:
    """A cell that hands over what stands in its variables, as Python writes it."""
    lines = [f"{LEFT} = {{}}"]
    for name in names:
        lines += ["try:", f"    {LEFT}[{name!r}] = repr({name})"]
        lines += ["except NameError:", "    pass"]
        lines += ["except Exception:", f"    {LEFT}[{name!r}] = ''"]
    return "\n".join([*lines, f"SUBMIT({LEFT})"])


def is_literal(text: str) -> bool:
    """Whether a text is data as Python writes it, and nothing else."""
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return False
    return True
