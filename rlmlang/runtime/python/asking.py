"""Calls of functions that ask a model: each has a process for itself while it waits."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping

from rlmlang.protocols import BoundModel, Chat
from rlmlang.runtime.python.child import Value
from rlmlang.runtime.python.process import PROCESSES, EndedError, Overdue

MOST = 16  # functions of a folder that wait at one time; a process is tens of megabytes
TURN = 0.1  # seconds between looks at whether a call is overdue


class Places:
    """The numbers of a folder's processes that nobody uses."""

    def __init__(self) -> None:
        self.free, self.changed = list(range(MOST)), threading.Condition()

    def take(self, overdue: Overdue) -> int:
        """A number, waited for. Raises what `overdue` raises."""
        with self.changed:
            while not self.free:
                self.changed.wait(TURN)
                overdue()
            return self.free.pop()

    def give(self, number: int) -> None:
        """Gives one back: the next call takes it, and finds its process warm."""
        with self.changed:
            self.free.append(number)
            self.changed.notify()


PLACES: dict[str, Places] = {}


def talk(path: str, asked: Mapping[str, object], overdue: Overdue, model: BoundModel) -> Value:
    """The answer to a call of a function that may ask a model. Raises EndedError, and what
    `overdue` raises; the process is ended then."""

    def left() -> None:
        overdue()
        if model.left():
            raise EndedError("nobody waits for it any more")

    def told(asks: Mapping[str, Value]) -> Mapping[str, Value]:
        return vars(model.ask(Chat(**asks)))

    places = PLACES.setdefault(os.path.dirname(path), Places())
    number = places.take(left)
    try:
        return PROCESSES.ask(path, asked, left, told, f"\0{number}")
    finally:
        places.give(number)
