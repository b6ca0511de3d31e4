"""Recipes served: each a tool that plans, runs and answers below one ceiling; no protocol here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.report.evidence import Answers
from rlmlang.report.tally import Tally
from rlmlang.runtime.limits import refuse
from rlmlang.runtime.models_of_run import models_for
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Outcome, Prepared
from rlmlang.runtime.session import Session
from rlmlang.runtime.shared_budget import SHARED, SharedBudget
from rlmlang.serving import prices, records
from rlmlang.serving.arguments import inputs_of
from rlmlang.serving.offers import Offer, Progress, Reply
from rlmlang.serving.problems import problem_reply
from rlmlang.serving.recipes import ServedRecipe
from rlmlang.serving.results import result_schema, run_reply
from rlmlang.serving.roots import Roots
from rlmlang.serving.schemas import Schema, arguments_schema
from rlmlang.trajectory.events import Event
from rlmlang.value import Json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rlmlang.models.engines.call_context import Engine

EVERY = 0.5  # seconds between two words of progress
GOES_ON = "the same call goes on with it: what was answered is kept"
PARKED = "What was answered is kept: the same call goes on with run {run}, and pays nothing twice."

SPENT = (
    "the ceiling of this server is spent: begin `rlm mcp` with a higher --max-usd or --max-calls"
)


class Service:
    """What some recipes do for agents: files come from `roots` alone, and all runs together stay
    below the `ceiling`, if there is one. An `engine` answers in the place of models."""

    def __init__(
        self,
        recipes: Sequence[ServedRecipe],
        roots: Roots,
        ceiling: SharedBudget | None = None,
        engine: Engine | None = None,
    ) -> None:
        self.recipes = {one.tool: one for one in recipes}
        self.roots, self.ceiling, self.engine = roots, ceiling, engine
        self.records = records.Records(recipes)
        self._closed = False
        self._running: dict[anyio.CancelScope, asyncio.Event] = {}

    def offers(self) -> list[Offer]:
        """The tools: one a recipe, and three that cost nothing."""
        made = [
            Offer(
                one.tool,
                _words(one),
                arguments_schema(one.interface),
                result_schema(one.interface.result),
            )
            for one in self.recipes.values()
        ]
        words = (
            "The price of calling a recipe with some arguments, before it is paid: calls, tok and "
            "dollars at best, expected and worst, and whether the budget and what is left of this "
            "server's ceiling hold them. Asks no model and costs nothing. Call it first."
        )
        takes: Schema = {
            "type": "object",
            "properties": {
                "recipe": {"type": "string", "enum": list(self.recipes)},
                "arguments": {"type": "object", "description": "As the recipe itself takes them."},
            },
            "required": ["recipe"],
            "additionalProperties": False,
        }
        return [*made, Offer("plan", words, takes, prices.GIVES, free=True), *records.OFFERS]

    async def call(
        self, tool: str, arguments: Mapping[str, Json], progress: Progress | None = None
    ) -> Reply:
        """What a tool gives; what is wrong is a reply too. Cancelled, a run is parked, and
        CancelledError is raised."""
        try:
            if tool in self.recipes:
                return await self._run(self.recipes[tool], arguments, progress)
            if tool == "plan":
                return await anyio.to_thread.run_sync(self._plan, arguments)
            if tool in records.TOOLS:
                return await anyio.to_thread.run_sync(self.records.call, tool, arguments)
            known = [*self.recipes, "plan", *records.TOOLS]
            words = f"there is no tool `{tool}`"[:200]
            raise failed("no-recipe", words, hint=did_you_mean(tool, known))
        except Exception as problem:
            return problem_reply(problem)

    async def read(self, uri: str) -> str:
        """The text behind a link: a call, or the answer, of a run of these recipes. Raises
        CodedError (unknown-run, unknown-node, no-answer)."""
        return await anyio.to_thread.run_sync(self.records.read, uri)

    def _plan(self, arguments: Mapping[str, Json]) -> Reply:
        named, given = arguments.get("recipe"), arguments.get("arguments", {})
        recipe = self.recipes.get(named) if isinstance(named, str) else None
        if recipe is None:
            hint = did_you_mean(str(named)[:200], self.recipes)
            raise failed("no-recipe", "`recipe` is the name of no tool", hint=hint)
        if not isinstance(given, dict):
            raise failed("wrong-input", "`arguments` is no object", hint='{"question": "…"}')
        ready = self._prepared(recipe, given, need_all=False)
        return prices.plan_reply(recipe.tool, ready.plan, self.ceiling)

    def _prepared(
        self, recipe: ServedRecipe, arguments: Mapping[str, Json], *, need_all: bool
    ) -> Prepared:
        """A recipe with its inputs. Raises BadRecipe and CodedError."""
        given = inputs_of(recipe.interface, arguments, self.roots)
        options = replace(
            recipe.options,
            values=given.values,
            sources=given.sources,
            within=self.ceiling,
            unattended=True,
        )
        try:
            return prepare(recipe.source, options, need_all=need_all)
        except CodedError as mistake:
            if mistake.diagnostic.code == "missing-input":
                hint = "give it as an argument of the call"
                mistake.diagnostic = replace(mistake.diagnostic, hint=hint)
            raise

    async def _run(
        self, recipe: ServedRecipe, arguments: Mapping[str, Json], progress: Progress | None
    ) -> Reply:
        def begin() -> Prepared:
            ready = self._prepared(recipe, arguments, need_all=True)
            refuse(ready)
            models_for(ready)  # imports the most of what is loaded, while others go on
            return ready

        ready = await anyio.to_thread.run_sync(begin)
        answers, expected = Answers(), ready.plan.totals.expected.calls.value()
        tally = Tally(ready.recipe.budget, expected)

        async def tell() -> None:
            if progress is not None:
                total = None if expected is None else max(expected, tally.done)
                await progress(tally.done, total, tally.words())

        async with _told(tell) as changed:

            def listen(event: Event) -> None:
                tally.take(event)
                answers.take(event)
                changed()

            outcome = await self._held(Session(ready, listen, self.engine))
        if outcome.problem is not None:
            return _stopped(outcome, outcome.problem)
        return run_reply(outcome, ready, answers)

    async def _held(self, session: Session) -> Outcome:
        """A session's run, which `close` ends."""
        ended, scope = asyncio.Event(), anyio.CancelScope()
        self._running[scope] = ended
        if self._closed:
            scope.cancel()
        try:
            with scope:
                return await session.run()
            raise failed("interrupted", "the server was ended", hint=GOES_ON)
        finally:
            del self._running[scope]
            ended.set()

    async def close(self) -> None:
        """Parks all runs that are under way, and whatever else is begun."""
        self._closed, running = True, dict(self._running)
        for scope in running:
            scope.cancel()
        for ended in running.values():
            await ended.wait()


