"""Logs of the package `rlms`: a line about the run, then one for each iteration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rlmlang.ir.calls import CallId
from rlmlang.trajectory.events import (
    CallFailed,
    CallFinished,
    CallStarted,
    CellFinished,
    Event,
    Exchange,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    TurnStarted,
)
from rlmlang.trajectory.logs.log import DEPTH, Fields, Log, Telling, UnreadableLogError
from rlmlang.value import Json

RECIPE, STEP = "rlms", "answer"
NODE = f"{RECIPE}.{STEP}"
PROVIDERS = {"openai": "openai", "anthropic": "anthropic", "gemini": "gemini",
             "openrouter": "openrouter", "azure_openai": "azure"}  # fmt: skip
FAILED = "model-failed"  # the code of a call that brought an error


def _knows(first: Json) -> bool:
    if not isinstance(first, dict):
        return False
    kind = first.get("type")
    return (kind == "metadata" and "root_model" in first) or (
        kind == "iteration" and "code_blocks" in first
    )


def _read(lines: Sequence[Fields], path: str, at: float) -> list[Event]:
    metadata = [x for x in lines if x.text("type") == "metadata"]
    iterations = [x for x in lines if x.text("type") == "iteration"]
    if not iterations:
        raise UnreadableLogError("", "it holds no iteration")
    model = _model(metadata[0]) if metadata else ""
    first = (metadata or iterations)[0].moment("timestamp", at)
    telling = Telling(NODE)
    telling.tell(_started(path, model), first)
    telling.tell(StepStarted(verb="call"), first, RECIPE)
    reading = _Session(telling, model)
    sessions = _sessions(iterations)
    for number, session in enumerate(sessions):
        call = CallId.of(STEP, number) if len(sessions) > 1 else CallId.of(STEP)
        reading.session(call, session, first)
    last = iterations[-1].moment("timestamp", first)
    telling.tell(StepFinished(verb="call", items=len(sessions)), last, RECIPE)
    telling.tell(_finished(reading.answer), last)
    return telling.told


def _started(path: str, model: str) -> RunStarted:
    models = {"default": model} if model else {}
    return RunStarted(recipe=RECIPE, plan="", path=path, models=models)


def _finished(answer: str | None) -> RunFinished:
    """How it ended: a log without a final answer is that of a run that stopped."""
    if answer is not None:
        return RunFinished(outcome="finished", result=answer)
    words = "the log ends without a final answer"
    return RunFinished(outcome="failed", code="no-answer", message=words)


def _model(about: Fields) -> str:
    name, provider = about.text("root_model"), PROVIDERS.get(about.text("backend"), "")
    return f"{provider}/{name}" if provider and name and "/" not in name else name


def _sessions(iterations: Sequence[Fields]) -> list[list[Fields]]:
    """The iterations of each answer; numbers begin anew with each. Raises UnreadableLogError where
    one is missing."""
    found: list[list[Fields]] = []
    before = 0
    for line in iterations:
        number = line.count("iteration")
        if number not in (1, before + 1):
            raise UnreadableLogError(line.where, f"iteration {number} follows {before}")
        if number == 1:
            found.append([])
        found[-1].append(line)
        before = number
    return found


@dataclass
class _Session:
    """Makes events of iterations. The log says when an iteration ended and how long parts of it
    took; when each of its calls was made is reckoned from that."""

    telling: Telling
    model: str
    answer: str | None = None
    calls: dict[str, int] = field(default_factory=dict)
    depth: int = 0

    def session(self, id: CallId, iterations: Sequence[Fields], began: float) -> None:
        """The turns of a session."""
        for number, line in enumerate(iterations):
            taken = line.amount("iteration_time") or 0.0
            ended = max(began, line.moment("timestamp", began + taken))
            final = _final(line)
            self.answer = final if final is not None else self.answer
            if line.text("response") or line.values.get("code_blocks"):
                self._turn(id, number, line, began, ended, final)
            began = ended

    def _turn(
        self, id: CallId, number: int, line: Fields, began: float, ended: float, final: str | None
    ) -> None:
        call, blocks = id.inside("turn", number), list(line.each("code_blocks"))
        results = [(block, block.inside("result")) for block in blocks]
        running = sum(result.amount("execution_time") or 0.0 for _, result in results)
        answered = max(began, ended - running)
        taken = line.amount("iteration_time")
        seconds = answered - began if taken is None else max(0.0, taken - running)
        if blocks or final is not None:
            turns = TurnStarted(call=call, turn=number + 1, turns=0, calls_left=0)
            self.telling.tell(turns, answered - seconds, str(id))
        used = _used(line, self.model)
        exchange = _exchange(line, "prompt", "response", used, seconds)
        self._call(call, str(id), exchange, answered, "")
        begun: list[str] = []
        for _, result in results:
            begun += self._below(id, result, answered)
            answered += result.amount("execution_time") or 0.0
        if blocks or final is not None:
            self.telling.tell(_cell(call, results, begun, running, final), ended, str(id))

    def _below(self, id: CallId, result: Fields, at: float) -> list[str]:
        """What a block of code asked models; gives the ids."""
        begun = []
        for found in result.each("rlm_calls"):
            seconds = found.amount("execution_time") or 0.0
            at += seconds
            log = list(found.inside("metadata").each("iterations"))
            call = self._next(id, "child" if log else "query")
            begun.append(str(call))
            if log:
                self._child(call, found, log, at - seconds)
                continue
            used = _used(found, found.text("root_model") or self.model)
            exchange = _exchange(found, "prompt", "response", used, seconds)
            self._call(call, str(id), exchange, at, found.said("error"))
        return begun

    def _child(self, call: CallId, found: Fields, log: Sequence[Fields], at: float) -> None:
        if self.depth >= DEPTH:
            raise UnreadableLogError(found.where, f"more than {DEPTH} sessions within each other")
        about = found.inside("metadata").inside("run_metadata")
        model = _model(about) or found.text("root_model") or self.model
        before = len(self.telling.told)
        _Session(self.telling, model, None, self.calls, self.depth + 1).session(call, log, at)
        self._rest(call, _used(found, model), before)

    def _rest(self, session: CallId, total: Exchange, before: int) -> None:
        """A log has what a session below used in all, and not what each of its turns did: what is
        left beside its calls is booked on its last turn."""
        told = self.telling.told
        made = [(n, e) for n, e in enumerate(told) if n >= before and isinstance(e, CallFinished)]
        own = [(n, e) for n, e in made if e.call.above == session and e.call.own]
        if not own or any(e.tokens_in or e.tokens_out for _, e in own):
            return
        tok_in = total.tokens_in - sum(e.tokens_in for _, e in made)
        tok_out = total.tokens_out - sum(e.tokens_out for _, e in made)
        rest = None if total.usd is None else total.usd - sum(e.usd or 0.0 for _, e in made)
        for n, event in own:
            told[n] = replace(event, usd=None if rest is None else 0.0)
        usd = None if rest is None else max(0.0, rest)
        n, last = own[-1]
        told[n] = replace(last, tokens_in=max(0, tok_in), tokens_out=max(0, tok_out), usd=usd)

    def _next(self, id: CallId, what: str) -> CallId:
        number = self.calls[str(id)] = self.calls.get(str(id), 0) + 1
        return id.inside(what, number)

    def _call(self, call: CallId, parent: str, made: Exchange, at: float, error: str) -> None:
        prompt, row = STEP, self.telling.row()
        self.telling.tell(CallStarted(call=call, prompt=prompt, row=row), at - made.seconds, parent)
        about = {**vars(made), "row": row}
        if error:
            failed = CallFailed(call=call, prompt=prompt, code=FAILED, reason=error, **about)
            self.telling.tell(failed, at, parent)
        else:
            self.telling.tell(CallFinished(call=call, prompt=prompt, **about), at, parent)


def _exchange(found: Fields, asked: str, answered: str, used: Exchange, seconds: float) -> Exchange:
    return Exchange(
        found.said(asked),
        found.said(answered),
        used.model,
        used.tokens_in,
        used.tokens_out,
        used.usd,
        seconds,
        reused=used.reused,
    )


def _used(found: Fields, model: str) -> Exchange:
    """What an answer used, as far as it is told: of several models together. One that took no call
    was there already."""
    models = found.inside("usage_summary").inside("model_usage_summaries")
    each = [(name, models.inside(name)) for name in models.values]
    costs = [used.amount("total_cost") for _, used in each]
    return Exchange(
        model=model or next((name for name, _ in each), ""),
        tokens_in=sum(used.count("total_input_tokens") for _, used in each),
        tokens_out=sum(used.count("total_output_tokens") for _, used in each),
        usd=None if not costs or None in costs else sum(c for c in costs if c is not None),
        reused=bool(each) and not sum(used.count("total_calls") for _, used in each),
    )


def _cell(
    call: CallId,
    results: Sequence[tuple[Fields, Fields]],
    begun: list[str],
    seconds: float,
    final: str | None,
) -> CellFinished:
    """What came of the code of a turn; several blocks as one."""
    error = "\n".join(x for _, r in results if (x := r.text("stderr")))
    return CellFinished(
        call=call,
        code="\n\n".join(block.text("code") for block, _ in results),
        output="\n".join(x for _, r in results if (x := r.text("stdout"))),
        error=error,
        kind="python" if error else "",
        submitted=final is not None,
        value=final,
        seconds=seconds,
        calls=begun,
    )


def _final(line: Fields) -> str | None:
    """The final answer, if an iteration has one: a text, or how it was given and the text."""
    found = line.values.get("final_answer")
    if isinstance(found, list) and len(found) == 2:
        found = found[1]
    return (
        None if found is None else Fields({"final_answer": found}, line.where).said("final_answer")
    )


RLMS = Log("rlms", "The log of the package rlms.", _knows, _read)
