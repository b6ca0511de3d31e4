"""What a format of logs is, and what its reader has: values that are checked as they are taken, and
events that are numbered as they are made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rlmlang.trajectory.events import E, Event, RunFinished, RunStarted, stamped
from rlmlang.value import Frozen, Json, value

MOST = 10**12  # of tokens and seconds; many of them still fit into a column
DOLLARS = 10**6
DEPTH = 40  # sessions within sessions


class UnreadableLogError(Exception):
    """What is wrong with a log, and where: a line, or a part of it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}" if where else why)


@dataclass(frozen=True)
class Fields:
    """An object of a log, and where it stands. What is taken is of its kind, else
    UnreadableLogError is raised; what is missing or null is empty."""

    values: Mapping[str, Json]
    where: str

    @classmethod
    def of(cls, found: Json, where: str) -> Fields:
        """An object."""
        if not isinstance(found, Mapping):
            raise UnreadableLogError(where, "it is no object")
        return cls(found, where)

    def wrong(self, name: str, wanted: str) -> UnreadableLogError:
        """That a field is not what it should be."""
        return UnreadableLogError(self.where, f"`{name}` is no {wanted}")

    def text(self, name: str) -> str:
        """A text."""
        found = self.values.get(name)
        if found is not None and not isinstance(found, str):
            raise self.wrong(name, "text")
        return found or ""

    def said(self, name: str) -> str:
        """A text, messages with their roles, or any other value as JSON."""
        return said(self.values.get(name))

    def count(self, name: str) -> int:
        """A number of something."""
        found = self.values.get(name, 0) or 0
        if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < MOST:
            raise self.wrong(name, "count")
        return found

    def amount(self, name: str) -> float | None:
        """Seconds or dollars."""
        found = self.values.get(name)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise self.wrong(name, "amount")
        if not 0 <= found < DOLLARS:
            raise self.wrong(name, "amount")
        return float(found)

    def moment(self, name: str, usual: float) -> float:
        """A time, in seconds of the wall clock."""
        stamp = self.text(name)
        try:
            at = datetime.fromisoformat(stamp).timestamp() if stamp else usual
        except (ValueError, OverflowError, OSError):
            raise self.wrong(name, "time") from None
        if not 0 <= at < MOST:
            raise self.wrong(name, "time")
        return at

    def inside(self, name: str) -> Fields:
        """An object within it; an empty one where there is none."""
        return Fields.of(self.values.get(name) or {}, f"{self.where}, {name}")

    def each(self, name: str) -> Iterator[Fields]:
        """The objects of a list."""
        found = self.values.get(name) or []
        if not isinstance(found, list):
            raise self.wrong(name, "list")
        for number, one in enumerate(found):
            yield Fields.of(one, f"{self.where}, {name}[{number}]")


def said(found: Json) -> str:
    """A value as text; a list of messages as their contents, each behind its role."""
    if found is None or isinstance(found, str):
        return found or ""
    if isinstance(found, Sequence) and all(isinstance(m, Mapping) and "role" in m for m in found):
        messages = [m for m in found if isinstance(m, Mapping)]
        return "\n\n".join(f"{m['role']}: {said(m.get('content'))}" for m in messages)
    return json.dumps(found, ensure_ascii=False)


@dataclass
class Telling:
    """Gives events their numbers, and calls rows of their own."""

    node: str
    seq: int = 0
    rows: int = 0
    told: list[Event] = field(default_factory=list)

    def tell(self, event: E, at: float, parent: str = "") -> None:
        """One more event."""
        self.seq += 1
        node = "" if isinstance(event, RunStarted | RunFinished) else self.node
        above = parent or self.node.partition(".")[0]
        self.told.append(stamped(event, "", self.seq, at, node, above))

    def row(self) -> int:
        """A number for a request."""
        self.rows += 1
        return self.rows


@value
class Log(Frozen):
    """A format of logs by its name. `knows` says by its first value whether a file is one; `read`
    makes events of all values, of which each has its line, and the time at which the file was
    written. It raises UnreadableLogError."""

    name: str
    doc: str
    knows: Callable[[Json], bool]
    read: Callable[[Sequence[Fields], str, float], list[Event]]
