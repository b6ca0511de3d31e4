"""How far something is, in a line now and then, where no terminal shows bars."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rich.console import Console

EVERY = 60.0  # seconds between two lines


class Lines:
    """Says on a console that is no terminal what `words` gives, `every` so many seconds while
    entered: what waits for a slow model looks else like one that hangs."""

    def __init__(
        self, console: Console, words: Callable[[], str], *, quiet: bool, every: float = EVERY
    ) -> None:
        self.console, self.words, self.every = console, words, every
        self.shown = not (quiet or console.is_terminal)
        self.over, self.began = threading.Event(), time.monotonic()

    def start(self) -> None:
        """Begins."""
        if self.shown:
            threading.Thread(target=self._tell, daemon=True).start()

    def stop(self) -> None:
        """Says no more."""
        self.over.set()

    def _tell(self) -> None:
        while not self.over.wait(self.every):
            if words := self.words():
                minutes = (time.monotonic() - self.began) / 60
                self.console.print(f"  {minutes:.0f} min: {words}", markup=False)
