"""The graph of a plan. With `plan.py` and `price.py` the only home of networkx.

A node is a step: plain attributes, and the step itself as `operation`. An edge of kind `data`
says that a value flows: `port` is the name by which the reader reads it (a list, where it reads
one value by several names), `mode` whether it comes item by item (`stream`) or `whole`. An edge of
kind `contains` leads from a step to those that it is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import networkx as nx

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Ref
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Step
from rlmlang.ir.walk import names, renamed
from rlmlang.verbs.inference import unsound

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
        return self.facts.coverage if self.facts.type.is_list else ""

    @property
    def prompt(self) -> str:
        """The prompt that it asks."""
        ask = self.step.work.asked
        return ask.prompt.name if ask is not None else ""


def graph_of(steps: Iterable[Step], flows: Iterable[Edge]) -> nx.DiGraph:
    """The graph of some steps, and of what flows between them."""
    made: nx.DiGraph = nx.DiGraph()
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


def data_edges(graph: nx.DiGraph) -> list[tuple[str, str, dict[str, Any]]]:
    """The edges by which values flow."""
    return [(a, b, d) for a, b, d in graph.edges(data=True) if d["kind"] == "data"]


def contained(graph: nx.DiGraph, id: str) -> list[str]:
    """The nodes that a node is made of."""
    return [b for _, b, d in graph.out_edges(id, data=True) if d["kind"] == "contains"]


def container(graph: nx.DiGraph, id: str) -> str:
    """The node that a node is a part of; empty at the top."""
    found = [a for a, _, d in graph.in_edges(id, data=True) if d["kind"] == "contains"]
    return found[0] if found else ""


def inside_out(graph: nx.DiGraph) -> list[str]:
    """The ids so that each comes after what it reads and after its parts; the same every time.
    Raises CodedError (plan-unsound) where no such order is."""
    turned = nx.DiGraph()
    turned.add_nodes_from(graph)
    turned.add_edges_from((a, b) if d["kind"] == "data" else (b, a)
                          for a, b, d in graph.edges(data=True))  # fmt: skip
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
