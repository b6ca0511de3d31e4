"""A free-form node: a model writes code, turn by turn, until it submits an answer.

Every turn and every sub-call is a call like any other: paid, kept, recorded. A run that died is
resumed by running the same code again, with the answers that are kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter

import anyio

from rlmlang.budget import Account, Limits
from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.execute.call_model import SHOWN, ItemError, Request, answer, attempt
from rlmlang.execute.call_quota import CallQuota
from rlmlang.execute.causes import ends_run, first_cause
from rlmlang.execute.input_limits import beginning, too_large
from rlmlang.execute.plain_values import jsonable
from rlmlang.execute.run_context import RunContext
from rlmlang.execute.transcript import code_in, shown
from rlmlang.execute.validate import Shown, problem_with, with_places
from rlmlang.ir import recipe as r
from rlmlang.ir import repl_prompts as f
from rlmlang.ir.calls import CallId
from rlmlang.ir.repl_prompts import signature
from rlmlang.ir.sizes import GROWTH
from rlmlang.protocols import Asker, CellResult, Question, Refused, Reply, Sandbox
from rlmlang.schema.tools import BUILT_IN
from rlmlang.trajectory.events import CellFinished


@dataclass(frozen=True)
class Held:
    """An asker whose every call takes from a quota."""

    inner: Asker
    quota: CallQuota

    async def ask(self, question: Question) -> Reply:
        """The answer. Raises RuntimeError, in words for the model, when the quota is spent."""
        self.quota.take()
        return await self.inner.ask(question)


@dataclass
class ReplSession:
    """One session of a model with its code."""

    scope: RunContext
    request: Request
    caps: r.Repl
    quota: CallQuota
    account: Account
    child: bool = False
    history: list[str] = field(default_factory=list)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    asked: int = 0
    told: str = ""
    begun: list[CallId] = field(default_factory=list)

    async def run(self) -> Datum:
        """The answer. Raises ItemError when even the last word is of no use."""
        sandbox = self.scope.tools.sandbox(self.caps)
        prompt = self.request.prompt
        host = {"__query": self._query, "__tool": self._tool}
        given: tuple[r.Prompt | r.Tool, ...] = (*self.caps.prompts, *self.caps.patterns)
        self.tools = {p.name: p for p in given}
        looks = {n: BUILT_IN[n] for n in self.caps.tools if n not in self.tools}
        values = {p.name: self.request.inputs.get(p.name) for p in prompt.params}
        try:
            self.descriptions = await sandbox.open(
                values, {**host, **self.tools, **looks}, self._submit
            )
            told = [*map(signature, self.tools.values()), *(t.signature for t in looks.values())]
            self.told = "\n".join([*told, sandbox.missing_features])
            for turn in range(self.caps.iters):
                if self.child and not self.quota.free:
                    break
                ran = await self._turn(sandbox, turn)
                if ran.submitted:
                    return ran.value
            return await self._last()
        finally:
            with anyio.CancelScope(shield=True):
                await sandbox.close()

    # ── turns ────────────────────────────────────────────────────────────────

    async def _turn(self, sandbox: Sandbox, turn: int) -> CellResult:
        if self.child:
            self.quota.take()
        said, broken = await self._say(turn)
        code, problem = ("", broken) if broken else code_in(said)
        ran = await self._ran(sandbox, turn, code, problem)
        most = self.request.prompt.model.output * GROWTH
        said = beginning(said[:1_000], most, self.scope.tools.measure)
        self.history.append(shown(turn, code or said, ran, self.caps.shown))
        return ran

    async def _ran(self, sandbox: Sandbox, turn: int, code: str, problem: str) -> CellResult:
        """What came of the code of a turn, recorded; an answer without any has a problem."""
        self.begun, began = [], perf_counter()
        ran = CellResult(error=problem, kind="syntax") if problem else await sandbox.run(code)
        event = CellFinished(
            call=self.request.call.inside("turn", turn),
            code=code,
            output=ran.output,
            error=ran.error,
            kind=ran.kind,
            submitted=ran.submitted,
            value=jsonable(ran.value),
            seconds=perf_counter() - began,
            tier=ran.tier,
            fresh=ran.fresh,
            ranges=[list(found) for found in ran.ranges],
            calls=[str(call) for call in self.begun],
        )
        self.scope.emit(event)
        return ran

    async def _say(self, turn: int) -> tuple[str, str]:
        """What the model says in a turn, and what is wrong with it where it is not whole."""
        left = f"turn {turn + 1} of {self.caps.iters}, {self.quota.free} sub-calls are left"
        texts = {
            "variables": self._variables(),
            "tools": self.told,
            "history": "\n\n".join(self.history) or "nothing yet",
            "turn": left,
        }
        request = self._request("turn", f.turn_of(self.request.prompt), texts, turn)
        outcome = await attempt(self.scope, request, 0, None)
        if isinstance(outcome, Refused):
            return outcome.answer, outcome.reason if self._cut(outcome) else ""
        return str(outcome.value or ""), ""

    def _cut(self, refused: Refused) -> bool:
        """Whether an answer is not whole: code that is cut must not be run."""
        most = self.request.prompt.model.output * GROWTH
        size = self.scope.tools.measure.tok(refused.answer)
        return bool(refused.code) or len(refused.answer) >= SHOWN or size > most

    async def _last(self) -> Datum:
        """The answer from what was found, when the turns are used up."""
        if self.child:
            self.quota.take_last()
        texts = {
            "variables": self._variables(),
            "history": "\n\n".join(self.history) or "nothing",
        }
        request = self._request("last", f.last_of(self.request.prompt), texts, None)
        return await answer(self.scope, request)

    def _variables(self) -> str:
        return "\n".join(f"{n}: {d}" for n, d in self.descriptions.items())

    def _submit(self, values: Sequence[Datum], fields: Mapping[str, Datum]) -> Datum:
        """The submitted value, if it is what the prompt gives. Raises ValueError."""
        prompt = self.request.prompt
        value = self.scope.tools.conform(prompt.result, values, fields)
        tools, given = self.scope.tools, self.request.inputs
        source = self.request.source or Shown(prompt, given)
        if problem := problem_with(prompt, value, given, tools.measure, tools.code, source):
            raise ValueError(problem)
        return with_places(prompt.result, value, source)

    # ── what code may call ───────────────────────────────────────────────────

    async def _query(self, prompts: list[Datum], contexts: list[Datum], deep: bool) -> list[Datum]:
        """`llm_query`, `rlm_query` and their batches."""
        if len(prompts) != len(contexts):
            raise ValueError(f"{len(prompts)} prompts, {len(contexts)} contexts")
        if not prompts:
            return []
        if deep:
            return await self._children(prompts, contexts)
        query = f.query_of(self.request.prompt)
        given = [
            {"request": str(p), "context": "" if c is None else c}
            for p, c in zip(prompts, contexts, strict=True)
        ]
        if len(given) > self.quota.free:
            self.quota.take(len(given))  # raises, before anything is measured
        for inputs in given:
            self._fits(query, inputs, self.caps.sub_input)
        self.quota.take(len(given))
        requests = [self._request("query", query, i, self._count()) for i in given]
        return await _all([partial(answer, self.scope, x) for x in requests])

    def _fits(
        self, prompt: r.Prompt | r.Tool, inputs: Mapping[str, Datum], most: int | None
    ) -> None:
        """Raises ValueError, in words for the model, for more than the plan counted with."""
        measure = self.scope.tools.measure
        if isinstance(prompt, r.Prompt) and most is None:
            most = prompt.model.context - prompt.model.output
        if problem := too_large(prompt, inputs, measure, most):
            raise ValueError(problem)

    async def _children(self, prompts: list[Datum], contexts: list[Datum]) -> list[Datum]:
        if self.caps.depth < 1:
            raise RuntimeError("no session further down is allowed here: use llm_query")
        shares = self.quota.divide(len(prompts))
        limits = self.account.share(len(prompts))
        try:
            return await _all(
                [
                    self._child(p, "" if c is None else c, share, limits).run
                    for p, c, share in zip(prompts, contexts, shares, strict=True)
                ]
            )
        finally:
            self.quota.give_back(shares)

    def _child(
        self, prompt: Datum, context: Datum, share: CallQuota, limits: Limits
    ) -> ReplSession:
        """A session one level down, with an account of its own out of this one's."""
        child, number = f.child_of(self.request.prompt), self._count()
        assert child.repl is not None
        inputs = {"request": str(prompt), "context": context}
        call = self._inside("child", number)
        request = replace(
            self.request,
            call=call,
            prompt=child,
            inputs=inputs,
            depth=self.request.depth + 1,
            source=None,
        )
        account = self.account.child(f"child {number}", limits)
        return ReplSession(self.scope, request, child.repl, share, account, True)

    async def _tool(self, name: str, args: list[Datum], fields: Mapping[str, Datum]) -> Datum:
        """A prompt or pattern of the recipe, called by code."""
        prompt = self.tools.get(name)
        if prompt is None:
            raise ValueError(f"there is no tool {name}")
        names = [p.name for p in prompt.params]
        inputs = {**dict(zip(names, args, strict=False)), **fields}
        if len(args) > len(names) or set(inputs) != set(names):
            raise TypeError(f"call it as {signature(prompt)}")
        self._fits(prompt, inputs, None)
        if isinstance(prompt, r.Tool):
            return await self._pattern(prompt, inputs)
        self.quota.take(1 + prompt.retry)
        request = self._request(name, prompt, inputs, self._count())
        return await answer(self.scope, request)

    async def _pattern(self, tool: r.Tool, inputs: dict[str, Datum]) -> Datum:
        """A pattern, each of whose calls is a sub-call of this session."""
        tools = self.scope.tools
        held = replace(tools, asker=Held(tools.asker, self.quota))
        scope = replace(self.scope, tools=held, account=self.account, depth=self.request.depth)
        scope.allowance = self.scope.allowance
        try:
            return await tools.pattern(scope, f"{self.request.node}.{tool.name}", inputs)
        except ItemError as problem:
            raise RuntimeError(problem.diagnostic.message) from None

    # ── names ────────────────────────────────────────────────────────────────

    def _count(self) -> int:
        self.asked += 1
        return self.asked

    def _inside(self, what: str, number: int | None) -> CallId:
        """A call or session that the code of this turn begins."""
        self.begun.append(self.request.call.inside(what, number))
        return self.begun[-1]

    def _request(
        self, part: str, prompt: r.Prompt, inputs: Mapping[str, Datum], number: int | None
    ) -> Request:
        own = part in ("turn", "last")
        parts = (self.request.part, f"child.{part}" if self.child and own else part)
        depth = self.request.depth + (0 if own else 1)
        call = self.request.call.inside(part, number) if own else self._inside(part, number)
        return Request(
            call,
            prompt,
            inputs,
            ".".join(x for x in parts if x),
            self.account,
            depth,
            self.request.source if part == "last" else None,
        )


