"""The log of the package `rlms`, which its viewer opens: a line about the run, then one a turn.

A call outside of a session is a turn without code. What code began stands in its turn: calls, and
sessions with a log of their own, as `rlms` keeps them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from rlmlang.report.export.export import Export
from rlmlang.report.export.turns import Conversation, Ended, Turn, turns_of
from rlmlang.trajectory.events import CallFailed, Event, RunFinished, RunStarted
from rlmlang.trajectory.usage import cost_of, usage_of
from rlmlang.value import Json

Values = dict[str, Json]


def _lines(events: Iterable[Event]) -> Iterator[str]:
    number, said = 0, ""
    for found in turns_of(events):
        match found:
            case RunStarted():
                yield _line("metadata", found.at, {**_about(found.models), "run": found.run})
            case Turn():
                number += 1
                values = iteration(found)
                said = str(values["final_answer"] or said)
                yield _line("iteration", _time(found), {"iteration": number, **values})
            case RunFinished(result=result) if result is not None and _text(result) != said:
                last = {**iteration(Turn(None)), "final_answer": _text(result)}
                yield _line("iteration", found.at, {"iteration": number + 1, **last})


def _line(kind: str, at: float, values: Values) -> str:
    stamp = datetime.fromtimestamp(at, UTC).isoformat()
    return json.dumps({"type": kind, "timestamp": stamp, **values}, ensure_ascii=False) + "\n"


def _about(models: Mapping[str, str]) -> Values:
    """What the format has of a run; of limits and sandboxes there is nothing in a record."""
    names = list(dict.fromkeys(models.values()))
    return {
        "root_model": names[0] if names else "",
        "max_depth": 0,
        "max_iterations": 0,
        "backend": "rlmlang",
        "backend_kwargs": {"models": dict(models)},
        "environment_type": "rlmlang",
        "environment_kwargs": {},
        "other_backends": None,
    }


def iteration(turn: Turn) -> Values:
    """A turn as an iteration."""
    cell, call = turn.cell, turn.call
    began = call.at - call.seconds if call is not None else 0.0
    seconds = max(0.0, _time(turn) - began) if call is not None else 0.0
    final = _text(cell.value) if cell is not None and cell.submitted else None
    return {
        "prompt": [{"role": "user", "content": call.request}] if call is not None else [],
        "response": turn.answer,
        "code_blocks": _code(turn, final),
        "final_answer": final,
        "iteration_time": seconds,
        **({"call": str(call.call), "usage_summary": _usage([call])} if call is not None else {}),
        **({"refused": call.code} if isinstance(call, CallFailed) else {}),
    }


def _code(turn: Turn, final: str | None) -> list[Json]:
    """The code of a turn with what came of it; none where none was run."""
    calls: list[Json] = [*map(_completion, turn.below), *map(_child, turn.children)]
    cell = turn.cell
    if cell is None and not calls:
        return []
    result: Values = {
        "stdout": cell.output if cell is not None else "",
        "stderr": cell.error if cell is not None else "",
        "locals": {},
        "execution_time": cell.seconds if cell is not None else 0.0,
        "rlm_calls": calls,
        "final_answer": final,
    }
    return [{"code": cell.code if cell is not None else "", "result": result}]


def _completion(call: Ended) -> Values:
    """A call that code made."""
    values: Values = {
        "root_model": call.model,
        "prompt": call.request,
        "response": call.answer,
        "usage_summary": _usage([call]),
        "execution_time": call.seconds,
    }
    return values | ({"error": call.reason or call.code} if isinstance(call, CallFailed) else {})


def _child(session: Conversation) -> Values:
    """A session that code began, with its own log."""
    turns = [turn for turn in session.turns if not turn.empty]
    calls = [call for turn in turns for call in _calls(turn)]
    own = [turn.call for turn in turns if turn.call is not None]
    models = {"default": own[0].model} if own else {}
    final = [t.cell.value for t in turns if t.cell is not None and t.cell.submitted]
    iterations: list[Json] = [
        {"type": "iteration", "iteration": n, **iteration(turn)} for n, turn in enumerate(turns, 1)
    ]
    return {
        "root_model": own[0].model if own else "",
        "prompt": own[0].request if own else "",
        "response": _text(final[-1]) if final else own[-1].answer if own else "",
        "usage_summary": _usage(calls),
        "execution_time": sum(call.seconds for call in calls),
        "metadata": {"run_metadata": _about(models), "iterations": iterations},
    }


def _calls(turn: Turn) -> Iterator[Ended]:
    """All calls of a turn and of what it began."""
    yield from (turn.call,) if turn.call is not None else ()
    yield from turn.below
    for child in turn.children:
        for each in child.turns:
            yield from _calls(each)


def _usage(calls: Iterable[Ended]) -> Values:
    """What calls used, by their models."""
    by_model: dict[str, list[Ended]] = {}
    for call in calls:
        by_model.setdefault(call.model, []).append(call)
    found: dict[str, Json] = {}
    for model, made in by_model.items():
        used, usd = usage_of(made), cost_of(made)
        found[model] = {
            "total_calls": used.calls,
            "total_input_tokens": used.tokens_in,
            "total_output_tokens": used.tokens_out,
            **({"total_cost": usd} if usd is not None else {}),
        }
    total = cost_of(call for made in by_model.values() for call in made)
    known: Values = {"total_cost": total} if by_model and total is not None else {}
    return {"model_usage_summaries": found, **known}


def _time(turn: Turn) -> float:
    """When a turn had ended."""
    return max((e.at for e in (turn.call, turn.cell) if e is not None), default=0.0)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


RLMS = Export(
    "rlms",
    "The log of the package rlms: a line a turn.",
    _lines,
    "the viewer of rlms; `rlm import` of another machine",
    "steps, which bytes were read, functions that code called, waits",
)
