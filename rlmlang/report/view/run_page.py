"""A run as the values that its page shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rlmlang.report.evidence import Answers, answer_of
from rlmlang.report.view.calls import (
    NANO,
    STATES,
    TICKS,
    CallTable,
    attempt_columns,
    call_columns,
    call_table,
    groups_told,
    range_columns,
)
from rlmlang.report.view.coverage import FATES, coverage_map
from rlmlang.report.view.page import Kept, RunPage
from rlmlang.report.view.price import price
from rlmlang.report.view.sessions import cells, tools
from rlmlang.report.view.texts import Limit, Texts
from rlmlang.trajectory.calls import RunRecord, fold
from rlmlang.trajectory.events import CallFinished
from rlmlang.trajectory.usage import cost_of
from rlmlang.value import Json

EVIDENCE = 200


@dataclass(frozen=True)
class Shown:
    """What of a run is shown: texts up to a limit, without what `redact` takes out."""

    limit: Limit
    redact: Callable[[str], str]


def run_page(kept: Kept, shown: Shown) -> RunPage:
    """The page of a run. Events of a run that goes on may stop anywhere."""
    run = fold(kept.events())
    table = call_table(run)
    texts = Texts(shown.limit, shown.redact, kept.texts)
    found = Answers()
    if not shown.limit.none:
        texts.take(table, lambda e, answer: found.take(replace(e, answer=answer)), _nothing)
    ranges = range_columns(table)
    documents = {d: n for n, d in enumerate(table.documents.texts) if d}
    covered = coverage_map(run, documents)
    priced = cost_of(attempt for _, attempt in table.attempts) is not None
    began = run.started.at if run.started is not None else kept.started
    tables = {
        "calls": call_columns(table, began, texts.empty),
        "attempts": attempt_columns(table, began),
        "ranges": ranges,
        "spans": covered.spans,
    }
    head: dict[str, Json] = {
        **_about(kept, run, shown.redact, priced=priced),
        "price": price(kept.plan, run),
        "evidence": _evidence(found, run, table, shown),
        "coverage": _redacted(covered.sources, shown.redact),
        "groups": groups_told(table.groups),
        "names": table.names.texts,
        "documents": [shown.redact(name) for name in table.documents.texts],
        "waits": _waits(run, began),
        "whole": texts.whole,
        "units": {"ticks": TICKS, "nano": NANO, "states": list(STATES), "fates": list(FATES)},
        "texts": not shown.limit.none,
        "blocks": sorted(texts.blocks()),
    }
    told = not shown.limit.none
    made: Json = {
        "cells": cells(table, shown.redact, texts=told),
        "tools": tools(run, shown.redact, texts=told),
    }
    return RunPage(kept.name, head, tables, {**texts.blocks(), "sessions": made})


def is_priced(page: RunPage) -> bool:
    """Whether all that a run asked has a known price."""
    usage = page.head["usage"]
    return isinstance(usage, dict) and usage["usd"] is not None


def _nothing(answer: str) -> bool:
    return not answer_of(answer).strip()


def _about(
    kept: Kept, run: RunRecord, redact: Callable[[str], str], *, priced: bool
) -> dict[str, Json]:
    """What stands at the top: what run it is, how it ended and what it gave."""
    started, ended = run.started, run.finished
    usage = kept.usage
    seconds = (ended.at if ended is not None else kept.ended or kept.started) - kept.started
    return {
        "run": kept.name,
        "recipe": kept.recipe,
        "item": redact(kept.item),
        "state": kept.state,
        "path": redact(started.path) if started is not None else "",
        "plan": started.plan[:12] if started is not None else "",
        "models": dict(started.models) if started is not None else {},
        "inputs": _inputs(run, redact),
        "started": kept.started,
        "seconds": max(0.0, seconds),
        "result": _redacted(ended.result, redact) if ended is not None else None,
        "problem": _problem(run, redact),
        "receipt": list(ended.receipt) if ended is not None else [],
        "notices": [redact(n.message) for n in run.noticed],
        "usage": {
            "calls": usage.calls,
            "tokens_in": usage.tokens_in,
            "tokens_out": usage.tokens_out,
            "usd": float(usage.usd) if priced else None,
        },
    }


def _inputs(run: RunRecord, redact: Callable[[str], str]) -> Json:
    given = run.started.inputs if run.started is not None else {}
    return {name: redact(words) for name, words in given.items()}


def _problem(run: RunRecord, redact: Callable[[str], str]) -> Json:
    ended = run.finished
    if ended is None or not ended.code:
        return None
    return {"code": ended.code, "message": redact(ended.message), "place": redact(ended.place)}


def _redacted(value: Json, redact: Callable[[str], str]) -> Json:
    """A result without what is taken out of its texts."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(name): _redacted(v, redact) for name, v in value.items()}
    if isinstance(value, list):
        return [_redacted(v, redact) for v in value]
    return value


def _evidence(found: Answers, run: RunRecord, table: CallTable, shown: Shown) -> Json:
    """The calls whose answers went into the result, with the places that they read."""
    if run.finished is None or run.finished.result is None:
        return {"found": [], "unseen": 0}
    numbers = {call.id: n for n, call in enumerate(table.calls)}
    supporting = found.supporting(run.finished.result)
    places = [_place(e, said, numbers[e.call.again(0)], shown) for e, said in supporting]
    more = max(0, len(places) - EVIDENCE)
    return {"found": places[:EVIDENCE], "more": more, "unseen": found.more}


def _place(event: CallFinished, said: str, call: int, shown: Shown) -> Json:
    ranges: list[Json] = [[shown.redact(str(r[0])), r[1], r[2]] for r in event.ranges[:3]]
    return {"call": call, "said": shown.redact(said), "ranges": ranges, "of": len(event.ranges)}


def _waits(run: RunRecord, began: float) -> list[Json]:
    """The times in which requests to a model waited, in seconds from the beginning."""
    return [
        {"at": p.at - began, "seconds": p.seconds, "model": p.model, "why": p.why}
        for p in run.paused
    ]
