"""The plan: the frozen graph that is run, with its price."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import networkx as nx

from rlmlang.ir.binding import Binding
from rlmlang.ir.bounds import Bound
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Interface, Step
from rlmlang.plan.document import (
    FORMAT,
    VERSION,
    bound_values,
    node_values,
    number_or_formula,
    read_document,
)
from rlmlang.plan.encoding import encode
from rlmlang.plan.graph import Node, contained, container, data_edges, flows_into, graph_of
from rlmlang.plan.price import priced
from rlmlang.plan.verdict import Verdict
from rlmlang.schema.formula import Formula
from rlmlang.schema.registry import ALONE, Find
from rlmlang.value import Json


@dataclass(frozen=True)
class Rewrite:
    """What a pass changed, in words, and the calls that it saves at most."""

    words: str
    saves: Formula


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
    rewrites: tuple[Rewrite, ...] = ()
    find: Find = field(default=ALONE.find, repr=False)

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

    @classmethod
    def of(
        cls, graph: nx.DiGraph, recipe: Interface, binding: Binding, find: Find = ALONE.find
    ) -> Plan:
        """The plan of a graph, priced. Raises CodedError (plan-incomplete, plan-unsound) for a
        graph that cannot be run as it is."""
        found = priced(graph, recipe, binding, find)
        return cls(nx.freeze(graph), recipe, binding, found.facts, found.bounds, found.totals,
                   found.verdict, found.hash, find=find)  # fmt: skip

    def bound_to(self, binding: Binding) -> Plan:
        """The same plan, priced with other sizes and models."""
        return Plan.of(nx.DiGraph(self.graph), self.recipe, binding, self.find)

    def to_json(self) -> str:
        """The plan as a document: `docs/plan.md` describes it."""
        return json.dumps(self.to_values(), indent=2, ensure_ascii=False)

    def to_values(self) -> dict[str, Json]:
        """The document as JSON values."""
        limits: list[Json] = [vars(line) for line in self.verdict.lines]
        return {
            "format": FORMAT,
            "version": VERSION,
            "recipe": self.recipe.name,
            "hash": self.hash,
            "measure": self.binding.measure,
            "prices_from": self.binding.prices_from,
            "directed": True,
            "multigraph": False,
            "graph": {},
            "nodes": [node_values(n) for n in self.nodes],
            "edges": [{"source": a, "target": b, **d} for a, b, d in self.graph.edges(data=True)],
            "totals": bound_values(self.totals),
            "budget": {k: v for k, v in vars(self.recipe.budget).items() if v is not None},
            "verdict": {
                "word": self.verdict.word, "dominant": self.verdict.dominant, "limits": limits,
            },
            "rewrites": [
                {"words": r.words, "saves": number_or_formula(r.saves)} for r in self.rewrites
            ],
            "interface": encode(self.recipe),
            "binding": encode(self.binding),
        }  # fmt: skip

    @staticmethod
    def from_json(text: str, find: Find = ALONE.find) -> Plan:
        """The plan of a document, its types, coverage and bounds inferred anew. Raises CodedError
        (plan-unreadable, plan-incomplete, plan-unsound)."""
        steps, edges, recipe, binding = read_document(text)
        return Plan.of(graph_of(steps, edges), recipe, binding, find)

    def _node(self, id: str) -> Node:
        step: Step = self.graph.nodes[id]["operation"]
        into = flows_into(self.graph, id)
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
