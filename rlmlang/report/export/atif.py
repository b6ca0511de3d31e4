"""The Agent Trajectory Interchange Format: one conversation of the user, the recipe and its code.

What was asked is the user's, an answer the agent's; code is a tool that is called, and what code
asked models are trajectories of agents below. These stand behind the steps, so they wait in a file
without a name as soon as they are many.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from tempfile import SpooledTemporaryFile

from rlmlang.budget import Usage
from rlmlang.report.export.export import Export
from rlmlang.report.export.otlp import LANGUAGE
from rlmlang.report.export.turns import Conversation, Ended, Turn, turns_of
from rlmlang.resources import __version__
from rlmlang.trajectory.events import CallFailed, Event, RunFinished, RunStarted, ToolCalled
from rlmlang.trajectory.usage import usage_of
from rlmlang.value import Json

SCHEMA = "ATIF-v1.8"
IN_MEMORY = 1 << 20  # bytes of trajectories below
Values = dict[str, Json]


def _lines(events: Iterable[Event]) -> Iterator[str]:
    writing = _Writing()
    with SpooledTemporaryFile(IN_MEMORY, "w+", -1, "utf-8", errors="backslashreplace") as below:
        yield '{"schema_version": ' + json.dumps(SCHEMA) + ', "steps": [\n'
        for number, step in enumerate(writing.steps(events), 1):
            yield (",\n" if number > 1 else "") + _json({"step_id": number, **step})
            for each in writing.agents:
                below.write((",\n" if below.tell() else "") + _json(each))
            writing.agents.clear()
        yield "\n]"
        if below.tell():
            below.seek(0)
            yield ', "subagent_trajectories": [\n'
            yield from below
            yield "\n]"
    for name, value in writing.rest().items():
        yield f', "{name}": {_json(value)}'
    yield "}\n"


@dataclass
class _Writing:
    """What stands behind the steps: totals, how the run ended, trajectories below."""

    started: RunStarted | None = None
    finished: RunFinished | None = None
    usage: Usage = field(default_factory=Usage)
    priced: bool = True
    agents: list[Values] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    used: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def steps(self, events: Iterable[Event]) -> Iterator[Values]:
        """The steps of the run, without their numbers."""
        for found in turns_of(events):
            match found:
                case RunStarted():
                    self.started = self.started or found
                    yield self._counted(_said("user", found.at, _inputs(found)))
                case RunFinished():
                    self.finished = found
                case Turn():
                    yield from map(self._counted, self._turn(found))

    def rest(self) -> Values:
        """The root's other fields."""
        started, ended = self.started, self.finished
        name = started.recipe if started is not None else "rlmlang"
        models = list(dict.fromkeys(started.models.values())) if started is not None else []
        agent: Values = {"name": name, "version": __version__, "extra": {"engine": "rlmlang"}}
        totals: Values = {
            "total_prompt_tokens": self.usage.tokens_in,
            "total_completion_tokens": self.usage.tokens_out,
            "total_steps": self.count,
        }
        usd: Values = {"total_cost_usd": float(self.usage.usd)} if self.priced else {}
        run = started.run if started is not None else ""
        root: Values = {"session_id": run, "trajectory_id": run} if run else {}
        root |= {"agent": agent | ({"model_name": models[0]} if models else {})}
        root |= {"final_metrics": totals | usd}
        root |= {"notes": "Tokens and dollars in all are those of agents below too."}
        if ended is None:
            return root
        about = {"outcome": ended.outcome, "result": ended.result, "code": ended.code}
        return root | {"extra": {k: v for k, v in about.items() if v not in (None, "")}}

    def _counted(self, step: Values) -> Values:
        self.count += 1
        return step

    def _turn(self, turn: Turn) -> Iterator[Values]:
        """A call with what came of it; what was asked stands before it, of a session once."""
        call = turn.call
        session = str(turn.session or "")
        if call is not None and call.request and (not session or session not in self.begun):
            yield _said("user", call.at - call.seconds, call.request)
        if session:
            self.begun.add(session)
        yield self._answered(turn)

    def _answered(self, turn: Turn) -> Values:
        call, cell = turn.call, turn.cell
        at = max((e.at for e in (call, cell) if e is not None), default=0.0)
        step = _said("agent", at, turn.answer)
        if call is None:
            step["llm_call_count"] = 0
        else:
            step |= self._metrics(call)
        refs = [*map(self._alone, turn.below), *map(self._child, turn.children)]
        calls, results = _tools(turn, refs)
        if calls:
            step |= {"tool_calls": calls, "observation": {"results": results}}
        return step

    def _metrics(self, call: Ended) -> Values:
        used = usage_of([call])
        self.usage += used
        self.priced = self.priced and (call.usd is not None or not call.row)
        amounts: Values = {"prompt_tokens": used.tokens_in, "completion_tokens": used.tokens_out}
        usd: Values = {} if call.usd is None else {"cost_usd": float(used.usd)}
        about: Values = {"call": str(call.call), "attempt": call.call.attempt, "node": call.node}
        about |= {"reused": True} if call.reused else {}
        if isinstance(call, CallFailed):
            about |= {"refused": call.code, "reason": call.reason}
        named: Values = {"model_name": call.model} if call.model else {}
        return named | {"llm_call_count": 1, "metrics": amounts | usd, "extra": about}

    def _alone(self, call: Ended) -> Values:
        """A call that code made, as a trajectory below."""
        return self._agent(str(call.call), call.prompt, list(self._turn(Turn(call))))

    def _child(self, session: Conversation) -> Values:
        """A session that code began, as a trajectory below."""
        turns = (turn for turn in session.turns if not turn.empty)
        steps = [step for turn in turns for step in self._turn(turn)]
        return self._agent(str(session.id), session.id.step, steps)

    def _agent(self, id: str, name: str, steps: list[Values]) -> Values:
        """Notes a trajectory below; gives what refers to it. Ids are each there once: a call that
        was repeated has a number."""
        self.used[id] = again = self.used.get(id, 0) + 1
        name_in_file = id if again == 1 else f"{id} #{again}"
        numbered: list[Json] = [{"step_id": n, **s} for n, s in zip(count(1), steps, strict=False)]
        agent: Values = {"name": name, "version": __version__}
        about: Values = {"schema_version": SCHEMA, "trajectory_id": name_in_file, "agent": agent}
        self.agents.append(about | {"steps": numbered})
        return {"trajectory_id": name_in_file}


