"""OpenTelemetry's protocol: run → step → session → call, cell and tool, as JSON lines or as the
messages that a collector takes.

Attributes are those of OpenTelemetry's semantic conventions for generative AI, as they are opted in
to; what these have no name for begins with `rlm.`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields

from rlmlang.report.export.export import Export
from rlmlang.report.export.protobuf import trace_message
from rlmlang.report.export.spans import Span, spans_of
from rlmlang.resources import __version__
from rlmlang.schema.tools import ARGUMENTS
from rlmlang.trajectory.events import (
    CallEvent,
    CallFailed,
    CallFinished,
    CellFinished,
    Event,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    ToolCalled,
    TurnStarted,
)
from rlmlang.trajectory.kinds import to_json
from rlmlang.value import Json

Attributes = dict[str, Json]
Naming = Callable[[Span], Attributes]
INTERNAL, CLIENT = 1, 3
ERROR = 2
COMMON = {"event", *(f.name for f in fields(Event))}
AT_ONCE = 500  # spans a line, and a message
LANGUAGE = "python"  # of the code that models write
PROVIDERS = {"azure": "azure.ai.openai", "bedrock": "aws.bedrock", "gemini": "gcp.gemini",
             "mistral": "mistral_ai", "vertex_ai": "gcp.vertex_ai", "xai": "x_ai"}  # fmt: skip


def exported(events: Iterable[Event], naming: Naming) -> Iterator[Json]:
    """A run as values of OTLP's JSON, so many spans at once, their attributes as they are named."""
    waiting: list[Json] = []
    for span in spans_of(events):
        waiting.append(_span(span, naming))
        if len(waiting) == AT_ONCE:
            yield _traces(waiting)
            waiting = []
    if waiting:
        yield _traces(waiting)


def export_of(name: str, doc: str, naming: Naming, opens: str) -> Export:
    """The format whose spans have attributes as they are named."""
    return Export(
        name,
        doc,
        lambda events: (
            json.dumps(found, ensure_ascii=False) + "\n" for found in exported(events, naming)
        ),
        opens,
        f"more than {ARGUMENTS:,} characters of what a tool gave; which bytes of a document were "
        "left out",
        texts=False,
        messages=lambda events: map(trace_message, exported(events, naming)),
    )


def _traces(spans: list[Json]) -> Json:
    about: Attributes = {"service.name": "rlmlang", "service.version": __version__}
    scope: Json = {"scope": {"name": "rlmlang", "version": __version__}, "spans": spans}
    resource: Json = {"attributes": _attributes(about)}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}


def _span(span: Span, naming: Naming) -> Json:
    code, message = span.problem
    told = own_attributes(span) | naming(span) | ({"error.type": code} if code else {})
    end = span.start if span.end is None else span.end
    return {
        "traceId": span.trace,
        "spanId": span.id,
        "parentSpanId": span.parent,
        "name": name_of(span),
        "kind": CLIENT if span.requests else INTERNAL,
        "startTimeUnixNano": _nanoseconds(span.start),
        "endTimeUnixNano": _nanoseconds(max(span.start, end)),
        "attributes": _attributes(told),
        "events": [_inside(event) for event in span.inside],
        "droppedEventsCount": span.dropped,
        "status": {"code": ERROR, "message": message} if code else {},
    }


def _inside(event: Event) -> Json:
    """Something that happened in a span."""
    about = {name: v for name, v in to_json(event).items() if name not in COMMON}
    return {
        "timeUnixNano": _nanoseconds(event.at),
        "name": f"rlm.{event.name}",
        "attributes": _attributes({f"rlm.{k}": v for k, v in about.items()}),
    }


def name_of(span: Span) -> str:
    """What a span is called: the operation, and what it is about."""
    if span.session is not None:
        return f"invoke_agent {span.session.step}"
    match span.about:
        case RunStarted(recipe=recipe):
            return f"invoke_workflow {recipe}"
        case StepStarted(verb=verb) as event:
            return f"{verb} {event.step}"
        case CallFinished(model=model) | CallFailed(model=model):
            return f"chat {model_of(model)[1]}".rstrip()
        case ToolCalled(tool=tool):
            return f"execute_tool {tool}"
    return f"execute_tool {LANGUAGE}"


def model_of(name: str) -> tuple[str, str]:
    """The provider of a model, empty where its name says none, and the rest of its name."""
    provider, slash, model = name.partition("/")
    return (PROVIDERS.get(provider, provider), model) if slash else ("", name)


