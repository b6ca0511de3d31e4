"""A plan as a document that can be kept, changed and run: what `rlm plan --json` writes.

`nodes` and `edges` are the graph in networkx's node-link form. Of a node, `operation`, `when` and
`assumed` are what it does; of the document, `interface` is what the plan takes and gives, and
`binding` what it was priced with. All else is for readers: it is inferred anew when the document is
read. `docs/plan.md` describes each field.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.source import Place
from rlmlang.diagnostics.suggest import nearest
from rlmlang.ir.binding import Binding
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Interface, Operation, Step
from rlmlang.plan.encoding import decode, encode
from rlmlang.plan.graph import Edge, Graph, NodeData, edge_values, ports, settled, streams
from rlmlang.value import Json

FORMAT, VERSION = "rlmlang.plan", 1
PARTS = (
    "format", "version", "recipe", "hash", "measure", "prices_from", "directed", "multigraph",
    "graph", "nodes", "edges", "totals", "budget", "verdict", "rewrites", "interface",
    "binding", "batches",
)  # fmt: skip
OF_NODES = ("id", *NodeData.__annotations__, "when", "assumed")
OF_EDGES = ("source", "target", "kind", "port", "mode")
Values = Mapping[str, Any]
Read = tuple[list[Step], list[Edge], Interface]
"""The steps of a plan, what flows between them, what it takes and gives."""


def node_values(id: str, data: Mapping[str, Any]) -> dict[str, Json]:
    """A node: what a reader wants to know of it, and what it does."""
    return {"id": id, **data, **does(data["operation"])}


def does(step: Step) -> dict[str, Json]:
    """What a node does."""
    made: dict[str, Json] = {"operation": encode(step.work)}
    if step.when is not None:
        made["when"] = {"test": encode(step.when[0]), "holds": step.when[1]}
    return made | ({"assumed": step.assumed} if step.assumed else {})


# ── and back ─────────────────────────────────────────────────────────────────


def read_document(text: str) -> tuple[Read, Binding]:
    """A document read, and what it was priced with. Raises CodedError (plan-unreadable)."""
    try:
        document = json.loads(text, parse_constant=_no_number)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError("it is no plan of rlmlang")
        if document.get("version") != VERSION:
            raise ValueError(f"it is of version {document.get('version')!r}; {VERSION} is read")
        _only(PARTS, document, "the document")
        interface = decode(document.get("interface"), Interface, "interface")
        binding = decode(document.get("binding"), Binding, "binding")
        nodes = [_node(n, f"nodes[{i}]") for i, n in enumerate(_list(document, "nodes"))]
        edges = [_edge(e, f"edges[{i}]") for i, e in enumerate(_list(document, "edges"))]
    except (ValueError, RecursionError) as mistake:
        raise unreadable(str(mistake)) from None
    return connected(nodes, edges, interface), binding


def read_graph(graph: Graph, interface: Interface) -> Read:
    """A graph read like a document. Raises CodedError (plan-unreadable)."""
    try:
        nodes = [_of_graph(id, data) for id, data in graph.nodes(data=True)]
        written = ({k: v for k, v in e.items() if k in OF_EDGES} for e in edge_values(graph))
        edges = [_edge(e, "an edge") for e in written]
    except ValueError as mistake:
        raise unreadable(str(mistake)) from None
    return connected(nodes, edges, interface)


def _of_graph(id: object, data: Values) -> Step:
    step = data.get("operation")
    if not isinstance(step, Step):
        raise ValueError(f"node `{id}` needs an `operation` that is a Step")
    return replace(step, name=str(id))


def connected(nodes: Iterable[Step], edges: Iterable[Values], interface: Interface) -> Read:
    """Steps put where edges say: what each reads and is a part of follows from them. Raises
    CodedError (plan-unreadable) for two of one name, and for an edge that leads nowhere."""
    steps: dict[str, Step] = {}
    for step in nodes:
        if step.name in steps:
            raise unreadable(f"two nodes are called `{step.name}`")
        steps[step.name] = step
    within: dict[str, str] = {}
    flows: list[Values] = []
    for e in edges:
        for end in (e["source"], e["target"]):
            if end not in steps:
                raise unreadable(f"an edge leads to or from `{end}`, and there is no such node")
        if e["kind"] == "data":
            flows.append(e)
        elif e["target"] in within:
            raise unreadable(f"`{e['target']}` is a part of two nodes")
        else:
            within[e["target"]] = e["source"]
    steps = {id: settled(step, within.get(id, "")) for id, step in steps.items()}
    found = [x for e in flows for x in _flows(e, steps)]
    return list(steps.values()), found, _with_defaults(interface, found)


def unreadable(words: str) -> CodedError:
    """The problem of what is no plan."""
    return failed(
        "plan-unreadable",
        f"this is no plan that can be read: {words}",
        hint="write one with `rlm plan FILE --json --out plan.json`",
    )


def _flows(e: Values, steps: Mapping[str, Step]) -> Iterator[Edge]:
    source, reader = steps[e["source"]], steps[e["target"]]
    for port in ports(e):
        stream = e["mode"] == "stream" and streams(source, reader, port)
        yield Edge(source.name, reader.name, port, "stream" if stream else "whole")


def _with_defaults(interface: Interface, edges: list[Edge]) -> Interface:
    """What the plan takes, its parameters filled by the sources that edges lead to them."""
    given = {e.target: Ref(e.source) for e in edges if e.port == "default"}
    defaults = tuple((n, given.get(n, v)) for n, v in interface.defaults)
    return replace(interface, defaults=defaults)


# ── the forms of a document ──────────────────────────────────────────────────


def _node(written: object, where: str) -> Step:
    id = _text(_object(written, where), "id", where)
    where = f"node `{id}`"
    values = _only(OF_NODES, written, where)
    work = decode(values.get("operation"), Operation, f"{where}.operation")
    gate = None
    if values.get("when") is not None:
        when = _only(("test", "holds"), values["when"], f"{where}.when")
        gate = (
            decode(when.get("test"), Expr, f"{where}.when.test"),
            decode(when.get("holds"), bool, f"{where}.when.holds"),
        )
    assumed = decode(values.get("assumed", ""), str, f"{where}.assumed")
    written_at = _list({"places": [], **values}, "places")
    places = tuple(_place(p, f"{where}.places[{i}]") for i, p in enumerate(written_at))
    return Step(id, work, Facts(), (), gate, assumed, "", places)


def _place(written: object, where: str) -> Place:
    """Where a node is written; the class is none of `ir/`, so its fields are read here."""
    parts = {f.name: int if f.type == "int" else str for f in fields(Place)}
    values = _only(tuple(parts), written, where)
    return Place(**{n: decode(values.get(n), kind, f"{where}.{n}") for n, kind in parts.items()})


def _edge(written: object, where: str) -> Values:
    values = _only(OF_EDGES, written, where)
    where = f"{where}, `{_text(values, 'source', where)}` → `{_text(values, 'target', where)}`,"
    if values.get("kind") not in ("data", "contains"):
        raise ValueError(f"{where} has a `kind` that is neither data nor contains")
    if values.get("mode") not in ("stream", "whole"):
        raise ValueError(f"{where} has a `mode` that is neither stream nor whole")
    port = values.get("port")
    if not isinstance(port, str) and not (isinstance(port, list) and all(map(_is_text, port))):
        raise ValueError(f"{where} has a `port` that is no text")
    return values


def _only(known: Collection[str], written: object, where: str) -> Values:
    """The values of an object, none of which has a name that means nothing."""
    values = _object(written, where)
    for name in values:
        if name not in known:
            near = nearest(name, known)
            raise ValueError(f"{where} has no `{name}`" + (f": is it `{near}`?" if near else ""))
    return values


def _object(written: object, where: str) -> Values:
    if not isinstance(written, dict):
        raise ValueError(f"{where} is no object")
    return written


def _text(values: Values, name: str, where: str) -> str:
    found = values.get(name)
    if not isinstance(found, str):
        raise ValueError(f"{where} needs `{name}`, a text")
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _list(values: Values, name: str) -> list[object]:
    found = values.get(name)
    if not isinstance(found, list):
        raise ValueError(f"`{name}` is no list")
    return found


def _no_number(written: str) -> None:
    raise ValueError(f"{written} is no number")
