"""An event loop in a thread of its own, for callers that have none to give.

They may stand in a running loop themselves (a notebook, a web server), in any thread. Their signal
handlers stay theirs, and run while they wait. The loop is asyncio's own: uvloop takes SIGCHLD from
the program for good as soon as a child process is started.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from contextvars import Context, copy_context
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")
TURN = 0.1  # seconds


class LoopThread:
    """One loop for all work that is given to it, until it is closed."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self.loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._serve, name="rlm-loop", daemon=True)
        self._thread.start()

    def __enter__(self) -> LoopThread:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancels what still runs and ends the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    def wait(self, work: Coroutine[object, None, T]) -> T:
        """The result of work done there. What a signal handler raises here meanwhile leaves it
        running."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def finish(self, work: Coroutine[object, None, T], stop: Callable[[], object]) -> T:
        """The result of work done there, which is never left running.

        What a signal handler raises here meanwhile, such as KeyboardInterrupt, is raised again once
        the work has ended: the first calls `stop` there, which lets it end well; another cancels
        it; a third no longer waits. The work has the context variables of its caller.
        """
        landed: Future[T] = Future()
        task = self.wait(begin(work, landed, copy_context()))
        ways: list[Callable[[], object]] = [stop, task.cancel]
        raised: BaseException | None = None
        while True:
            try:
                found = _result(landed)
            except BaseException as problem:
                if landed.done() and raised is None:
                    raise
                raised = raised or problem
                if not landed.done() and ways:
                    self.loop.call_soon_threadsafe(ways.pop(0))
                    continue
            if raised is not None:
                raise raised
            return found

    def _serve(self) -> None:
        with self._runner:
            self.loop.run_forever()


def _result(landed: Future[T]) -> T:
    """The result, waited for in short turns: a signal that comes just before a thread waits for
    ever would be heard when the wait is over."""
    while not landed.done():
        wait([landed], timeout=TURN)
    return landed.result()


async def begin(
    work: Coroutine[object, None, T], landed: Future[T], context: Context
) -> asyncio.Task[T]:
    """Work as a task of the running loop, whose result `landed` will have."""

    def land(done: asyncio.Task[T]) -> None:
        if done.cancelled():
            landed.set_exception(asyncio.CancelledError())
        elif problem := done.exception():
            landed.set_exception(problem)
        else:
            landed.set_result(done.result())

    task = asyncio.get_running_loop().create_task(work, context=context)
    task.add_done_callback(land)
    return task
