"""The composition root: a file, its inputs and its models become a checked, planned, run recipe.

`check` and `plan` never import DSPy; `run` does, when it is called.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlmlang.ir.suite import Checked

if TYPE_CHECKING:
    from rlmlang.execute.streamed import Sink
    from rlmlang.models.engines.call_context import Engine
    from rlmlang.plan.plan import Plan
    from rlmlang.program.program import Program
    from rlmlang.runtime.prepared import Outcome, Prepared
    from rlmlang.trajectory.events import Event


def check(path: str | Path) -> Checked:
    """Checks a recipe file. Raises CodedError when it cannot be read at all."""
    from rlmlang.runtime.checking import checked_with_code

    return checked_with_code(str(path))


def plan(what: str | Path | Plan, **options: Any) -> Plan:
    """The plan of a recipe's file, or a saved or changed one bound anew; sizes of what is bound
    become numbers. See `Options`.

    Raises BadRecipe for a recipe with errors, CodedError for an input that cannot be opened.
    """
    return _prepared(what, options, need_all=False).plan


def run(what: str | Path | Plan, engine: Engine | None = None, **options: Any) -> Outcome:
    """Runs a recipe's file, a plan or a saved one to its end. `engine` takes the place of the
    models' transport, for tests.

    Raises BadRecipe and CodedError for what stands in the way of a run; what stops it later is
    the `problem` of the outcome.
    """
    return execute(_prepared(what, options, need_all=True), engine=engine)


def _prepared(what: str | Path | Plan, options: Mapping[str, Any], *, need_all: bool) -> Prepared:
    from rlmlang.runtime.prepare import prepare
    from rlmlang.runtime.prepared import Options

    named = str(what) if isinstance(what, str | Path) else what
    return prepare(named, Options(**options), need_all=need_all)


def execute(
    ready: Prepared,
    *,
    listener: Callable[[Event], None] | None = None,
    engine: Engine | None = None,
    signals: bool = False,
    program: Program | None = None,
    sink: Sink | None = None,
) -> Outcome:
    """Runs a prepared recipe in an event loop of its own; `program` has predictors where they are
    not the recipe's, a `sink` takes a result that is a list as it comes.

    A library call has it in a thread of its own, wherever the caller stands, and leaves signals
    alone: a KeyboardInterrupt is raised again once what is on its way is kept. With `signals`, as
    the command line asks, it is this thread's loop, which takes Ctrl-C and SIGTERM.
    """
    import anyio

    from rlmlang.loop_thread import LoopThread
    from rlmlang.runtime.limits import refuse
    from rlmlang.runtime.session import Session

    refuse(ready)
    session = Session(ready, listener, engine, program=program, signals=signals, sink=sink)
    if signals:
        fast = importlib.util.find_spec("uvloop") is not None
        return anyio.run(session.run, backend_options={"use_uvloop": fast})
    with LoopThread() as loop:
        found: Outcome = loop.finish(session.run(), session.stop)
        return found
