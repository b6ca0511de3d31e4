"""Ctrl-C and a polite kill on the command line: the first lets what is on its way come back, the
second leaves. A library call never comes here: signals are its host's."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

from rlmlang.schema.exits import INTERRUPTED

SIGNALS = tuple(getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n))


class Signals:
    """While entered, the first signal calls `first`, and says what that gives; the next one, or any
    where there is no `first`, ends the process at once. What is kept by then is kept. Not `on`
    where signals are somebody else's: nothing is installed then."""

    def __init__(self, first: Callable[[], str] | None, *, on: bool) -> None:
        self.first, self.on = first, on
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Signals:
        if self.on:
            loop = asyncio.get_running_loop()
            try:
                for number in SIGNALS:
                    before = signal.getsignal(number)
                    loop.add_signal_handler(number, self._take)
                    self._before[number] = before
            except (NotImplementedError, RuntimeError, ValueError):  # no main thread, or Windows
                self._restore()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()

    def _restore(self) -> None:
        for number, before in self._before.items():
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, before)
        self._before = {}

    def _take(self) -> None:
        if self.first is None:
            os._exit(INTERRUPTED)
        first, self.first = self.first, None
        sys.stderr.write(f"\n{first()}\n")
        sys.stderr.flush()
