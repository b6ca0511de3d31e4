"""`completion`: a plain question over a context of any size, through one free-form node."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Unpack

from rlmlang.budget import Usage
from rlmlang.models.engines.call_context import Engine
from rlmlang.runtime import execute
from rlmlang.runtime.completion_context import Context, Given, given, of_paths
from rlmlang.runtime.exploring import (
    OWN,
    Exploring,
    Model,
    models_of,
    recipe_with,
    refuse_sampling,
    room_for,
    sets_of,
)
from rlmlang.runtime.given_tools import given_tools
from rlmlang.runtime.going_on import going_on
from rlmlang.runtime.limits import refuse
from rlmlang.runtime.live import shown
from rlmlang.runtime.lms import named_models
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options, Outcome, Prepared
from rlmlang.runtime.python_settings import options_of
from rlmlang.runtime.session import Session
from rlmlang.runtime.setting_kinds import QUESTION, hold
from rlmlang.stores.runs import RunData
from rlmlang.trajectory.events import Event
from rlmlang.trajectory.receipt import Line
from rlmlang.trajectory.trajectory import Trajectory

VARIABLES = ("question", "context", "images", "before", "conversation")  # of its sessions


@dataclass(frozen=True)
class Completion:
    """An answer with what it used, in calls, tok and exact dollars (None where a price is
    unknown), the receipt of what was read, the run's name for `rlm show`, and its `outcome`."""

    text: str
    usage: Usage
    usd: float | None
    receipt: tuple[Line, ...]
    run: str
    outcome: Outcome = field(repr=False, compare=False)

    @property
    def trajectory(self) -> Trajectory:
        """All that happened in the run."""
        return self.outcome.trajectory

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.outcome._repr_html_()


@dataclass(frozen=True)
class Question:
    """A question with its context, the limits of its budget, and how it is explored."""

    prompt: str
    context: Given
    budget: Mapping[str, str | float]
    how: Exploring

    def prepared(self, options: Options) -> Prepared:
        """The library's recipe for it, bound."""
        how = self.how
        sets = {
            **options.sets,
            "question": self.prompt,
            **sets_of(how, self.context.of),
            **{f"budget.{k}": str(v) for k, v in self.budget.items()},
        }
        bound = replace(
            options,
            recipe=f"ask{self.context.of}",
            sets=sets,
            sources=self.context.sources,
            values=self.context.values,
        )
        recipe = recipe_with(self.how.get("sub_models", {}))
        ready = prepare(recipe, bound, need_all=True)
        refuse_sampling(ready, how)
        if more := room_for(ready, how, self.budget):
            return prepare(recipe, replace(bound, sets={**sets, **more}), need_all=True)
        return ready


def prepared(
    prompt: str,
    paths: Sequence[str],
    budget: Mapping[str, str | float],
    options: Options,
) -> Prepared:
    """The library's recipe for a question over a file, a folder, or several of them, bound."""
    return Question(prompt, of_paths(paths), budget, {}).prepared(options)


async def acompletion(
    prompt: str,
    context: Context = None,
    *,
    model: Model = "",
    sub_model: Model = "",
    budget: Mapping[str, float] | None = None,
    engine: Engine | None = None,
    **how: Unpack[Exploring],
) -> Completion:
    """`completion` in the running event loop; cancelled, it ends at once, and what was answered by
    then is kept."""
    with _ready(prompt, context, (model, sub_model), budget or {}, how) as ready:
        refuse(ready)
        about = _about(how)
        with shown(ready.plan, how.get("on_event")) as heard:
            outcome = await Session(ready, heard, engine, about=about).run()
    return _answer(outcome)


async def astream(
    prompt: str,
    context: Context = None,
    *,
    model: Model = "",
    sub_model: Model = "",
    budget: Mapping[str, float] | None = None,
    engine: Engine | None = None,
    **how: Unpack[Exploring],
) -> AsyncIterator[Event | Completion]:
    """`acompletion` as the events of its run, while it goes, and the `Completion` as the last.

    Raises what `acompletion` raises. When the iterator is closed, as by leaving the loop, the run
    is cancelled, and what was answered by then is kept. `contextlib.aclosing` closes it at once.
    """
    told: asyncio.Queue[Event | None] = asyncio.Queue()
    hear = how.get("on_event")

    def tell(event: Event) -> None:
        told.put_nowait(event)
        if hear is not None:
            hear(event)

    said: Exploring = {**how, "on_event": tell}
    answer = acompletion(
        prompt, context, model=model, sub_model=sub_model, budget=budget, engine=engine, **said
    )
    asked = asyncio.create_task(answer)
    asked.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (event := await told.get()) is not None:
            yield event
        yield await asked
    finally:
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)


def completion(
    prompt: str,
    context: Context = None,
    *,
    model: Model = "",
    sub_model: Model = "",
    budget: Mapping[str, float] | None = None,
    engine: Engine | None = None,
    **how: Unpack[Exploring],
) -> Completion:
    """Answers a question over a context of any size.

    `context` is text or bytes of it, a Path or several, an open file, images, which the model is
    shown in each turn, or data: messages, lists and dictionaries, which code finds as they are.
    `model` writes code, `sub_model` is asked by it: names, or `dspy.LM`s. The `budget` has limits
    of `calls`, `tokens`, `usd` and `wall` (seconds). `Exploring` says what else may be set; the
    plan counts with it before anything is asked. Raises
    CodedError for what stopped it; what was answered by then is kept. May be called where an event
    loop is running; it waits for the answer all the same.
    """
    with _ready(prompt, context, (model, sub_model), budget or {}, how) as ready:
        hear, about = how.get("on_event"), _about(how)
        return _answer(execute(ready, engine=engine, listener=hear, about=about))


@contextmanager
def _ready(
    prompt: str,
    context: Context,
    models: tuple[Model, Model],
    budget: Mapping[str, float],
    how: Exploring,
) -> Iterator[Prepared]:
    """The question, bound, for as long as its context lies where it lies."""
    named = {name: m for name, m in zip(("model", "sub_model"), models, strict=True) if m}
    for name, value in {**how, **named, "prompt": prompt, "budget": budget}.items():
        if name in QUESTION:
            hold(name, QUESTION[name], value)
    names, engines = named_models(models_of(*models, how.get("sub_models", {})))
    tools = given_tools(how.get("tools", ()), VARIABLES)
    options = replace(options_of(how, besides=OWN), models=names, engines=engines, tools=tools)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as held:
        found = given(context, Path(folder))
        if (session := how.get("session")) is not None:
            before = held.enter_context(going_on(session, options))
            found = replace(found, values={**found.values, "before": before})
        yield Question(prompt, found, budget, how).prepared(options)


def _about(how: Exploring) -> RunData:
    """What is kept with the run."""
    session = how.get("session")
    return RunData() if session is None else RunData(session=session)


def _answer(outcome: Outcome) -> Completion:
    if outcome.problem is not None:
        raise outcome.problem
    usd = float(outcome.usage.usd) if outcome.priced else None
    return Completion(
        str(outcome.result), outcome.usage, usd, outcome.receipt, outcome.run, outcome
    )
