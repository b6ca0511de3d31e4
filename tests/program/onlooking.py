"""What MLflow and OpenInference see of a recipe, as trees: a script, since both change DSPy for the
whole of a process."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dspy

import rlmlang
from tests.servers import Reply, Server, chat_server, completion, field

RECIPE = """rlm 1
prompt number_of(ticket: Text) -> Int { task: "Give the number of the ticket."  retry <= 2 }
prompt sum_up(numbers: [Int]) -> Text max 20tok "Sum up."
recipe route(tickets: [Text]) -> Text {
  let numbers = map tickets with number_of() { on_error: skip(at_most: 50%) }
  return sum_up(numbers)
}
"""
TICKETS = ["even", "unreadable at first", "limited at first", "refused", "last"]
MODEL = "openai/gpt-4.1-mini"
KEY = "sk-none"


def answers() -> Callable[[dict[str, Any]], Reply]:
    """A provider that refuses one ticket, and two others once each."""
    asked: Counter[str] = Counter()

    def answer(body: dict[str, Any]) -> Reply:
        said = body["messages"][-1]["content"]
        ticket = next((t for t in TICKETS if t in said), "")
        asked[ticket] += 1
        if "limited" in said and asked[ticket] == 1:
            return 429, {"error": {"message": "slow down"}}, {"retry-after": "0"}
        if "refused" in said:
            return 400, {"error": {"message": "content policy", "code": "content_filter"}}
        return completion("") if "unreadable" in said and asked[ticket] == 1 else field("7")

    return answer


def asked(server: Server, *, lm: bool, awaited: bool) -> rlmlang.Outcome | dspy.Prediction:
    """The prediction of a run."""
    settings: Any = {"model": MODEL, "api_base": server.base, "store": None}
    if lm:
        settings = {"model": dspy.LM(MODEL, api_base=server.base, api_key=KEY), "store": None}
    route = rlmlang.load(RECIPE, **settings)
    if awaited:
        return asyncio.run(route.acall(tickets=TICKETS))
    return route(tickets=TICKETS)


def cases(spans: Callable[[], list[Any]]) -> Iterator[dict[str, Any]]:
    """Each way to call it, with the traces that were seen, and what was sent."""
    for lm in (False, True):
        for awaited in (False, True):
            with chat_server(answers()) as server:
                found = asked(server, lm=lm, awaited=awaited)
            sent = sorted(json.dumps(r, sort_keys=True) for r in server.requests)
            used = found.usage
            use = [used.tokens_in, used.tokens_out, round(float(used.usd), 9)]
            yield {"lm": lm, "traces": spans(), "sent": sent, "used": use, "run": found.run}


def tree(spans: list[tuple[str, str | None, str, dict[str, Any]]], of: str | None = None) -> Any:
    """Spans, of which each is its id, what it is in, its name and its attributes, as a tree."""
    return [[name, told, tree(spans, id_)] for id_, above, name, told in spans if above == of]


def mlflow_spans() -> Callable[[], list[Any]]:
    """What MLflow has of each trace since it was asked last."""
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{Path.cwd()}/mlflow.db")
    mlflow.dspy.autolog()  # type: ignore[attr-defined, no-untyped-call]
    seen: set[str] = set()

    def found() -> list[Any]:
        mlflow.flush_trace_async_logging()
        new = [t for t in mlflow.search_traces(return_type="list") if t.info.trace_id not in seen]
        seen.update(t.info.trace_id for t in new)
        return [
            {
                "tree": tree(
                    [
                        (s.span_id, s.parent_id, s.name, {"call": s.attributes.get("rlm.call")})
                        for s in t.data.spans
                    ]
                ),
                "tokens": t.info.token_usage,
                "dollars": (t.info.cost or {}).get("total_cost"),
                "run": t.data.spans[0].attributes.get("rlm.run"),
            }
            for t in new
        ]

    return found


def openinference_spans() -> Callable[[], list[Any]]:
    """What OpenInference has of each trace since it was asked last."""
    from openinference.instrumentation.dspy import DSPyInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    if "late" in sys.argv:
        rlmlang.load(RECIPE, store=None)
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    DSPyInstrumentor().instrument(tracer_provider=provider)

    def found() -> list[Any]:
        spans = sorted(exporter.get_finished_spans(), key=lambda s: s.start_time or 0)
        exporter.clear()
        made = []
        for trace in {s.context.trace_id for s in spans}:
            of = [s for s in spans if s.context.trace_id == trace]
            rows: list[tuple[Any, Any, str, dict[str, Any]]] = [
                (
                    s.context.span_id,
                    s.parent.span_id if s.parent else None,
                    s.name,
                    {"call": (s.attributes or {}).get("rlm.call")},
                )
                for s in of
            ]
            told = [s.attributes or {} for s in of]
            tokens: Any = ("llm.token_count.prompt", "llm.token_count.completion")
            inward, outward = (sum(t.get(name, 0) for t in told) for name in tokens)
            made.append(
                {
                    "tree": tree(rows),
                    "tokens": {"input_tokens": inward, "output_tokens": outward},
                    "dollars": sum(float(str(t.get("llm.cost.total", 0))) for t in told),
                    "run": told[0].get("rlm.run"),
                }
            )
        return made

    return found


SEEN = {"none": lambda: list, "mlflow": mlflow_spans, "openinference": openinference_spans}

if __name__ == "__main__":
    os.environ["OPENAI_API_KEY"] = KEY
    print(json.dumps(list(cases(SEEN[sys.argv[1]]()))))
