"""The graph of a plan. With `plan.py` and `price.py` the only home of networkx.

A node is a step: the step itself is its `operation`, and what follows for it stands beside it in
plain attributes, `NodeData`. An edge of kind `data`
says that a value flows: `port` is the name by which the reader reads it (a list, where it reads
one value by several names), `mode` whether it comes item by item (`stream`) or `whole`. An edge of
kind `contains` leads from a step to those that it is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypedDict

import networkx as nx

from rlmlang.ir.bounds import Bound, Cost
from rlmlang.ir.expressions import Ref
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Step
from rlmlang.ir.walk import BOUND, names, renamed
from rlmlang.schema.formula import Formula
from rlmlang.value import Json
from rlmlang.verbs.inference import unsound
from rlmlang.verbs.inputs import Pattern

Graph = nx.DiGraph
Mode = Literal["stream", "whole"]


@dataclass(frozen=True)
class Edge:
    """A value that flows, by one of the names by which its reader reads it."""

    source: str
    target: str
    port: str
    mode: Mode = "whole"


@dataclass(frozen=True)
class Node:
    """A node with what leads to it. `inputs` are the nodes that it reads, by port; `streams` the
    ports that come item by item; `parts` the nodes that it is made of, `within` the one that it is
    a part of; `passing` says that its items have one reader, who takes each as it comes."""

    id: str
    step: Step
    facts: Facts
    bound: Bound
    model: str
    inputs: Mapping[str, str]
    streams: frozenset[str]
    parts: tuple[str, ...]
    within: str
    passing: bool

    @property
    def verb(self) -> str:
        """The word of the language for what it does."""
        return self.step.verb

    @property
    def words(self) -> str:
        """What it does, in a few words."""
        return renamed(self.step.work, self.inputs).words()

    @property
    def type(self) -> str:
        """The type of what it gives."""
        return str(self.facts.type)

    @property
    def coverage(self) -> str:
        """How much of its sources a list holds; empty for what is no list."""
        return str(self.facts.kept) if self.facts.type.is_list else ""

    @property
    def prompt(self) -> str:
        """The prompt that it asks."""
        ask = self.step.work.asked
        return ask.prompt.name if ask is not None else ""


Number = int | float | str
"""A number, or its formula while something in it is unknown."""


class CostData(TypedDict):
    """A cost in plain numbers; `usd` is None where a model has no known price."""

    calls: Number
    tokens_in: Number
    tokens_out: Number
    usd: Number | None


class BoundData(TypedDict):
    """A bound in plain numbers."""

    best: CostData
    expected: CostData
    worst: CostData
    rounds: Number
    depth: int


class NodeData(TypedDict):
    """What a graph says of a node. All but `operation` is JSON and follows from the graph."""

    verb: str
    words: str
    type: str
    coverage: str
    prompt: str
    model: str
    within: str
    places: list[dict[str, int | str]]
    bound: BoundData
    operation: Step


def node_data(n: Node) -> NodeData:
    """What a graph says of a node."""
    return {
        "verb": n.verb,
        "words": n.words,
        "type": n.type,
        "coverage": n.coverage,
        "prompt": n.prompt,
        "model": n.model,
        "within": n.within,
        "places": [dict(vars(p)) for p in n.step.places],
        "bound": bound_data(n.bound),
        "operation": n.step,
    }


def bound_data(bound: Bound) -> BoundData:
    """A bound in its three cases."""
    return {
        "best": _cost(bound.best),
        "expected": _cost(bound.expected),
        "worst": _cost(bound.worst),
        "rounds": number_or_formula(bound.rounds),
        "depth": bound.depth,
    }


def _cost(cost: Cost) -> CostData:
    return {
        "calls": number_or_formula(cost.calls),
        "tokens_in": number_or_formula(cost.tokens_in),
        "tokens_out": number_or_formula(cost.tokens_out),
        "usd": None if cost.usd is None else number_or_formula(cost.usd, whole=False),
    }


def number_or_formula(f: Formula, *, whole: bool = True) -> Number:
    """The number, or the formula as text while something in it is unknown."""
    exact, rounded = f.exact(), f.value()
    if exact is None or rounded is None:
        return str(f)
    return rounded if whole else round(float(exact), 6)


def graph_of(steps: Iterable[Step], flows: Iterable[Edge]) -> nx.DiGraph:
    """The graph of some steps, and of what flows between them."""
    made = Graph()
    steps = list(steps)
    for step in steps:
        made.add_node(step.name, operation=step)
    for step in steps:
        if step.within:
            made.add_edge(step.within, step.name, kind="contains", port="", mode="whole")
    for e in flows:
        known = made.edges.get((e.source, e.target))
        port: str | list[str] = [*ports(known), e.port] if known else e.port
        mode = "whole" if known and known["mode"] != e.mode else e.mode
        made.add_edge(e.source, e.target, kind="data", port=port, mode=mode)
    return made


def ports(edge: Mapping[str, Any]) -> list[str]:
    """The names by which the reader of an edge reads what flows."""
    found = edge["port"]
    return found if isinstance(found, list) else [found]


def settled(step: Step, within: str) -> Step:
    """A step as it stands in a graph: what it reads follows from what it does and when."""
    needs = (n for n in (*names(step.work), *names(step.when)) if n not in BOUND)
    return replace(step, facts=Facts(), needs=tuple(dict.fromkeys(needs)), within=within)


def streams(source: Step, reader: Step, port: str) -> bool:
    """Whether a step may take the items of another one by one while they are made: it reads them in
    no other way, runs in any case, and is a part of the same step."""
    return (
        source.work.makes_items
        and reader.work.streamed == Ref(port)
        and list(names(reader.work)).count(port) == 1
        and reader.when is None
        and reader.within == source.within
    )


def data_flows(graph: nx.DiGraph) -> list[Edge]:
    """What flows between all nodes, port by port."""
    return [e for id in graph for e in flows_into(graph, id)]


def edge_values(graph: nx.DiGraph) -> list[dict[str, Json]]:
    """All edges as a document has them."""
    return [{"source": a, "target": b, **d} for a, b, d in graph.edges(data=True)]


def data_edges(graph: nx.DiGraph) -> list[tuple[str, str, dict[str, Any]]]:
    """The edges by which values flow."""
    return [(a, b, d) for a, b, d in graph.edges(data=True) if d["kind"] == "data"]


def reader_modes(graph: nx.DiGraph, id: str) -> list[Mode]:
    """How those read a node that do so themselves: a part that is given is handed its value."""
    edges = graph.out_edges(id, data=True)
    read = [(b, d["mode"]) for _, b, d in edges if d["kind"] == "data"]
    return [m for b, m in read if not (container(graph, b) and _is_given(graph, b))]


def _is_given(graph: nx.DiGraph, id: str) -> bool:
    step: Step = graph.nodes[id]["operation"]
    return step.work.kind == "given"


def contained(graph: nx.DiGraph, id: str) -> list[str]:
    """The nodes that a node is made of."""
    return [b for _, b, d in graph.out_edges(id, data=True) if d["kind"] == "contains"]


def container(graph: nx.DiGraph, id: str) -> str:
    """The node that a node is a part of; empty at the top."""
    found = [a for a, _, d in graph.in_edges(id, data=True) if d["kind"] == "contains"]
    return found[0] if found else ""


def visible(graph: nx.DiGraph, source: str, reader: str) -> bool:
    """Whether a node may read another: one beside it or beside what it is a part of, up to the
    pattern that code calls; a rung also reads its own parts, a pattern nothing else."""
    home, around = container(graph, source), container(graph, reader)
    work = graph.nodes[reader]["operation"].work
    if work.has_body and home == reader:
        return True
    while home != around and around and not isinstance(work, Pattern):
        work = graph.nodes[around]["operation"].work
        around = container(graph, around)
    return home == around and not isinstance(work, Pattern)


def top_of(graph: nx.DiGraph, id: str) -> str:
    """The node at the top that a node lies in, itself if it lies there."""
    around = container(graph, id)
    return top_of(graph, around) if around else id


def lifted(graph: nx.DiGraph) -> list[tuple[str, str]]:
    """The edges between nodes at the top, those of their parts included."""
    pairs = ((top_of(graph, a), top_of(graph, b)) for a, b, _ in data_edges(graph))
    return sorted({(a, b) for a, b in pairs if a != b})


def layers(graph: nx.DiGraph) -> list[list[str]]:
    """The ids at the top by their distance from the inputs."""
    top: nx.DiGraph = nx.DiGraph()
    top.add_nodes_from(id for id in graph if not container(graph, id))
    top.add_edges_from(lifted(graph))
    return [sorted(layer) for layer in nx.topological_generations(top)]


def inside_out(graph: nx.DiGraph) -> list[str]:
    """The ids so that each comes after what it reads and after its parts; the same every time.
    Raises CodedError (plan-unsound) where no such order is."""
    turned = nx.DiGraph()
    turned.add_nodes_from(graph)
    turned.add_edges_from(
        (a, b) if d["kind"] == "data" else (b, a) for a, b, d in graph.edges(data=True)
    )
    try:
        return list(nx.lexicographical_topological_sort(turned))
    except nx.NetworkXUnfeasible:
        circle = " → ".join(a for a, _ in nx.find_cycle(turned))
        raise unsound(f"its edges go round in a circle: {circle}") from None


def flows_into(graph: nx.DiGraph, id: str) -> list[Edge]:
    """What leads to a node, port by port."""
    return [
        Edge(a, id, port, d["mode"])
        for a, _, d in graph.in_edges(id, data=True)
        if d["kind"] == "data"
        for port in ports(d)
    ]
