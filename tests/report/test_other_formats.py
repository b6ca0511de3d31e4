"""A run in the formats of other tools, each held to what the tool itself reads: its package, its
schema, or its rules."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rlmlang
from rlmlang.ir.calls import CallId
from rlmlang.report.export.protobuf import trace_message
from rlmlang.report.export.table import EXPORTS
from rlmlang.testing import ScriptedEngine
from rlmlang.trajectory.events import (
    CallFailed,
    CallFinished,
    CallStarted,
    CellFinished,
    Event,
    Paused,
    StepFinished,
    StepStarted,
    TurnStarted,
)
from rlmlang.trajectory.kinds import KINDS, NAMES, to_json
from rlmlang.trajectory.texts import SEEN, without_texts
from tests.conftest import ROOT
from tests.report.test_exports import spans
from tests.trajectory.test_trajectory import RECIPE, Answers

MARK = "a word that nobody may see"


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """What a run told whose model writes code that asks a session of its own."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "sizes.rlm").write_text(RECIPE)
    (folder / "book.txt").write_text("one\ntwo\nthree\n")
    found = rlmlang.run(
        folder / "sizes.rlm",
        sources={"book": folder / "book.txt"},
        store=None,
        engine=ScriptedEngine(Answers()),
    )
    assert found.problem is None
    return list(found.trajectory.events())


def text(name: str, events: list[Event]) -> str:
    return "".join(x if isinstance(x, str) else x.decode() for x in EXPORTS[name].write(events))


def ended(events: list[Event]) -> list[CallFinished | CallFailed]:
    return [e for e in events if isinstance(e, CallFinished | CallFailed)]


# ── texts ────────────────────────────────────────────────────────────────────


def test_no_text_is_left_of_any_event() -> None:
    assert SEEN.keys() == KINDS.keys()
    for name, kind in KINDS.items():
        about = dict.fromkeys(NAMES[kind], MARK) | {"call": CallId.of("notes", 3)}
        (left,) = without_texts([kind(**{n: v for n, v in about.items() if n in NAMES[kind]})])
        seen = {n for n, v in to_json(left).items() if v == MARK}
        assert seen <= {*SEEN[name].split(), "run", "node", "parent", "seq", "at"}
    hidden = {"request", "answer", "reason", "output", "arguments", "inputs", "message", "value"}
    assert not hidden & {field for seen in SEEN.values() for field in seen.split()}


def test_spans_have_texts_only_if_they_are_asked_for(book: Path, rlm: Any) -> None:
    (book / "book.txt").write_text(MARK)
    asked = ("--source", "book=book.txt", "--set", f"question={MARK}?")
    assert rlm("run", "find.rlm", *asked).code == 0
    for name in EXPORTS:
        told = rlm("export", "--format", name) if EXPORTS[name].needs == "" else None
        if told is None:
            continue
        assert told.code == 0 and (MARK in told.out) is (EXPORTS[name].texts is True)
        assert MARK not in rlm("export", "--format", name, "--no-texts").out
        shown = rlm("export", "--format", name, "--texts")
        assert MARK in shown.out if EXPORTS[name].texts is not None else shown.code == 2
    assert "no place for texts" in rlm("export", "--format", "speedscope", "--texts").err


# ── spans ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["otlp", "openinference"])
def test_a_collector_reads_what_is_sent_as_what_is_written(name: str, events: list[Event]) -> None:
    service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    from google.protobuf import json_format

    def ids(values: dict[str, Any]) -> dict[str, Any]:
        """Ids are hexadecimal in OTLP's JSON, where protobuf's has base64."""
        named = {
            k: bytes.fromhex(values[k]) for k in values if k.lower().endswith("id") and k != "id"
        }
        return values | {k: base64.b64encode(v).decode() for k, v in named.items()}

    export = EXPORTS[name]
    assert export.messages is not None
    for line, message in zip(export.write(events), export.messages(events), strict=True):
        wanted = service.ExportTraceServiceRequest()
        json_format.ParseDict(json.loads(line, object_hook=ids), wanted)
        assert service.ExportTraceServiceRequest.FromString(message) == wanted


