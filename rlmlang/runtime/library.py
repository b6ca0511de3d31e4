"""What a program calls: `plan` and `run`, waited for or in its own event loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from rlmlang.runtime import execute
from rlmlang.runtime.files import recipe_in
from rlmlang.runtime.limits import refuse
from rlmlang.runtime.live import shown
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Outcome, Prepared
from rlmlang.runtime.python_settings import Inputs, options_of
from rlmlang.runtime.root import STORE
from rlmlang.runtime.session import Session

if TYPE_CHECKING:
    from rlmlang.models.engines.call_context import Engine
    from rlmlang.plan.plan import Plan
    from rlmlang.trajectory.events import Event


def plan(what: str | Path | Plan, **given: Unpack[Inputs]) -> Plan:
    """The plan of a recipe's file or text, or a saved or changed one bound anew; sizes of what is
    bound become numbers.

    Raises BadRecipe for a recipe with errors, CodedError for an input that cannot be opened.
    """
    return _prepared(what, given, need_all=False).plan


async def aplan(what: str | Path | Plan, **given: Unpack[Inputs]) -> Plan:
    """The same from a running loop, which goes on meanwhile: the work is done in a thread."""
    import anyio.to_thread

    return await anyio.to_thread.run_sync(lambda: plan(what, **given))


def run(
    what: str | Path | Plan,
    *,
    engine: Engine | None = None,
    listener: Callable[[Event], None] | None = None,
    **given: Unpack[Inputs],
) -> Outcome:
    """Runs a recipe's file or text, a plan or a saved one to its end, wherever the caller stands.
    `listener` gets each event; `engine` takes the place of the models' transport.

    Raises BadRecipe and CodedError for what stands in the way of a run; what stops it later is
    the `problem` of the outcome.
    """
    return execute(_prepared(what, given, need_all=True), engine=engine, listener=listener)


async def arun(
    what: str | Path | Plan,
    *,
    engine: Engine | None = None,
    listener: Callable[[Event], None] | None = None,
    **given: Unpack[Inputs],
) -> Outcome:
    """The same in the running event loop. Cancelled, it keeps what it has and raises
    CancelledError at once."""
    import anyio.to_thread

    ready = await anyio.to_thread.run_sync(lambda: _prepared(what, given, need_all=True))
    refuse(ready)
    with shown(ready.plan, listener) as heard:
        return await Session(ready, heard, engine).run()


def _prepared(what: str | Path | Plan, given: Inputs, *, need_all: bool) -> Prepared:
    named = recipe_in(what) if isinstance(what, str | Path) else what
    return prepare(named, options_of(given, store=STORE), need_all=need_all)
