"""Runs for other tools: JSON lines that read back, and OpenTelemetry's spans."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rlmlang.ir.calls import CallId
from rlmlang.report.export.table import EXPORTS
from rlmlang.trajectory.events import (
    CallFailed,
    CallFinished,
    Event,
    ItemSkipped,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
)
from rlmlang.trajectory.kinds import from_json, to_json
from tests.conftest import Rlm

ARGS = ("--source", "book=book.txt", "--set", "question=Where is the key?")
A, B = {"run": "r", "node": "f.notes"}, {"call": CallId.of("notes", 0), "prompt": "note"}
EVENTS = [
    RunStarted(run="r", at=1.0, recipe="f", plan="p", models={"default": "openrouter/openai/gpt"}),
    StepStarted(**A, at=1.5, verb="ladder"),
    StepStarted(run="r", node="f.notes.cheap.found", at=1.5, verb="search"),
    StepFinished(run="r", node="f.notes.cheap.found", at=1.6, verb="search", items=2),
    CallFailed(**A, **B, at=2.0, model="openrouter/openai/gpt", code="check-failed", reason="no",
               request="q", answer="é", tokens_in=3, usd=None),
    CallFinished(**A, **B | {"call": CallId.of("notes", 0).again(1)}, at=3.0, model="gemini/flash", tokens_in=4, tokens_out=2,
                 usd=0.25, seconds=0.5, ranges=[["b.txt", 0, 9]], reused=True),
    ItemSkipped(**A, at=3.5, call=CallId.of("notes", 1), reason="none", ranges=[["b.txt", 9, 20]]),
    RunFinished(run="r", at=4.0, outcome="failed", code="too-many-skipped", message="1 of 2"),
]  # fmt: skip


def spans(text: str) -> list[dict[str, Any]]:
    """The spans of OTLP JSON lines, with their attributes as a dictionary."""
    lines = [json.loads(x)["resourceSpans"][0]["scopeSpans"][0]["spans"] for x in text.splitlines()]
    return [{**s, "attributes": values(s["attributes"])} for line in lines for s in line]


def values(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {a["key"]: next(iter(a["value"].values())) for a in attributes}


def strict(text: str) -> None:
    """Reads the lines as OpenTelemetry does, if it is here: unknown fields and kinds are refused.
    Ids are hexadecimal in its JSON, where protobuf's has base64."""
    trace = pytest.importorskip("opentelemetry.proto.trace.v1.trace_pb2")
    from google.protobuf import json_format

    def ids(values: dict[str, Any]) -> dict[str, Any]:
        coded = {
            k: base64.b64encode(bytes.fromhex(v)).decode()
            for k, v in values.items()
            if k in ("traceId", "spanId", "parentSpanId")
        }
        return values | coded

    for line in text.splitlines():
        json_format.ParseDict(json.loads(line, object_hook=ids), trace.TracesData())


def test_spans_say_what_happened() -> None:
    text = "".join(EXPORTS["otlp"].write(EVENTS))
    failed, answered, run, step, inner = spans(text)
    assert {s["traceId"] for s in (failed, answered, run, step, inner)} == {failed["traceId"]}
    assert len(failed["traceId"]) == 32 and len({s["spanId"] for s in spans(text)}) == 5
    assert [s["parentSpanId"] for s in (failed, answered, step, inner, run)] == [
        step["spanId"],
        step["spanId"],
        run["spanId"],
        step["spanId"],
        "",
    ]
    assert [s["name"] for s in (failed, answered, step, inner, run)] == [
        "chat openai/gpt",
        "chat flash",
        "ladder notes",
        "search notes.cheap.found",
        "invoke_workflow f",
    ]
    assert failed["status"] == {"code": 2, "message": "no"} and answered["status"] == {}
    assert failed["attributes"]["error.type"] == "check-failed"
    assert "rlm.cost.usd" not in failed["attributes"]
    told = answered["attributes"]
    assert told["gen_ai.provider.name"] == "gcp.gemini" and told["gen_ai.request.model"] == "flash"
    assert (told["gen_ai.usage.input_tokens"], told["rlm.cost.usd"], told["rlm.reused"]) == (
        "4",
        0.25,
        True,
    )
    assert told["rlm.sources"] == {"values": [{"stringValue": "b.txt:0-9"}]}
    assert (answered["startTimeUnixNano"], answered["endTimeUnixNano"]) == (
        "2500000000",
        "3000000000",
    )
    assert step["endTimeUnixNano"] == run["endTimeUnixNano"] == "4000000000"
    assert [e["name"] for e in step["events"]] == ["rlm.item_skipped"]
    assert run["attributes"]["rlm.outcome"] == "failed" and run["status"]["code"] == 2


def test_a_long_run_is_written_in_lines_as_it_is_read() -> None:
    calls = [
        CallFinished(**A, call=CallId.of("notes", n), prompt="note", at=2.0) for n in range(1200)
    ]
    lines = list(EXPORTS["otlp"].write([*EVENTS[:2], *calls]))
    assert [len(spans(x)) for x in lines] == [500, 500, 202]
    assert len({s["spanId"] for x in lines for s in spans(x)}) == 1202
    read: list[Event] = []
    written = EXPORTS["otlp"].write(read.append(e) or e for e in calls)
    assert next(written) and len(read) == 500


def test_opentelemetry_reads_what_is_written() -> None:
    strict("".join(EXPORTS["otlp"].write(EVENTS)))


def test_a_run_in_every_format(book: Path, rlm: Rlm) -> None:
    assert rlm("run", "find.rlm", *ARGS).code == 0
    lines = rlm("export").out
    assert rlm("show", "--json").out == lines
    events = [from_json(json.loads(x)) for x in lines.splitlines()]
    assert [json.dumps(to_json(e), ensure_ascii=False) for e in events if e] == lines.splitlines()
    assert rlm("export", "--format", "otlp", "--out", "run.json").code == 0
    found = spans(Path("run.json").read_text())
    calls = [e for e in events if isinstance(e, CallFinished)]
    assert [s["attributes"]["rlm.call"] for s in found if s["kind"] == 3] == [
        str(e.call) for e in calls
    ]
    inside = {s["spanId"]: s for s in found}
    for span in found:
        above = inside.get(span["parentSpanId"])
        assert (above is None) is span["name"].startswith("invoke_workflow")
        times = [int(span[k]) for k in ("startTimeUnixNano", "endTimeUnixNano")]
        assert all(a <= b for a, b in pairwise(times))
    wrong = rlm("export", "--format", "xml")
    assert wrong.code == 2 and "jsonl, otlp" in wrong.err


def test_every_format_has_a_line_about_it() -> None:
    assert all(x.doc.endswith(".") and "\n" not in x.doc for x in EXPORTS.values())
