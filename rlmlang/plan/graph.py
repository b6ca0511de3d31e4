"""The plan: the frozen graph that is run. The only home of networkx.

A node is a step: plain attributes, and the step itself as `operation`. An edge of kind `data`
says that a value flows: `port` is the name by which the reader reads it (a list, where it reads
one value by several names), `mode` whether it comes item by item (`stream`) or `whole`. An edge of
kind `contains` leads from a step to those that it is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import networkx as nx

from rlmlang.ir.binding import Binding
from rlmlang.ir.bounds import Bound
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Interface, Step
from rlmlang.plan.verdict import Verdict

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
        return self.step.work.words()

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


@dataclass(frozen=True)
class Plan:
    """A recipe as the graph that is run, with its price. Nothing in it changes after it is made.
    `hash` is that of what it does, without the price."""

    graph: nx.DiGraph
    recipe: Interface
    binding: Binding
    facts: Mapping[str, Facts]
    bounds: Mapping[str, Bound]
    totals: Bound
    verdict: Verdict
    hash: str

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes in the order of the recipe, parts behind what they are parts of."""
        return tuple(map(self._node, self.graph))

    @cached_property
    def by_id(self) -> Mapping[str, Node]:
        """The nodes by their ids."""
        return {n.id: n for n in self.nodes}

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all nodes."""
        return tuple(n.step for n in self.nodes)

    def of_event(self, node: str) -> Node | None:
        """The node that an event is about, which names it behind the recipe's name."""
        return self.by_id.get(node.removeprefix(f"{self.recipe.name}."))

    def node(self, id: str) -> Node:
        """The node of that id. Raises KeyError."""
        return self.by_id[id]

    def parts(self, id: str = "") -> list[Node]:
        """The nodes that a node is made of; those at the top for none."""
        return [n for n in self.nodes if n.within == id]

    def layers(self) -> list[list[str]]:
        """The ids at the top by their distance from the inputs, for drawing."""
        top = nx.DiGraph()
        top.add_nodes_from(n.id for n in self.parts())
        top.add_edges_from(self.lifted())
        return [sorted(layer) for layer in nx.topological_generations(top)]

    def lifted(self) -> list[tuple[str, str]]:
        """The edges between nodes at the top, those of their parts included."""
        pairs = ((self.top_of(a), self.top_of(b)) for a, b, _ in data_edges(self.graph))
        return sorted({(a, b) for a, b in pairs if a != b})

    def around(self, node: Node) -> list[Node]:
        """The nodes that a node lies in, the nearest first."""
        found: list[Node] = []
        while node.within:
            node = self.by_id[node.within]
            found.append(node)
        return found

    def top_of(self, id: str) -> str:
        """The node at the top that a node lies in, itself if it lies there."""
        return next((n.id for n in reversed(self.around(self.by_id[id]))), id)

    def _node(self, id: str) -> Node:
        step: Step = self.graph.nodes[id]["operation"]
        into = _into(self.graph, id)
        out = [d["mode"] for _, _, d in self.graph.out_edges(id, data=True) if d["kind"] == "data"]
        ask = step.work.asked
        return Node(
            id=id,
            step=step,
            facts=self.facts[id],
            bound=self.bounds[id],
            model=self.binding.model(ask.prompt.model).name if ask is not None else "",
            inputs={e.port: e.source for e in into},
            streams=frozenset(e.port for e in into if e.mode == "stream"),
            parts=tuple(contained(self.graph, id)),
            within=container(self.graph, id),
            passing=out == ["stream"],
        )


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


def inputs_of(graph: nx.DiGraph, id: str) -> dict[str, str]:
    """The nodes that a node reads, by port."""
    return {e.port: e.source for e in _into(graph, id)}


def inside_out(graph: nx.DiGraph) -> list[str]:
    """The ids so that each comes after what it reads and after its parts; the same every time."""
    turned = nx.DiGraph()
    turned.add_nodes_from(graph)
    turned.add_edges_from((a, b) if d["kind"] == "data" else (b, a)
                          for a, b, d in graph.edges(data=True))  # fmt: skip
    return list(nx.lexicographical_topological_sort(turned))


def _into(graph: nx.DiGraph, id: str) -> list[Edge]:
    return [
        Edge(a, id, port, d["mode"])
        for a, _, d in graph.in_edges(id, data=True)
        if d["kind"] == "data"
        for port in ports(d)
    ]