def _tools(turn: Turn, refs: list[Values]) -> tuple[list[Json], list[Json]]:
    """Code and the functions that it called, as calls of tools with their results."""
    calls: list[Json] = []
    results: list[Json] = []
    cell = turn.cell
    if cell is not None or refs:
        id_ = f"{cell.call if cell is not None else turn.session}.cell"
        code = cell.code if cell is not None else ""
        calls.append(_called(id_, LANGUAGE, {"code": code}))
        shown = "\n".join(x for x in (cell.output, cell.error) if x) if cell is not None else ""
        found: Values = {"source_call_id": id_, "content": shown}
        results.append(found | ({"subagent_trajectory_ref": refs} if refs else {}))
    for tool in turn.tools:
        id_ = f"{tool.call}.{tool.seq}"
        calls.append(_called(id_, tool.tool, _arguments(tool)))
        shown = tool.error or (_json(tool.result) if tool.result is not None else "")
        results.append({"source_call_id": id_, "content": shown})
    return calls, results


def _called(id: str, name: str, arguments: Values) -> Values:
    return {"tool_call_id": id, "function_name": name, "arguments": arguments}


def _arguments(tool: ToolCalled) -> Values:
    """Arguments as an object; what a record has cut off is text."""
    try:
        found = json.loads(tool.arguments or "{}")
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"arguments": tool.arguments}


def _said(source: str, at: float, message: str) -> Values:
    stamp = datetime.fromtimestamp(max(0.0, at), UTC).isoformat()
    return {"timestamp": stamp, "source": source, "message": message}


def _inputs(started: RunStarted) -> str:
    """What the recipe was given."""
    return "\n".join(f"{name}: {shown}" for name, shown in started.inputs.items())


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


ATIF = Export(
    "atif",
    "A trajectory of an agent, as ATIF.",
    _lines,
    "Harbor and other readers of ATIF 1.8",
    "the plan, which bytes were read, waits: steps and coverage stand in no field",
)