async def respond(scope: RunContext, request: Request) -> Datum:
    """The answer. Raises ItemError when none was usable, CodedError when none can be asked for."""
    if (caps := request.prompt.repl) is not None:
        return await explore(scope, request, caps)
    return await answer(scope, request)


async def explore(scope: RunContext, request: Request, caps: r.Repl) -> Datum:
    """The answer of a free-form prompt."""
    account = scope.account.child(request.call.step)
    if caps.tokens is not None or caps.usd is not None:
        account = account.child(str(request.call), _limits(caps))
    session = ReplSession(scope, request, caps, CallQuota(caps.calls, caps.calls), account)
    with anyio.move_on_after(caps.wall):
        return await session.run()
    raise _out_of_time(request, caps)


async def _all(work: Sequence[Callable[[], Awaitable[Datum]]]) -> list[Datum]:
    """Results in order. The first that brings none stops the others, whose answers are kept where
    they were sent already. What ends the run is raised; else RuntimeError, in words for the model.
    """
    found: dict[int, Datum] = {}

    async def one(number: int, call: Callable[[], Awaitable[Datum]]) -> None:
        found[number] = await call()

    try:
        async with anyio.create_task_group() as tasks:
            for number, call in enumerate(work):
                tasks.start_soon(one, number, call)
    except BaseExceptionGroup as group:
        problem = first_cause(group)
        if isinstance(problem, CodedError) and not ends_run(problem):
            raise RuntimeError(problem.diagnostic.message) from None
        raise problem from None
    return [found[number] for number in range(len(work))]


def _out_of_time(request: Request, caps: r.Repl) -> ItemError:
    return ItemError(
        Diagnostic(
            "session-out-of-time",
            f"{request.call}: no answer within the {caps.wall:g} s that the session may take",
            reason="What its turns and sub-calls brought is kept.",
            hint="raise `wall` of the repl",
        )
    )


def _limits(caps: r.Repl) -> Limits:
    return Limits.declared(tokens=caps.tokens, usd=caps.usd)
