"""The composition root: a file, its inputs and its models become a checked, planned, run recipe.

`check` and `library.plan` never import DSPy; `library.run` does, when it is called.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rlmlang.ir.suite import Checked

if TYPE_CHECKING:
    from rlmlang.execute.streamed import Sink
    from rlmlang.models.engines.call_context import Engine
    from rlmlang.program.program import Program
    from rlmlang.runtime.prepared import Outcome, Prepared
    from rlmlang.stores.runs import RunData
    from rlmlang.trajectory.events import Event


def check(path: str | Path, *, locked: bool = False) -> Checked:
    """Checks a recipe file; where it is `locked`, its packages must be as they were locked. Raises
    CodedError when it cannot be read at all."""
    from rlmlang.runtime.checking import checked_with_code

    return checked_with_code(str(path), locked=locked)


def execute(
    ready: Prepared,
    *,
    listener: Callable[[Event], None] | None = None,
    engine: Engine | None = None,
    signals: bool = False,
    program: Program | None = None,
    sink: Sink | None = None,
    about: RunData | None = None,
) -> Outcome:
    """Runs a prepared recipe in an event loop of its own; `program` has predictors where they are
    not the recipe's, a `sink` takes a result that is a list as it comes, `about` is kept with the
    run.

    A library call has it in a thread of its own, wherever the caller stands, and leaves signals
    alone: a KeyboardInterrupt is raised again once what is on its way is kept. With `signals`, as
    the command line asks, it is this thread's loop, which takes Ctrl-C and SIGTERM.
    """
    import anyio

    from rlmlang.loop_thread import LoopThread
    from rlmlang.runtime.limits import refuse
    from rlmlang.runtime.live import shown
    from rlmlang.runtime.session import Session

    refuse(ready)
    session = Session(
        ready, listener, engine, program=program, signals=signals, sink=sink, about=about
    )
    if signals:
        fast = importlib.util.find_spec("uvloop") is not None
        return anyio.run(session.run, backend_options={"use_uvloop": fast})
    with shown(ready.plan, listener) as session.heard.listener, LoopThread() as loop:
        found: Outcome = loop.finish(session.run(), session.stop)
        return found
