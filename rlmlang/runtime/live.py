"""A bar in a notebook while a run goes. Anywhere else nothing is shown: a program's output is its
own."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rlmlang.plan.plan import Plan
from rlmlang.report.notebook import bar
from rlmlang.report.tally import Tally
from rlmlang.trajectory.events import Event

EVERY = 0.25  # seconds between two pictures of it
Listener = Callable[[Event], None]


@contextmanager
def shown(plan: Plan, listener: Listener | None = None) -> Iterator[Listener | None]:
    """What is to hear the events of a run: the listener, and in a notebook a bar, which says in the
    end what the run used."""
    if not in_notebook():
        yield listener
        return
    live = LiveBar(plan)

    def both(event: Event) -> None:
        live.take(event)
        if listener is not None:
            listener(event)

    try:
        yield both
    finally:
        live.close()


def in_notebook() -> bool:
    """Whether a cell of a notebook makes the call itself: what calls many times in threads of its
    own, as an optimizer does, shows what it likes."""
    if threading.current_thread() is not threading.main_thread():
        return False
    loaded = sys.modules.get("IPython")
    shell = loaded.get_ipython() if loaded is not None else None
    return getattr(shell, "kernel", None) is not None


class LiveBar:
    """A display that is drawn anew as calls end; as text where a front end knows no HTML."""

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self.clock, self.drawn, self.ended = plan.recipe.name, clock, clock(), False
        self.tally = Tally(plan.recipe.budget, plan.totals.expected.calls.value())
        self.display = importlib.import_module("IPython.display")
        self.id = self.display.display(self._picture(), raw=True, display_id=True).display_id

    def take(self, event: Event) -> None:
        """One event of the run."""
        self.tally.take(event)
        if self.clock() - self.drawn >= EVERY:
            self.draw()

    def draw(self) -> None:
        """Shows how far it is."""
        self.drawn = self.clock()
        self.display.update_display(self._picture(), raw=True, display_id=self.id)

    def close(self) -> None:
        """Says what the run used, in place of the bar."""
        self.ended = True
        self.draw()

    def _picture(self) -> dict[str, str]:
        words = self.tally.words()
        share = None if self.ended else (self.tally.done, self.tally.expected or 0)
        return {
            "text/html": bar(self.name, share, words),
            "text/plain": f"{self.name}  {words}",
        }