def _words(one: ServedRecipe) -> str:
    """What a recipe is for, as its file says it."""
    doc = " ".join(one.interface.doc.split()) or f"Runs the recipe {one.interface.name}."
    return f"{doc} (recipe of {one.source.path}; `plan` says what a call costs)"


def _stopped(outcome: Outcome, problem: CodedError) -> Reply:
    """The reply of a run that came to no answer."""
    if problem.account == SHARED:
        problem.diagnostic = replace(problem.diagnostic, hint=SPENT)
    parked = "parks" in problem.entry
    reply = problem_reply(problem, PARKED.format(run=outcome.run) if parked else "")
    return replace(reply, values={**reply.values, "run": outcome.run})


@asynccontextmanager
async def _told(tell: Callable[[], Awaitable[None]]) -> AsyncIterator[Callable[[], None]]:
    """While entered, tells now and then once something has changed, and a last time behind it."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def change() -> None:
        loop.call_soon_threadsafe(changed.set)

    async def telling() -> None:
        while True:
            await changed.wait()
            changed.clear()
            with suppress(Exception):  # whoever asked may have gone; the run goes on
                await tell()
            await asyncio.sleep(EVERY)

    task = asyncio.create_task(telling())
    try:
        yield change
        with suppress(Exception):
            await tell()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