def own_attributes(span: Span) -> Attributes:
    """What no convention has a name for."""
    told: Attributes = {"rlm.run": span.run, "rlm.node": span.about.node or None}
    if isinstance(span.about, CallEvent):
        told["rlm.call"] = str(span.session or span.about.call)
    if span.session is not None:
        return told
    match span.about:
        case RunStarted() as event:
            told |= {"rlm.plan": event.plan, "rlm.path": event.path}
            told |= {f"rlm.model.{name}": model for name, model in event.models.items()}
            told |= {f"rlm.input.{name}": shown for name, shown in event.inputs.items()}
        case StepStarted(verb=verb):
            told["rlm.verb"] = verb
        case CallFinished() | CallFailed() as event:
            told |= {"rlm.attempt": event.call.attempt, "rlm.prompt": event.prompt}
            told |= {"rlm.cost.usd": event.usd, "rlm.reused": event.reused}
            told |= _paid(event.usd)
        case ToolCalled(size=size):
            told["rlm.size"] = size
        case CellFinished() as event:
            told |= {"rlm.cell.tier": event.tier, "rlm.cell.submitted": event.submitted}
    if ranges := getattr(span.about, "ranges", ()):
        told["rlm.sources"] = [f"{document}:{a}-{b}" for document, a, b, *_ in ranges]
    return told | _ending(span.ended)


def _paid(usd: float | None) -> Attributes:
    """What was paid, where MLflow reads it: without it, it counts with prices of its own."""
    return {} if usd is None else {"mlflow.llm.cost": as_text({"total_cost": usd})}


def _ending(event: Event | None) -> Attributes:
    match event:
        case StepFinished():
            return {"rlm.items": event.items, "rlm.skipped": event.skipped}
        case RunFinished():
            result = None if event.result is None else as_text(event.result)
            return {"rlm.outcome": event.outcome, "rlm.result": result}
    return {}


def _gen_ai(span: Span) -> Attributes:
    """The names of the conventions for generative AI."""
    if span.session is not None:
        id_ = str(span.session)
        about: Attributes = {"agent.name": span.session.step, "agent.id": id_}
        return _named("invoke_agent", about | {"conversation.id": span.run})
    match span.about:
        case RunStarted(recipe=recipe):
            return _named("invoke_workflow", {"workflow.name": recipe})
        case StepStarted(verb="search"):
            return _named("retrieval", {})
        case CallFinished() | CallFailed() as event:
            return _named("chat", _chat(event))
        case ToolCalled() as event:
            result = as_text(event.result)[:ARGUMENTS] if event.result is not None else None
            return _tool(event.tool, str(event.call), event.arguments or None, result)
        case CellFinished() as event:
            code = as_text({"code": event.code}) if event.code else None
            return _tool(LANGUAGE, f"{event.call}.cell", code, event.output or None)
        case TurnStarted() as event:
            return _tool(LANGUAGE, f"{event.call}.cell", None, None)
    return {}


def _chat(event: CallFinished | CallFailed) -> Attributes:
    """One request to a model."""
    provider, model = model_of(event.model)
    ending = "error" if isinstance(event, CallFailed) else "stop"
    said = _message("assistant", event.answer, finish_reason=ending) if event.answer else None
    return {
        "provider.name": provider or None,
        "request.model": model,
        "prompt.name": event.prompt,
        "usage.input_tokens": event.tokens_in,
        "usage.output_tokens": event.tokens_out,
        "input.messages": _message("user", event.request) if event.request else None,
        "output.messages": said,
    }


def _tool(name: str, id_: str, arguments: str | None, result: str | None) -> Attributes:
    """A function that is carried out; so is code that a model wrote."""
    about: Attributes = {"tool.name": name, "tool.type": "function", "tool.call.id": id_}
    given: Attributes = {"tool.call.arguments": arguments, "tool.call.result": result}
    return _named("execute_tool", about | given)


def _named(operation: str, values: Attributes) -> Attributes:
    """Attributes by the names of the conventions."""
    named = {f"gen_ai.{name}": value for name, value in values.items()}
    return {"gen_ai.operation.name": operation, **named}


def _message(role: str, text: str, **more: str) -> str:
    """A list of one message in the form of the conventions."""
    parts = [{"type": "text", "content": text}]
    return as_text([{"role": role, "parts": parts, **more}])


def as_text(value: Json) -> str:
    """A value as JSON."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _nanoseconds(seconds: float) -> str:
    return str(max(0, round(seconds * 1e9)))


def _attributes(values: Mapping[str, Json]) -> list[Json]:
    return [{"key": k, "value": _value(v)} for k, v in values.items() if v is not None]


def _value(value: Json) -> Json:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case list():
            return {"arrayValue": {"values": [_value(v) for v in value]}}
    return {"stringValue": as_text(value)}


OTLP = export_of(
    "otlp",
    "Spans for OpenTelemetry, as OTLP JSON lines.",
    _gen_ai,
    "any OpenTelemetry collector and what stands behind one: Jaeger, Grafana Tempo, MLflow",
)
