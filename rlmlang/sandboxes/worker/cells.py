"""The variables of a session and the cells run over them, wherever Python runs: in a locked-down
process, or in an interpreter inside WebAssembly that is handed this text."""

from __future__ import annotations

import ast
import builtins
import io
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import contexts

if TYPE_CHECKING:
    from .messages import Answer, Config, Done, Plain

CELL = "<cell>"


class Printed(io.TextIOBase):
    """What is printed: the beginning, and how long it was."""

    def __init__(self, most: int) -> None:
        self.most, self.length = most, 0
        self.parts: list[str] = []

    def write(self, text: str) -> int:
        """Takes what is printed."""
        text = str(text)
        room = self.most - self.length
        if room > 0:
            self.parts.append(text[:room])
        self.length += len(text)
        return len(text)

    def taken(self) -> tuple[str, int]:
        """What there is, and its whole length."""
        found = "".join(self.parts), self.length
        self.parts, self.length = [], 0
        return found


class Cells:
    """A session. `call` asks the host, `timed` limits the seconds that a cell may compute (0 lifts
    the limit), `threads` says how many it left; `config` is what the host sends first."""

    def __init__(
        self,
        call: contexts.Call,
        config: Config,
        timed: Callable[[float], object] = lambda seconds: None,
        threads: Callable[[], int] = lambda: 0,
    ) -> None:
        self.timed, self.threads, self.cpu = timed, threads, float(config["cpu"])
        self.printed = Printed(int(config["shown"]))
        session = contexts.Session(call)
        self.names: dict[str, object] = {"__name__": "__main__", "__builtins__": builtins}
        for name in contexts.FUNCTIONS:
            self.names[name] = getattr(session, name)
        for name in config["tools"]:
            tool = session.tool(name)
            tool.__name__ = name
            self.names[name] = tool
        for name, value in config["values"].items():
            self.names[name] = session.variable(value)

    def run(self, code: str) -> Done:
        """Runs a cell."""
        kind, error = "", ""
        sys.stdout = sys.stderr = self.printed  # a cell may have put others there
        try:
            made = compile(ast.parse(code, CELL), CELL, "exec")
            self.timed(self.cpu)
            try:
                exec(made, self.names)  # noqa: S102, this is what the walls are for
            finally:
                self.timed(0)
        except (SyntaxError, ValueError) as mistake:
            kind = "syntax" if mistake.__traceback__ and not _lines(mistake) else "python"
            error = told(mistake)
        except (MemoryError, TimeoutError) as mistake:
            kind, error = "resource", told(mistake)
        except BaseException as mistake:
            kind, error = "python", told(mistake)
        output, length = self.printed.taken()
        return {
            "op": "done",
            "output": output,
            "length": length,
            "kind": kind,
            "error": error,
            "threads": self.threads(),
        }


def heard(said: Answer) -> Plain:
    """What the host said to a call; raises what it raises."""
    if "return_value" in said:
        return said["return_value"]
    raise getattr(builtins, said["exc_type"], RuntimeError)(said["message"])


def _lines(mistake: BaseException) -> list[traceback.FrameSummary]:
    return [f for f in traceback.extract_tb(mistake.__traceback__) if f.filename == CELL]


def told(mistake: BaseException) -> str:
    """An error as a model should see it: its lines of the cell, and what it says."""
    try:
        lines = [f'  File "<cell>", line {f.lineno}, in {f.name}' for f in _lines(mistake)[-8:]]
        last = "".join(traceback.format_exception_only(type(mistake), mistake)).strip()
        return "\n".join([*lines, last])[:20_000]
    except BaseException as another:
        return f"{type(mistake).__name__}, and {type(another).__name__} in telling it"
