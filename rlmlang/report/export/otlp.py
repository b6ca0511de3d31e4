"""OpenTelemetry's protocol as JSON lines, which a collector reads: run → step → call.

Attributes are those of OpenTelemetry's semantic conventions for generative AI; what they have no
name for begins with `rlm.`. A call is written as soon as its event is read, a span for each
attempt; steps and the run, whose spans end last, come at the end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields

from rlmlang.report.export.export import Export
from rlmlang.schema.tools import ARGUMENTS
from rlmlang.trajectory.events import (
    CallFailed,
    CallFinished,
    Event,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    ToolCalled,
    to_json,
)
from rlmlang.value import Json

INTERNAL, CLIENT = 1, 3
ERROR = 2
COMMON = {"event", *(f.name for f in fields(Event))}
AT_ONCE = 500  # spans a line
PROVIDERS = {"azure": "azure.ai.openai", "bedrock": "aws.bedrock", "gemini": "gcp.gemini",
             "mistral": "mistral_ai", "vertex_ai": "gcp.vertex_ai", "xai": "x_ai"}  # fmt: skip


def _lines(events: Iterable[Event]) -> Iterator[str]:
    waiting: list[Json] = []
    for span in _spans(events):
        waiting.append(span)
        if len(waiting) == AT_ONCE:
            yield _line(waiting)
            waiting = []
    if waiting:
        yield _line(waiting)


OTLP = Export("otlp", "Spans for OpenTelemetry, as OTLP JSON lines.", _lines)


def _line(spans: list[Json]) -> str:
    resource: Json = {"attributes": _attributes({"service.name": "rlmlang"})}
    scope: Json = {"scope": {"name": "rlmlang"}, "spans": spans}
    data: Json = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}
    return json.dumps(data, ensure_ascii=False) + "\n"


@dataclass
class _Span:
    """A span as it is put together; that of a run or a step is open until all has been read."""

    run: str
    id: str
    parent: str
    name: str
    start: float
    end: float | None = None
    kind: int = INTERNAL
    attributes: dict[str, Json] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    code: str = ""
    message: str = ""

    def json(self, last: float) -> Json:
        """The span; one without an end ends with the last that is known of its run."""
        error: dict[str, Json] = {"error.type": self.code} if self.code else {}
        return {
            "traceId": hashlib.sha256(self.run.encode()).hexdigest()[:32],
            "spanId": self.id,
            "parentSpanId": self.parent,
            "name": self.name,
            "kind": self.kind,
            "startTimeUnixNano": _nanoseconds(self.start),
            "endTimeUnixNano": _nanoseconds(last if self.end is None else self.end),
            "attributes": _attributes(self.attributes | error),
            "events": self.events,
            "status": {"code": ERROR, "message": self.message} if self.code else {},
        }


def _spans(events: Iterable[Event]) -> Iterator[Json]:
    """Spans of calls, then those of the run and its steps."""
    opened: dict[str, _Span] = {}
    last = 0.0
    for event in events:
        last = max(last, event.at)
        match event:
            case CallFinished() | CallFailed():
                yield _call(event, _above(event.node, opened)).json(last)
            case ToolCalled():
                yield _tool(event, _above(event.node, opened)).json(last)
            case RunStarted():
                opened.setdefault("", _run(event))
            case StepStarted():
                opened.setdefault(event.node, _step(event, _above(event.node, opened)))
            case _ if around := _above(event.node, opened):
                _add(around, event)
    for span in opened.values():
        yield span.json(last)


def _above(node: str, opened: Mapping[str, _Span]) -> _Span | None:
    """The span that holds what is said of a node: of its step, of the one around it, or the run."""
    while node and node not in opened:
        node = node.rpartition(".")[0]
    return opened.get(node)


def _run(event: RunStarted) -> _Span:
    told: dict[str, Json] = {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": event.recipe,
        "rlm.run": event.run,
        "rlm.plan": event.plan,
        "rlm.path": event.path,
        **{f"rlm.model.{name}": model for name, model in event.models.items()},
        **{f"rlm.input.{name}": shown for name, shown in event.inputs.items()},
    }
    name = f"invoke_workflow {event.recipe}"
    return _Span(event.run, _id(event.run), "", name, event.at, attributes=told)


def _step(event: StepStarted, above: _Span | None) -> _Span:
    told: dict[str, Json] = {"rlm.node": event.node, "rlm.verb": event.verb}
    if event.verb == "search":
        told["gen_ai.operation.name"] = "retrieval"
    name = f"{event.verb} {event.node.partition('.')[2]}"
    id_, parent = _id(event.run, event.node), above.id if above else ""
    return _Span(event.run, id_, parent, name, event.at, attributes=told)


def _add(span: _Span, event: Event) -> None:
    """What an event says of a span: that it ended, or something that happened in it."""
    match event:
        case StepFinished():
            span.end = event.at
            span.attributes |= {"rlm.items": event.items, "rlm.skipped": event.skipped}
        case RunFinished():
            span.end, span.code, span.message = event.at, event.code, event.message
            result = json.dumps(event.result, ensure_ascii=False, default=str)
            span.attributes |= {"rlm.outcome": event.outcome, "rlm.result": result}
        case _:
            about = {name: v for name, v in to_json(event).items() if name not in COMMON}
            span.events.append(
                {
                    "timeUnixNano": _nanoseconds(event.at),
                    "name": f"rlm.{event.name}",
                    "attributes": _attributes({f"rlm.{k}": v for k, v in about.items()}),
                }
            )


def _call(event: CallFinished | CallFailed, above: _Span | None) -> _Span:
    """One request to a model. A failure has the code of what was wrong with its answer."""
    provider, slash, model = event.model.partition("/")
    model = model if slash else event.model
    told: dict[str, Json] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDERS.get(provider, provider) if slash else None,
        "gen_ai.request.model": model,
        "gen_ai.prompt.name": event.prompt,
        "gen_ai.usage.input_tokens": event.tokens_in,
        "gen_ai.usage.output_tokens": event.tokens_out,
        "gen_ai.input.messages": _message("user", event.request),
        "rlm.node": event.node,
        "rlm.call": str(event.call),
        "rlm.attempt": event.call.attempt,
        "rlm.cost.usd": event.usd,
        "rlm.reused": event.reused,
    }
    id_ = _id(event.run, event.node, str(event.call), str(event.call.attempt))
    span = _Span(
        event.run,
        id_,
        above.id if above else "",
        f"chat {model}",
        event.at - event.seconds,
        event.at,
        CLIENT,
        told,
    )
    if isinstance(event, CallFailed):
        span.code, span.message, ending = event.code, event.reason, "error"
    else:
        ending = "stop"
        told["rlm.sources"] = [f"{document}:{a}-{b}" for document, a, b, *_ in event.ranges]
    told["gen_ai.output.messages"] = _message("assistant", event.answer, finish_reason=ending)
    return span


def _tool(event: ToolCalled, above: _Span | None) -> _Span:
    """A call of a function outside of the sandbox."""
    told: dict[str, Json] = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": event.tool,
        "gen_ai.tool.call.arguments": event.arguments,
        "gen_ai.tool.call.result": json.dumps(event.result)[:ARGUMENTS],
        "rlm.node": event.node,
        "rlm.call": str(event.call),
        "rlm.size": event.size,
    }
    id_ = _id(event.run, event.node, str(event.call), str(event.seq))
    name, began = f"execute_tool {event.tool}", event.at - event.seconds
    span = _Span(event.run, id_, above.id if above else "", name, began, event.at, INTERNAL, told)
    if event.error:
        span.code, span.message = "tool_error", event.error
    return span


def _id(*of: str) -> str:
    """The id of a span, from the names of what it is about: the same in every export."""
    return hashlib.sha256("\0".join(x for x in of if x).encode()).hexdigest()[:16]


def _nanoseconds(seconds: float) -> str:
    return str(round(seconds * 1e9))


def _message(role: str, text: str, **more: str) -> str:
    """A list of one message in the form of the conventions."""
    parts = [{"type": "text", "content": text}]
    return json.dumps([{"role": role, "parts": parts, **more}], ensure_ascii=False)


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
    return {"stringValue": json.dumps(value, ensure_ascii=False)}
