"""A free-form node: a model writes code, turn by turn, until it submits an answer.

Every turn and every sub-call is a call like any other: paid, kept, recorded. A run that died is
resumed by running the same code again, with the answers that are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import anyio

from rlmlang.budget import Account, Limits
from rlmlang.context import Datum
from rlmlang.execute.call_model import SHOWN, ItemError, Request, answer, attempt
from rlmlang.execute.call_quota import CallQuota
from rlmlang.execute.input_limits import beginning, too_large
from rlmlang.execute.run_context import RunContext
from rlmlang.execute.session_events import tell_cell
from rlmlang.execute.session_problems import failing
from rlmlang.execute.session_state import SessionState
from rlmlang.execute.together import all_of
from rlmlang.execute.tool_calls import HostCall, ToolQuota, arguments_of
from rlmlang.execute.transcript import code_in, shown
from rlmlang.execute.validate import Shown, problem_with, with_places
from rlmlang.ir import recipe as r
from rlmlang.ir import repl_prompts as f
from rlmlang.ir.calls import CallId
from rlmlang.ir.sizes import GROWTH
from rlmlang.protocols import Asker, CellResult, Question, Refused, Reply, Sandbox
from rlmlang.schema.tools import BUILT_IN
from rlmlang.trajectory.events import SessionLeft, TurnStarted


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
    tool_quota: ToolQuota
    child: bool = False
    history: list[str] = field(default_factory=list)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, Datum] = field(default_factory=dict)
    asked: int = 0
    told: str = ""
    errors: int = 0
    state: SessionState | None = None
    begun: list[CallId] = field(default_factory=list)

    async def run(self) -> Datum:
        """The answer. Raises ItemError when even the last word is of no use."""
        sandbox = self.scope.tools.sandbox(self.caps)
        prompt = self.request.prompt
        host = {"__query": self._query, "__tool": self._tool}
        self.tools = {p.name: self._described(p) for p in f.called_by_code(self.caps)}
        looks = {n: BUILT_IN[n] for n in self.caps.tools if n not in self.tools}
        given = {p.name: self.request.inputs.get(p.name) for p in prompt.params}
        self.images = {shown.name: given.pop(n) for n, shown in f.seen_by(prompt).items()}
        state = self.state = self._going_on(given)
        try:
            self.descriptions = await sandbox.open(
                given, {**host, **self.tools, **looks}, self._submit
            )
            own = map(self.tool_quota.told, self.tools.values())
            told = [*own, *(t.signature for t in looks.values())]
            models = filter(None, [f.models_told(prompt)])
            self.told = "\n".join([*models, *told, sandbox.missing_features])
            if state is not None:
                await state.restore(sandbox)
                self.history += filter(None, [state.told])
            for turn in range(self.caps.iters):
                if self.child and not self.quota.free:
                    break
                ran = await self._turn(sandbox, turn)
                if ran.submitted:
                    return await self._left(sandbox, ran.value)
                self._count_error(ran)
            return await self._left(sandbox, await self._last())
        finally:
            with anyio.CancelScope(shield=True):
                await sandbox.close()

    def _described(self, tool: f.AnyTool) -> f.AnyTool:
        """A tool as its server describes it, where that alone knows."""
        return self.scope.tools.host.described(tool) if isinstance(tool, r.HostFunction) else tool

    def _going_on(self, given: dict[str, Datum]) -> SessionState | None:
        """The state of a session that may go on, its variables among what code is given."""
        if not self.caps.session:
            return None
        before = given.pop(self.caps.session)
        if not isinstance(before, Mapping):
            return None
        made = SessionState(before, self.caps.conversation)
        given |= {k: v for k, v in made.variables.items() if k not in given}
        return made

    async def _left(self, sandbox: Sandbox, value: Datum) -> Datum:
        """The answer, when what the session leaves is kept."""
        if self.state is not None:
            variables, lost = await self.state.left(sandbox)
            self.scope.emit(SessionLeft(call=self.request.call, variables=variables, lost=lost))
        return value

    # ── turns ────────────────────────────────────────────────────────────────

    async def _turn(self, sandbox: Sandbox, turn: int) -> CellResult:
        if self.child:
            self.quota.take()
        scope, call = self.scope, self.request.call.inside("turn", turn)
        left = self.quota.free
        scope.emit(TurnStarted(call=call, turn=turn + 1, turns=self.caps.iters, calls_left=left))
        said, broken = await self._say(turn)
        began = scope.clock()
        code, problem = ("", broken) if broken else code_in(said)
        self.begun = []
        ran = CellResult(error=problem, kind="syntax") if problem else await sandbox.run(code)
        if self.state is not None:
            ran = self.state.ran(code, ran)
        tell_cell(scope, call, code, ran, scope.clock() - began, self.begun)
        most = self.request.prompt.model.output * GROWTH
        said = beginning(said[:1_000], most, scope.tools.measure)
        self.history.append(shown(turn, code or said, ran, self.caps.shown))
        return ran

    def _count_error(self, ran: CellResult) -> None:
        """Counts the turns in a row that failed. Raises ItemError for one too many."""
        self.errors = self.errors + 1 if ran.error else 0
        if self.caps.errors is not None and self.errors > self.caps.errors:
            raise failing(self.request, self.caps.errors, ran)

    async def _say(self, turn: int) -> tuple[str, str]:
        """What the model says in a turn, and what is wrong with it where it is not whole."""
        left = f"turn {turn + 1} of {self.caps.iters}, {self.quota.free} sub-calls are left"
        texts: dict[str, Datum] = {
            "variables": self._variables(),
            "tools": self.told,
            "history": "\n\n".join(self.history) or "nothing yet",
            "turn": left,
            **self.images,
        }
        request = self._request("turn", f.turn_of(self.request.prompt), texts, turn)
        outcome = await attempt(self.scope, request, 0, None)
        if self.images and turn == 0:
            self.scope.receipt.read(request.call.step, request.arguments)
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
        history = "\n\n".join(self.history) or "nothing"
        texts = {"variables": self._variables(), "history": history, **self.images}
        request = self._request("last", f.last_of(self.request.prompt), texts, None)
        return await answer(self.scope, request)

    def _variables(self) -> str:
        return "\n".join(f"{n}: {d}" for n, d in self.descriptions.items())

    def _submit(self, values: Sequence[Datum], fields: Mapping[str, Datum]) -> Datum:
        """The submitted value, if it is what the prompt gives. Raises ValueError."""
        prompt, state = self.request.prompt, self.state
        if state is not None and state.leaving:
            return values[0]
        value = self.scope.tools.conform(prompt.result, values, fields)
        tools, given = self.scope.tools, self.request.inputs
        source = self.request.source or Shown(prompt, given)
        code = tools.code.at(self.request.call, self.scope.emit)
        if problem := problem_with(prompt, value, given, tools.measure, code, source):
            raise ValueError(problem)
        value = with_places(prompt.result, value, source)
        if state is not None:
            state.hold(value)
        return value

    # ── what code may call ───────────────────────────────────────────────────

    async def _query(
        self, prompts: list[Datum], contexts: list[Datum], deep: bool, *named: str
    ) -> list[Datum]:
        """`llm_query`, `rlm_query` and their batches."""
        if self.state is not None and self.state.held:
            return [None for _ in prompts]
        if len(prompts) != len(contexts):
            raise ValueError(f"{len(prompts)} prompts, {len(contexts)} contexts")
        if not prompts:
            return []
        if deep:
            return await self._children(prompts, contexts)
        other = self._named(*named)
        query, part = f.query_of(self.request.prompt, other), f.query_part(other)
        given = [
            {"request": str(p), "context": "" if c is None else c}
            for p, c in zip(prompts, contexts, strict=True)
        ]
        if len(given) > self.quota.free:
            self.quota.take(len(given))  # raises, before anything is measured
        for inputs in given:
            self._fits(query, inputs, self.caps.sub_input)
        self.quota.take(len(given))
        requests = [self._request(part, query, i, self._count()) for i in given]
        return await all_of([partial(answer, self.scope, x) for x in requests])

    def _named(self, name: str = "") -> r.Model | None:
        """The model that code names, None for the usual one. Raises ValueError, in words for the
        model."""
        usual = (self.caps.sub or self.request.prompt.model).name
        found = next((m for m in self.caps.others if m.name == name), None)
        if found is None and name not in ("", usual):
            known = ", ".join(m.name for m in self.caps.others)
            raise ValueError(f"there is no model {name!r}: name one of {usual}, {known}")
        return found

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
            return await all_of(
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
        return ReplSession(self.scope, request, child.repl, share, account, self.tool_quota, True)

    async def _tool(self, name: str, args: list[Datum], fields: Mapping[str, Datum]) -> Datum:
        """A prompt, pattern or function of the recipe, called by code."""
        if self.state is not None and self.state.held:
            return None
        tool = self.tools.get(name)
        if tool is None:
            raise ValueError(f"there is no tool {name}")
        inputs = arguments_of(tool, args, fields)
        if isinstance(tool, r.HostFunction):
            return await self._function(tool, inputs)
        self._fits(tool, inputs, None)
        self.tool_quota.take(tool)
        if isinstance(tool, r.Tool):
            return await self._pattern(tool, inputs)
        self.quota.take(1 + tool.retry)
        request = self._request(name, tool, inputs, self._count())
        return await answer(self.scope, request)

    async def _function(self, tool: r.HostFunction, inputs: dict[str, Datum]) -> Datum:
        """A function outside of the sandbox, which asks no model."""
        self.scope.tools.host.check(tool, inputs)
        self.tool_quota.take(tool)
        call = self.request.call.inside(tool.name, self._count())
        return await HostCall(self.scope, call, tool, inputs).result()

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
        name = part.partition(".")[0]
        parts = (self.request.part, f"child.{part}" if self.child and own else part)
        depth = self.request.depth + (0 if own else 1)
        call = self.request.call.inside(name, number) if own else self._inside(name, number)
        return Request(
            call,
            prompt,
            inputs,
            ".".join(x for x in parts if x),
            self.account,
            depth,
            self.request.source if part == "last" else None,
        )
