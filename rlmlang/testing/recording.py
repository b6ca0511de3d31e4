"""A test written from a run that is kept: its inputs, its answers, what came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from rlmlang import compiler
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.source import SourceFile
from rlmlang.runtime.files import write_whole
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.runs import FINISHED, RunRow
from rlmlang.testing.tests import measured_line
from rlmlang.trajectory.events import CallEvent, CallFailed, CallFinished, Event, RunFinished
from rlmlang.trajectory.kinds import to_json

LONG = 400  # characters of a result that a test spells out


def record_test(reader: StoreReader, name: str) -> Path:
    """Writes `RECIPE.RUN.rlm`, a test, and `RECIPE.RUN.jsonl`, its answers, beside the recipe.

    Raises CodedError (unknown-run, not-recordable).
    """
    try:
        run = reader.choose(name)
        events = list(reader.events(run))
    finally:
        reader.close()
    path = Path(run.path)
    if run.state != FINISHED or run.path.startswith("std/") or not path.is_file():
        raise _not_recordable(run)
    stem = path.with_suffix("").with_name(f"{path.stem}.{run.name.rsplit('-', 1)[-1]}")
    answers, target = Path(f"{stem}.jsonl"), Path(f"{stem}.rlm")
    calls = [e for e in events if isinstance(e, CallFinished | CallFailed)]
    write_whole(answers, "".join(json.dumps(_kept(e), ensure_ascii=False) + "\n" for e in calls))
    text = _test(run, path, answers.name, events, calls)
    laid, _ = compiler.format(SourceFile(str(target), text))
    write_whole(target, laid)
    return target


def _kept(event: Event) -> dict[str, object]:
    """What a replay needs of a call."""
    values = to_json(event)
    return {k: values[k] for k in ("event", "node", "call", "prompt", "attempt", "answer")}


def _test(
    run: RunRow, path: Path, answers: str, events: list[Event], calls: Sequence[CallEvent]
) -> str:
    given = [
        f"given {k}: {_text(str(v))}" for k, v in run.data.get("sets", {}).items() if "." not in k
    ]
    given += [
        f"given {k}: file({_text(_near(v, path))})" for k, v in run.data.get("sources", {}).items()
    ]
    steps = dict.fromkeys(e.step for e in calls)
    mocks = [f"mock {step} returns replay({_text(answers)})" for step in steps]
    body = "\n".join([*given, *mocks, *_expects(events, calls)])
    head = f'rlm 1\n\nuse "./{path.name}" {{ {run.recipe} }}\n\n'
    return f'{head}test "as recorded in {run.name}" for {run.recipe} {{\n{body}\n}}\n'


def _near(source: str, path: Path) -> str:
    return os.path.relpath(source, path.resolve().parent)


def _expects(events: list[Event], calls: Sequence[CallEvent]) -> list[str]:
    found = [f"expect calls <= {len(calls)}"]
    for e in events:
        if isinstance(e, RunFinished):
            found += [measured_line(line) for line in e.receipt if measured_line(line)]
            if isinstance(e.result, str | int | float | bool) and len(str(e.result)) <= LONG:
                found.append(f"expect result == {_literal(e.result)}")
    return list(dict.fromkeys(found))


def _literal(value: object) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _not_recordable(run: RunRow) -> Exception:
    return failed(
        "not-recordable",
        f"no test can be written from {run.name}",
        reason="It takes a finished run of a recipe that is a file of yours.",
        hint="rlm runs lists them",
    )
