"""The same spans with the attributes of OpenInference, which Phoenix and Arize read."""

from __future__ import annotations

from rlmlang.report.export.otlp import LANGUAGE, Attributes, as_text, export_of, model_of
from rlmlang.report.export.spans import Span
from rlmlang.trajectory.events import (
    CallFailed,
    CallFinished,
    CellFinished,
    RunFinished,
    RunStarted,
    StepStarted,
    ToolCalled,
    TurnStarted,
)

TEXT, JSON = "text/plain", "application/json"


def _named(span: Span) -> Attributes:
    """The names of OpenInference."""
    told: Attributes = {"session.id": span.run}
    if span.session is not None:
        return told | _kind("AGENT") | {"agent.name": span.session.step}
    match span.about:
        case RunStarted() as event:
            inputs = as_text(event.inputs) if event.inputs else ""
            told |= _kind("CHAIN") | _said("input", inputs, JSON)
            if isinstance(span.ended, RunFinished) and span.ended.result is not None:
                told |= _said("output", as_text(span.ended.result), JSON)
        case StepStarted() as event:
            above = event.node.rpartition(".")[0]
            told |= _kind("RETRIEVER" if event.verb == "search" else "CHAIN")
            told |= {"graph.node.id": event.node, "graph.node.name": event.step}
            told |= {"graph.node.parent_id": above or None}
        case CallFinished() | CallFailed() as event:
            told |= _kind("LLM") | _call(event)
        case ToolCalled() as event:
            result = "" if event.result is None else as_text(event.result)
            told |= _kind("TOOL") | {"tool.name": event.tool}
            told |= _said("input", event.arguments, JSON) | _said("output", result, JSON)
        case CellFinished() as event:
            told |= _kind("TOOL") | {"tool.name": LANGUAGE}
            told |= _said("input", event.code) | _said("output", event.output)
        case TurnStarted():
            told |= _kind("TOOL") | {"tool.name": LANGUAGE}
    return told


def _kind(kind: str) -> Attributes:
    return {"openinference.span.kind": kind}


def _said(side: str, text: str, kind: str = TEXT) -> Attributes:
    """What went in or came out; nothing where that is not told."""
    return {f"{side}.value": text, f"{side}.mime_type": kind} if text else {}


def _call(event: CallFinished | CallFailed) -> Attributes:
    """One request to a model: its messages, what it used and cost."""
    provider, model = model_of(event.model)
    told: Attributes = {
        "llm.model_name": model,
        "llm.provider": provider or None,
        "llm.token_count.prompt": event.tokens_in,
        "llm.token_count.completion": event.tokens_out,
        "llm.token_count.total": event.tokens_in + event.tokens_out,
        "llm.cost.total": event.usd,
    }
    for side, role, text in (
        ("input", "user", event.request),
        ("output", "assistant", event.answer),
    ):
        if text:
            message = f"llm.{side}_messages.0.message"
            told |= {f"{message}.role": role, f"{message}.content": text} | _said(side, text)
    return told


OPENINFERENCE = export_of(
    "openinference",
    "The same spans with OpenInference's attributes.",
    _named,
    "Arize Phoenix and other readers of OpenInference",
)
