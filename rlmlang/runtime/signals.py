"""Ctrl-C and a polite kill: the first lets what is on its way come back, the second leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import TracebackType

import anyio

from rlmlang.diagnostics.diagnostic import EXIT_INTERRUPTED, CodedError

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """While entered, the first signal calls `first` and cancels `scope`; the next one ends the
    process at once. What is kept by then is kept. Not `on` where a run is one of several."""

    def __init__(self, first: Callable[[], CodedError | None], *, on: bool = True) -> None:
        self.first, self.on = first, on
        self.scope: anyio.CancelScope | None = None
        self.problem: CodedError | None = None
        self.seen = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> Signals:
        if self.on and threading.current_thread() is threading.main_thread():
            self._loop = asyncio.get_running_loop()
            try:
                for number in SIGNALS:
                    self._loop.add_signal_handler(number, self._take)
            except (NotImplementedError, RuntimeError):
                self._loop = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._loop is not None:
            for number in SIGNALS:
                self._loop.remove_signal_handler(number)

    def _take(self) -> None:
        self.seen += 1
        if self.seen > 1 or self.scope is None:
            os._exit(EXIT_INTERRUPTED)
        sys.stderr.write("\nstopping: what is on its way is heard out; Ctrl-C again leaves\n")
        sys.stderr.flush()
        self.problem = self.first()
        self.scope.cancel()