@given(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(), st.booleans())
def test_any_attribute_is_written_as_protobuf(n: int, x: float, words: str, flag: bool) -> None:
    trace = pytest.importorskip("opentelemetry.proto.trace.v1.trace_pb2")
    values = [{"intValue": str(n)}, {"doubleValue": x}, {"stringValue": words}, {"boolValue": flag}]
    span = {"attributes": [{"key": "k", "value": v} for v in values], "droppedEventsCount": 0}
    body = trace_message({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    (found,) = trace.TracesData.FromString(body).resource_spans[0].scope_spans[0].spans
    told = [getattr(a.value, a.value.WhichOneof("value")) for a in found.attributes]
    assert told == [n, x, words, flag]


def test_spans_are_a_tree_of_what_began_what(events: list[Event]) -> None:
    for cut in range(len(events) + 1):  # a run may be killed anywhere
        found = spans(text("otlp", events[:cut]))
        known = {s["spanId"]: s for s in found}
        assert len(known) == len(found)
        assert all(
            s["parentSpanId"] in known for s in found if s["name"] != "invoke_workflow sizes"
        )
    above = {s["attributes"].get("rlm.call"): known.get(s["parentSpanId"]) for s in found}
    child = next(s for s in found if s["attributes"].get("gen_ai.agent.id") == "result.child 1")
    assert known[child["parentSpanId"]]["name"] == "execute_tool python"
    assert above["result.query 2"]["attributes"]["rlm.call"].startswith("result.turn")
    assert above["found[0]"]["name"] == "map found"


def test_openinference_knows_every_name(events: list[Event]) -> None:
    constants = pytest.importorskip("openinference.semconv.trace")
    names = {
        v
        for kind in (constants.SpanAttributes, constants.MessageAttributes)
        for k, v in vars(kind).items()
        if k.isupper()
    }
    kinds = {k.value for k in constants.OpenInferenceSpanKindValues}
    for span in spans(text("openinference", events)):
        told = span["attributes"]
        assert told["openinference.span.kind"] in kinds
        own = {n for n in told if not n.startswith(("rlm.", "mlflow.")) and n != "error.type"}
        assert {n.split(".0.")[0] for n in own} <= names
        assert {n.split(".0.")[1] for n in own if ".0." in n} <= names
    calls = [s for s in spans(text("openinference", events)) if s["kind"] == 3]
    used = sum(int(c["attributes"]["llm.token_count.total"]) for c in calls)
    assert used == sum(e.tokens_in + e.tokens_out for e in ended(events))


# ── agents ───────────────────────────────────────────────────────────────────


def test_atif_takes_the_trajectory(events: list[Event]) -> None:
    written = json.loads(text("atif", events))
    steps = written["steps"]
    assert [s["step_id"] for s in steps] == [*range(1, len(steps) + 1)]
    code = [s for s in steps if "tool_calls" in s]
    below = {t["trajectory_id"] for t in written["subagent_trajectories"]}
    refs = {
        ref["trajectory_id"]
        for s in [*code, *(s for t in written["subagent_trajectories"] for s in t["steps"])]
        for result in s.get("observation", {}).get("results", ())
        for ref in result.get("subagent_trajectory_ref", ())
    }
    assert refs == below and below == {"result.child 1", "result.child 1.query 1", "result.query 2"}
    assert written["final_metrics"]["total_prompt_tokens"] == sum(
        e.tokens_in for e in ended(events)
    )
    model = pytest.importorskip("atif").Trajectory
    assert len(model.model_validate(written).steps) == len(steps)
    for cut in range(len(events)):
        model.model_validate_json(text("atif", events[:cut]))


def test_rlms_has_its_own_types(events: list[Event]) -> None:
    metadata, *lines = map(json.loads, text("rlms", events).splitlines())
    assert metadata["type"] == "metadata" and {x["type"] for x in lines} == {"iteration"}
    assert [x["iteration"] for x in lines] == [*range(1, len(lines) + 1)]
    assert lines[-1]["final_answer"] == "ok"
    calls = [c for x in lines for b in x["code_blocks"] for c in b["result"]["rlm_calls"]]
    assert ["metadata" in c for c in calls] == [True, False]
    types = pytest.importorskip("rlm.core.types")
    shapes = [types.RLMIteration("", "", []), types.CodeBlock("", types.REPLResult("", "", {}))]
    iteration, block = ({*shape.to_dict()} for shape in shapes)
    for line in lines:
        assert iteration <= line.keys()
        assert all(block == b.keys() for b in line["code_blocks"])
    named = types.RLMMetadata(**{k: metadata[k] for k in types.RLMMetadata.__dataclass_fields__})
    assert named.to_dict().items() <= metadata.items()
    for call in calls:
        assert types.RLMChatCompletion.from_dict(call).to_dict() == call


# ── time and cost ────────────────────────────────────────────────────────────


def test_speedscope_adds_up_to_what_was_used(events: list[Event]) -> None:
    file = json.loads(text("speedscope", events))
    jsonschema.validate(
        file, json.loads(Path(__file__).with_name("speedscope.schema.json").read_text())
    )
    dollars, tok_in, tok_out, calls = file["profiles"]
    made = [e for e in ended(events) if not e.reused]
    assert tok_in["endValue"] == sum(tok_in["weights"]) == sum(e.tokens_in for e in made)
    assert (tok_out["endValue"], calls["endValue"]) == (sum(e.tokens_out for e in made), len(made))
    assert dollars["name"] == "millionths of a dollar"
    frames = [f["name"] for f in file["shared"]["frames"]]
    stacks = [[frames[n] for n in sample] for sample in calls["samples"]]
    assert ["sizes", "result", "child", "query", "offline/reader: answered"] in stacks
    many = [
        CallFinished(run="r", node="f.n", call=CallId.of("n", n), prompt="p", row=n + 1, usd=1e-7)
        for n in range(999)
    ]
    (profile, *_) = json.loads(text("speedscope", many))["profiles"]
    assert len(profile["samples"]) == 1 and profile["endValue"] == pytest.approx(99.9)


TIMES = st.floats(0, 1e6)
CALLS = st.integers(1, 4)


def moments() -> st.SearchStrategy[Event]:
    """Events in any order, at any time: clocks are set back, calls end that never began."""
    call = CALLS.map(lambda n: CallId.of("n", n))
    ended = {"prompt": st.just("p"), "row": CALLS, "usd": st.none() | st.floats(0, 1)}
    turn = call.map(lambda c: c.inside("turn", 0))
    return st.one_of(
        st.builds(StepStarted, at=TIMES, node=st.sampled_from(["f.a", "f.b"]), verb=st.just("map")),
        st.builds(
            StepFinished, at=TIMES, node=st.sampled_from(["f.a", "f.b"]), verb=st.just("map")
        ),
        st.builds(CallStarted, at=TIMES, call=call, prompt=st.just("p"), row=CALLS),
        st.builds(CallFinished, at=TIMES, call=call, **ended),
        st.builds(CallFailed, at=TIMES, call=call, **ended),
        st.builds(TurnStarted, at=TIMES, call=turn, turn=CALLS, turns=CALLS, calls_left=CALLS),
        st.builds(CellFinished, at=TIMES, call=turn),
        st.builds(Paused, at=TIMES, model=st.just("m"), seconds=TIMES, why=st.just("limit")),
    )


@given(st.lists(moments(), max_size=40))
def test_slices_of_a_lane_never_overlap(events: list[Event]) -> None:
    lanes = defaultdict(list)
    for one in json.loads(text("perfetto", events))["traceEvents"]:
        if one["ph"] == "X":
            assert one["dur"] >= 0
            lanes[one["pid"], one["tid"]].append((one["ts"], one["ts"] + one["dur"]))
    for slices in lanes.values():
        assert all(a[1] <= b[0] for a, b in pairwise(sorted(slices)))


def test_perfetto_has_each_request_once(events: list[Event]) -> None:
    found = json.loads(text("perfetto", events))["traceEvents"]
    requests = [e["args"]["call"] for e in found if e["ph"] == "X" and e["pid"] == 2]
    assert sorted(requests) == sorted(str(e.call) for e in ended(events) if not e.reused)
    names = {e["args"]["name"] for e in found if e["name"] == "process_name"}
    assert names == {"steps", "requests", "turns of sessions", "pauses"}


# ── tables and pages ─────────────────────────────────────────────────────────


def test_parquet_has_a_row_for_each_event(events: list[Event], tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    half = CallFinished(run="r", call=CallId.of("n", 0), prompt="p", answer="\ud83d half", usd=None)
    (tmp_path / "run.parquet").write_bytes(b"".join(EXPORTS["parquet"].write([*events, half])))
    rows = parquet.read_table(tmp_path / "run.parquet").to_pylist()
    assert [r["event"] for r in rows] == [e.name for e in events] + ["call_finished"]
    calls = [r for r in rows if r["event"] in ("call_finished", "call_failed")]
    assert sum(r["tokens_in"] for r in calls) == sum(e.tokens_in for e in ended(events))
    assert calls[-1]["answer"] == "\\ud83d half" and calls[-1]["usd"] is None
    cell = next(r for r in rows if r["event"] == "cell_finished" and "deep?" in str(r["more"]))
    assert json.loads(cell["more"])["error"] and cell["problem"] is None


def test_markdown_shows_what_is_hostile_as_code(events: list[Event]) -> None:
    page = text("markdown", events)
    assert "| `found` | 4 | 1 |" in page and "| `found` | `book` | 14 of 14 bytes | exact |" in page
    hostile = "```\n# <img src=x>\n````"
    (last,) = [e for e in events if e.name == "run_finished"]
    changed = [type(last)(**{**vars(last), "result": hostile})]
    assert f"`````text\n{hostile}\n`````" in text("markdown", changed)


def test_the_page_has_a_row_for_each_format() -> None:
    page = (ROOT / "docs" / "trajectory.md").read_text()
    words = {True: "yes", False: "with `--texts`", None: "no"}
    for x in EXPORTS.values():
        assert f"| `{x.name}` | {x.opens} | {x.lacks} | {words[x.texts]} |" in page


def test_formats_are_written_as_events_are_read(events: list[Event]) -> None:
    """What a format holds back is what is open, and for the two that are one value their sums."""

    def many() -> Iterator[Event]:
        for n in range(20_000):
            read.append(n)
            yield CallFinished(run="r", call=CallId.of("n", n), prompt="p", row=n + 1, at=1.0)

    for name in ("jsonl", "otlp", "openinference", "atif", "rlms", "perfetto"):
        read: list[int] = []
        pieces = EXPORTS[name].write(many())
        for _, _ in zip(range(2), pieces, strict=False):
            pass
        assert len(read) <= 20_000 if name == "perfetto" else len(read) < 1_100, name
