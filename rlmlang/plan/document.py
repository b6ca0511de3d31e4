"""A plan as a document that can be kept, changed and run: what `rlm plan --json` writes.

`nodes` and `edges` are the graph in networkx's node-link form. Of a node, `operation`, `when` and
`assumed` are what it does; of the document, `interface` is what the plan takes and gives, and
`binding` what it was priced with. All else is for readers: it is inferred anew when the document is
read. `docs/plan.md` describes each field.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.source import Place
from rlmlang.ir.binding import Binding
from rlmlang.ir.bounds import Bound, Cost
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Interface, Operation, Step
from rlmlang.ir.walk import names
from rlmlang.plan.encoding import decode, encode
from rlmlang.plan.graph import Edge, Node, ports, streams
from rlmlang.schema.formula import Formula
from rlmlang.value import Json

FORMAT, VERSION = "rlmlang.plan", 1
BOUND = ("it", "result")
"""Names that a step binds itself."""


def node_values(n: Node) -> dict[str, Json]:
    """What a reader wants to know of a node, and what it does."""
    places: list[Json] = [vars(p) for p in n.step.places]
    made: dict[str, Json] = {
        "id": n.id, "verb": n.verb, "words": n.words, "type": n.type, "coverage": n.coverage,
        "prompt": n.prompt, "model": n.model, "within": n.within, "places": places,
        "bound": bound_values(n.bound), "operation": encode(n.step.work),
    }  # fmt: skip
    if n.step.when is not None:
        made["when"] = {"test": encode(n.step.when[0]), "holds": n.step.when[1]}
    return made | ({"assumed": n.step.assumed} if n.step.assumed else {})


def bound_values(bound: Bound) -> dict[str, Json]:
    """A bound in its three cases."""
    cases: dict[str, Json] = {k: _cost(getattr(bound, k)) for k in ("best", "expected", "worst")}
    return {**cases, "rounds": number_or_formula(bound.rounds), "depth": bound.depth}


def _cost(cost: Cost) -> dict[str, Json]:
    return {
        "calls": number_or_formula(cost.calls),
        "tokens_in": number_or_formula(cost.tokens_in),
        "tokens_out": number_or_formula(cost.tokens_out),
        "usd": None if cost.usd is None else number_or_formula(cost.usd, whole=False),
    }


def number_or_formula(f: Formula, *, whole: bool = True) -> Json:
    """The number, or the formula as text while something in it is unknown."""
    exact = f.exact()
    if exact is None:
        return str(f)
    return f.value() if whole else round(float(exact), 6)


# ── and back ─────────────────────────────────────────────────────────────────


def read_document(text: str) -> tuple[list[Step], list[Edge], Interface, Binding]:
    """The steps and edges of a document, what it takes and gives, what it was priced with.

    Raises CodedError (plan-unreadable)."""
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError("it is no plan of rlmlang")
        if document.get("version") != VERSION:
            raise ValueError(f"it is of version {document.get('version')!r}; {VERSION} is read")
        steps = {s.name: s for s in _steps(document)}
        edges = list(_edges(document, steps))
        interface = decode(document.get("interface"), Interface, "interface")
        binding = decode(document.get("binding"), Binding, "binding")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as mistake:
        raise _unreadable(str(mistake)) from None
    return list(steps.values()), edges, _with_defaults(interface, edges), binding


def _steps(document: Mapping[str, Any]) -> Iterator[Step]:
    within = {e["target"]: e["source"] for e in document["edges"] if e["kind"] == "contains"}
    for node in document["nodes"]:
        id = node["id"]
        work = decode(node["operation"], Operation, f"node `{id}`")
        when = node.get("when")
        gate = None
        if when is not None:
            gate = (decode(when["test"], Expr, f"`when` of `{id}`"), bool(when["holds"]))
        needs = (n for n in (*names(work), *names(gate)) if n not in BOUND)
        places = tuple(Place(**p) for p in node.get("places", ()))
        yield Step(
            id, work, Facts(), tuple(dict.fromkeys(needs)), gate, str(node.get("assumed", "")),
            within.get(id, ""), places,
        )  # fmt: skip


def _edges(document: Mapping[str, Any], steps: Mapping[str, Step]) -> Iterator[Edge]:
    """The edges by which values flow. Raises ValueError for one that leads nowhere."""
    for e in document["edges"]:
        for end in (e["source"], e["target"]):
            if end not in steps:
                raise ValueError(f"an edge leads to or from `{end}`, and there is no such node")
        if e["kind"] == "data":
            source, reader = steps[e["source"]], steps[e["target"]]
            for port in ports(e):
                stream = e["mode"] == "stream" and streams(source, reader, port)
                yield Edge(source.name, reader.name, port, "stream" if stream else "whole")


def _with_defaults(interface: Interface, edges: list[Edge]) -> Interface:
    """What the plan takes, its parameters filled by the sources that edges lead to them."""
    given = {e.target: Ref(e.source) for e in edges if e.port == "default"}
    defaults = tuple((n, given.get(n, v)) for n, v in interface.defaults)
    return replace(interface, defaults=defaults)


def _unreadable(words: str) -> CodedError:
    return failed(
        "plan-unreadable", f"this is no plan that can be read: {words}",
        hint="write one with `rlm plan FILE --json --out plan.json`",
    )  # fmt: skip
