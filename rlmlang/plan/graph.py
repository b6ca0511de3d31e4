"""The plan: a frozen directed graph with stable ids, and the only home of networkx."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import networkx as nx

from rlmlang.ir.recipe import Recipe
from rlmlang.plan.bounds import Bound, Totals
from rlmlang.plan.verdict import Verdict


@dataclass(frozen=True)
class PlanNode:
    """A node. `id` is `recipe.step`, stable under formatting and reordering of independent steps;
    `region` is the id of the node whose sub-graph it lies in, empty at the top."""

    id: str
    name: str
    verb: str
    words: str = ""
    type: str = ""
    coverage: str = ""
    prompt: str = ""
    model: str = ""
    region: str = ""
    bound: Bound = field(default_factory=Bound)


@dataclass(frozen=True)
class Plan:
    """A recipe as a graph with its price. Nothing in it changes after it is made. `rooms` is the
    least tok that each model which thinks before it answers is allowed a call."""

    recipe: Recipe
    nodes: tuple[PlanNode, ...]
    edges: tuple[tuple[str, str], ...]
    totals: Totals
    verdict: Verdict
    hash: str
    prices_from: str = ""
    measure: str = ""
    endpoint: str = ""
    rooms: tuple[tuple[str, int], ...] = ()

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The graph itself, frozen; a node's data is under `node`."""
        made: nx.DiGraph = nx.DiGraph(recipe=self.recipe.name)
        for node in self.nodes:
            made.add_node(node.id, node=node)
        made.add_edges_from(self.edges)
        return nx.freeze(made)

    def node(self, id: str) -> PlanNode:
        """The node of that id. Raises KeyError."""
        found = next((n for n in self.nodes if n.id == id), None)
        if found is None:
            raise KeyError(id)
        return found

    def order(self) -> list[str]:
        """The ids so that each comes after what it needs; the same order every time."""
        return list(nx.lexicographical_topological_sort(self.graph))

    def layers(self) -> list[list[str]]:
        """The top-level ids by their distance from the inputs, for drawing."""
        top = self.graph.subgraph(n.id for n in self.nodes if not n.region)
        return [sorted(layer) for layer in nx.topological_generations(top)]

    def region(self, id: str) -> nx.DiGraph:
        """The sub-graph that lies inside a node."""
        return self.graph.subgraph(n.id for n in self.nodes if n.region == id)

    def after(self, id: str) -> list[str]:
        """Everything that depends on a node, directly or not."""
        return sorted(nx.descendants(self.graph, id))
