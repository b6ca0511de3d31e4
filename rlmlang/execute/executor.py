"""Carries out a recipe: one task a step, streams between them, one task group around all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio

from rlmlang.context import as_slice, text_of
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.ask import request_for
from rlmlang.execute.coverage import lines_of
from rlmlang.execute.evaluate import evaluate
from rlmlang.execute.fan import Fan
from rlmlang.execute.joining import Joining
from rlmlang.execute.ladder import Climb
from rlmlang.execute.receipt import Line, verify
from rlmlang.execute.recursion import Recursion
from rlmlang.execute.respond import respond
from rlmlang.execute.scope import Scope
from rlmlang.execute.stream import Cell, Stream, each
from rlmlang.execute.validate import too_large
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.walk import names
from rlmlang.trajectory.events import StepFinished, StepStarted

STREAMED = (r.Split, r.Map, r.Filter)


@dataclass
class Executor:
    """One run of steps over inputs: those of a recipe, or of a rung of a ladder, which also sees
    the cells outside."""

    scope: Scope
    inputs: dict[str, Any]
    steps: tuple[r.Step, ...]
    outside: Mapping[str, Cell] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cells: dict[str, Cell] = dict(self.outside)
        for name, value in self.inputs.items():
            self.cells[name] = Cell()
            self.cells[name].set(value)
        for step in self.steps:
            self.cells[step.name] = self._cell(step)

    async def run(self) -> tuple[Any, list[Line]]:
        """The result and the receipt. Raises CodedError for what stopped the run."""
        await self.carry_out()
        result = await self._value("result")
        self._within(result)
        lines = self.receipt()
        verify(lines)
        return result, lines

    def _within(self, result: Any) -> None:
        """Raises CodedError (result-too-large) for more than the recipe says that it returns."""
        recipe, measure = self.scope.recipe, self.scope.tools.measure
        if problem := too_large(recipe.result, recipe.result_max, result, measure, "the result"):
            raise failed(
                "result-too-large",
                f"{recipe.name}: {problem}",
                reason="What models answered is kept: with a larger `max` nothing is paid again.",
                hint="raise `max` behind the recipe's result, or return less",
            )

    async def carry_out(self) -> None:
        """All steps. Raises CodedError for what stopped one."""
        try:
            async with anyio.create_task_group() as tasks:
                for step in self.steps:
                    tasks.start_soon(self._step, step)
        except BaseExceptionGroup as group:
            raise first_cause(group) from None

    def receipt(self) -> list[Line]:
        """What every step read of every source so far."""
        return lines_of(self.scope, self.steps, self.inputs)

    # ── cells ────────────────────────────────────────────────────────────────

    def _cell(self, step: r.Step) -> Cell:
        if not isinstance(step.work, STREAMED) or _keeps_rest(step.work):
            return Cell()
        readers = [s for s in self.steps if step.name in s.needs]
        passing = len(readers) == 1 and _streams_from(readers[0], step.name)
        return Stream(passing=passing)

    async def _value(self, name: str) -> Any:
        return await self.cells[name].value()

    async def _env(self, step: r.Step, streamed: str = "") -> dict[str, Any]:
        """The values of all names a step reads, but for the one it streams from."""
        names = [n for n in step.needs if n != streamed and n in self.cells]
        return {n: await self._value(n) for n in names}

    # ── steps ────────────────────────────────────────────────────────────────

    async def _step(self, step: r.Step) -> None:
        if step.when is not None and not await self._wanted(step):
            self._skip(step)
            return
        node = self.scope.node(step.name)
        if not isinstance(step.work, r.Compute):
            self.scope.emit(StepStarted, node=node, verb=step.verb)
        items = await self._work(step)
        self.scope.receipt.ended.add(step.name)
        if not isinstance(step.work, r.Compute):
            skipped = self.scope.receipt.skipped.get(step.name, 0)
            self.scope.emit(StepFinished, node=node, verb=step.verb, items=items, skipped=skipped)

    async def _wanted(self, step: r.Step) -> bool:
        assert step.when is not None
        test, truth = step.when
        env = {n: await self._value(n) for n in names(test)}
        return bool(evaluate(test, env, self.scope.tools.code)) is truth

    def _skip(self, step: r.Step) -> None:
        cell = self.cells[step.name]
        cell.finish() if isinstance(cell, Stream) else cell.set(None)

    async def _work(self, step: r.Step) -> int:
        """Does what the step says; gives the number of items it made."""
        match step.work:
            case r.Compute(value):
                env = await self._env(step)
                return self._set(step, evaluate(value, env, self.scope.tools.code))
            case r.Require():
                return await self._require(step, step.work)
            case r.Split():
                return await self._split(step, step.work)
            case r.Search():
                return await self._search(step, step.work)
            case r.Call(ask):
                request = request_for(
                    self.scope, step.name, step.name, ask, await self._env(step), None
                )
                return self._set(step, await respond(self.scope, request))
            case r.Map() | r.Filter():
                return await self._fan(step, step.work)
            case r.Reduce():
                return await self._reduce(step, step.work)
            case r.Cross():
                return await self._cross(step, step.work)
            case r.Recurse():
                return await self._recurse(step, step.work)
            case r.Ladder():
                return self._set(step, await Climb(self.scope, step.work, self._rung).run())

    def _set(self, step: r.Step, value: Any) -> int:
        self.cells[step.name].set(value)
        return 1

    async def _require(self, step: r.Step, work: r.Require) -> int:
        env = await self._env(step)
        if not evaluate(work.test, env, self.scope.tools.code):
            raise failed(
                "requirement-failed",
                f"line {step.line} requires {work.words}",
                hint="the recipe demands it of its inputs; see them with `rlm show`",
            )
        return self._set(step, True)

    async def _split(self, step: r.Step, work: r.Split) -> int:
        env = await self._env(step)
        subject = as_context(evaluate(work.subject, env, self.scope.tools.code), step.name)
        how = work.partition
        partition = self.scope.tools.partition(how.strategy, how.options, how.before, how.after)
        out = self.cells[step.name]
        assert isinstance(out, Stream)
        for piece in partition.split(subject, self.scope.tools.measure):
            if not await out.put(piece):
                break
            await anyio.lowlevel.checkpoint()
        out.finish()
        return out.count

    async def _search(self, step: r.Step, work: r.Search) -> int:
        env = await self._env(step)
        subject = as_context(evaluate(work.subject, env, self.scope.tools.code), step.name)
        query = evaluate(work.query, env, self.scope.tools.code)
        look_up = self.scope.tools.search(work.method, dict(work.options))
        found = await anyio.to_thread.run_sync(
            look_up.search, subject, str(query), self.scope.tools.measure
        )
        self._set(step, found)
        return len(found)

    async def _cross(self, step: r.Step, work: r.Cross) -> int:
        """For each item on the left those on the right that fit it best, in order."""
        env = await self._env(step)
        left, right = (evaluate(e, env, self.scope.tools.code) for e in (work.left, work.right))
        look_up = self.scope.tools.search(work.method, dict(work.options))
        measure, pairs = self.scope.tools.measure, list[Any]()
        items = [x for x in right or [] if x is not None]
        for one in left or []:
            if one is not None:
                found = await anyio.to_thread.run_sync(look_up.search, items, text_of(one), measure)
                pairs += [{"left": one, "right": other} for other in found]
        self._set(step, pairs)
        return len(pairs)

    async def _recurse(self, step: r.Step, work: r.Recurse) -> int:
        env = await self._env(step)
        subject = as_context(evaluate(work.subject, env, self.scope.tools.code), step.name)
        recursion = Recursion(self.scope, step, work, env)
        try:
            value = await recursion.run(subject)
        except BaseExceptionGroup as group:
            raise first_cause(group) from None
        self._set(step, value)
        return recursion.leaves

    async def _rung(self, rung: r.Rung) -> dict[str, Any]:
        inner = Executor(self.scope, {}, rung.steps, self.cells)
        await inner.carry_out()
        names_read = dict.fromkeys((*names(rung.result), *self._accepts(rung)))
        return {n: await inner.cells[n].value() for n in names_read if n in inner.cells}

    def _accepts(self, rung: r.Rung) -> list[str]:
        """The names that the ladder of a rung asks about."""
        works = [s.work for s in self.steps if isinstance(s.work, r.Ladder)]
        return [n for work in works if rung in work.rungs for n in names(work.accept)]

    async def _fan(self, step: r.Step, work: r.Map | r.Filter) -> int:
        """A prompt or condition over every item."""
        source, name = await self._source(step, work.subject)
        env = await self._env(step, name)
        fan = Fan(self.scope, step, work, env)
        return await fan.run(source, self.cells[step.name])

    async def _source(self, step: r.Step, subject: Expr) -> tuple[Stream | Iterable[Any], str]:
        """The items a step goes over: a stream that is still being made, or a list."""
        if isinstance(subject, Ref):
            cell = self.cells[subject.name]
            again = _read_elsewhere(step, subject.name)
            if isinstance(cell, Stream) and not again:
                return cell, subject.name
        env = await self._env(step)
        value = evaluate(subject, env, self.scope.tools.code)
        return (value if value is not None else []), ""

    async def _reduce(self, step: r.Step, work: r.Reduce) -> int:
        source, name = await self._source(step, work.subject)
        env = await self._env(step, name)
        limiter = asyncio.Semaphore(work.parallel or self.scope.parallel)

        def call(level: int | None, index: int) -> str:
            return f"{step.name}[{'end' if level is None else level}.{index}]"

        async def ask(call: str, group: list[Any]) -> Any:
            request = request_for(self.scope, step.name, call, work.ask, env, group)
            async with limiter:
                return await respond(self.scope, request)

        seen = 0
        async with anyio.create_task_group() as tasks:
            joining = Joining(work.fanin, tasks, call, ask)
            async for item in each(source):
                if item is not None:
                    seen += 1
                    joining.add(item)
        left = await joining.last()
        self._set(step, left[0] if left else _nothing(step, work))
        return seen


async def pattern(scope: Scope, tool: r.Tool, inputs: dict[str, Any]) -> Any:
    """What a pattern gives that code has called. Raises what stopped one of its steps."""
    inner = Executor(scope, inputs, tool.steps)
    await inner.carry_out()
    env = {n: await inner.cells[n].value() for n in names(tool.value) if n in inner.cells}
    return evaluate(tool.value, env, scope.tools.code)


def as_context(value: Any, step: str) -> Any:
    """Something that can be cut or searched; plain text becomes a slice of its own."""
    if isinstance(value, str):
        return as_slice(step, value)
    return value if value is not None else []


def _keeps_rest(work: r.Work) -> bool:
    return isinstance(work, r.Filter) and work.keep_rest


def _streams_from(reader: r.Step, name: str) -> bool:
    """Whether a step takes the items of `name` one by one, and reads it in no other way."""
    work = reader.work
    if not isinstance(work, r.Map | r.Filter | r.Reduce) or reader.when is not None:
        return False
    return work.subject == Ref(name) and not _read_elsewhere(reader, name)


def _read_elsewhere(step: r.Step, name: str) -> bool:
    work: Any = step.work
    ask = getattr(work, "ask", None)
    rest = [ask.args if ask else (), getattr(work, "stop", None) or ()]
    return name in [n for part in rest for n in names(part)]


def _nothing(step: r.Step, work: r.Reduce) -> Any:
    """A reduce over nothing: the empty value of its type, where it has one."""
    result = work.ask.prompt.result
    if result.optional:
        return None
    if result.textual:
        return ""
    if result.is_list:
        return []
    raise failed(
        "empty-list",
        f"{step.name} has nothing to join",
        hint="let the prompt answer `T?`, or test count(…) first",
    )


def first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The problem behind a group: the first coded one, else the first."""
    found = list(_leaves(group))
    coded = [e for e in found if isinstance(e, CodedError)]
    return (coded or found)[0]


def _leaves(error: BaseException) -> Iterable[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
