"""What a program calls: `plan` and `run`, waited for or in its own event loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar, Unpack, overload

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.execute.plain_values import jsonable
from rlmlang.runtime import execute
from rlmlang.runtime.files import recipe_in
from rlmlang.runtime.limits import refuse
from rlmlang.runtime.live import shown
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Outcome, Prepared
from rlmlang.runtime.python_settings import Inputs, options_of
from rlmlang.runtime.session import Session

if TYPE_CHECKING:
    from rlmlang.models.engines.call_context import Engine
    from rlmlang.plan.plan import Plan
    from rlmlang.trajectory.events import Event

T = TypeVar("T")
EngineName: TypeAlias = Literal["live", "batch"]
"""How models are asked: each call by itself, or in batches of their provider's."""


def plan(
    what: str | Path | Plan, *, engine: EngineName | None = None, **given: Unpack[Inputs]
) -> Plan:
    """The plan of a recipe's file or text, or a saved or changed one bound anew; sizes of what is
    bound become numbers.

    Raises BadRecipe for a recipe with errors, CodedError for an input that cannot be opened.
    """
    return _prepared(what, given, None, engine, need_all=False).plan


async def aplan(
    what: str | Path | Plan, *, engine: EngineName | None = None, **given: Unpack[Inputs]
) -> Plan:
    """`plan_recipe` from a running loop, which goes on meanwhile: the work is done in a thread."""
    import anyio.to_thread

    return await anyio.to_thread.run_sync(lambda: plan(what, engine=engine, **given))


@overload
def run(
    what: str | Path | Plan,
    *,
    engine: Engine | EngineName | None = None,
    listener: Callable[[Event], None] | None = None,
    result: type[T],
    **given: Unpack[Inputs],
) -> Outcome[T | None]: ...
@overload
def run(
    what: str | Path | Plan,
    *,
    engine: Engine | EngineName | None = None,
    listener: Callable[[Event], None] | None = None,
    result: None = None,
    **given: Unpack[Inputs],
) -> Outcome: ...
def run(
    what: str | Path | Plan,
    *,
    engine: Engine | EngineName | None = None,
    listener: Callable[[Event], None] | None = None,
    result: type[object] | None = None,
    **given: Unpack[Inputs],
) -> Outcome[object]:
    """Runs a recipe's file or text, a plan or a saved one to its end, wherever the caller stands.
    `listener` gets each event; `engine` says how models are asked, "live" or by "batch", or takes
    the place of their transport; `result` is the type that the result is given in, as for `load`.

    Raises BadRecipe and CodedError for what stands in the way of a run; what stops it later is
    the `problem` of the outcome.
    """
    ready = _prepared(what, given, result, engine, need_all=True)
    return _typed(execute(ready, engine=_of_the_caller(engine), listener=listener), result)


@overload
async def arun(
    what: str | Path | Plan,
    *,
    engine: Engine | EngineName | None = None,
    listener: Callable[[Event], None] | None = None,
    result: type[T],
    **given: Unpack[Inputs],
) -> Outcome[T | None]: ...
@overload
async def arun(
    what: str | Path | Plan,
    *,
    engine: Engine | EngineName | None = None,
    listener: Callable[[Event], None] | None = None,
    result: None = None,
    **given: Unpack[Inputs],
) -> Outcome: ...
async def arun(
    what: str | Path | Plan,
    *,
    engine: Engine | EngineName | None = None,
    listener: Callable[[Event], None] | None = None,
    result: type[object] | None = None,
    **given: Unpack[Inputs],
) -> Outcome[object]:
    """`run` in the running event loop. Cancelled, it keeps what it has and raises
    CancelledError at once."""
    import anyio.to_thread

    ready = await anyio.to_thread.run_sync(
        lambda: _prepared(what, given, result, engine, need_all=True)
    )
    refuse(ready)
    with shown(ready.plan, listener) as heard:
        return _typed(await Session(ready, heard, _of_the_caller(engine)).run(), result)


def _prepared(
    what: str | Path | Plan,
    given: Inputs,
    result: type[object] | None,
    engine: Engine | EngineName | None,
    *,
    need_all: bool,
) -> Prepared:
    named = recipe_in(what) if isinstance(what, str | Path) else what
    options = options_of(given)
    if isinstance(engine, str):
        options = replace(options, engine=engine)
    ready = prepare(named, options, need_all=need_all)
    if result is not None:
        from rlmlang.program.result_types import hold

        hold(result, ready.recipe.result)
    return ready


def _of_the_caller(engine: Engine | EngineName | None) -> Engine | None:
    """An engine of the caller's own."""
    return None if isinstance(engine, str) else engine


def _typed(outcome: Outcome, result: type[object] | None) -> Outcome[object]:
    """An outcome with its result as a type; one that cannot be is its problem."""
    if result is None or outcome.problem is not None:
        return outcome
    from rlmlang.program.result_types import as_type

    try:
        return replace(outcome, result=as_type(jsonable(outcome.result), result))  # type: ignore[arg-type]
    except CodedError as problem:
        return replace(outcome, result=None, problem=problem)
