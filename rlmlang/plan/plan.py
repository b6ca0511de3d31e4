"""The plan: the frozen graph that is run, with its price."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

import networkx as nx

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir.binding import Binding
from rlmlang.ir.bounds import Bound
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Interface, Model, Step
from rlmlang.ir.suite import Batch
from rlmlang.ir.walk import predictors
from rlmlang.plan.batches import batch_values, with_batches
from rlmlang.plan.document import (
    FORMAT,
    VERSION,
    Read,
    does,
    node_values,
    read_document,
    read_graph,
)
from rlmlang.plan.encoding import encode
from rlmlang.plan.graph import (
    Node,
    bound_data,
    contained,
    container,
    edge_values,
    flows_into,
    graph_of,
    node_data,
    number_or_formula,
    reader_modes,
)
from rlmlang.plan.html import page
from rlmlang.plan.price import priced
from rlmlang.plan.verdict import Verdict
from rlmlang.schema.formula import Formula
from rlmlang.schema.registry import ALONE, Find
from rlmlang.value import Json
from rlmlang.verbs.inference import unsound

MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, AssertionError,
             RecursionError)  # fmt: skip


@dataclass(frozen=True)
class Rewrite:
    """What a pass changed, in words, and the calls that it saves at most."""

    words: str
    saves: Formula


@dataclass(frozen=True, repr=False)
class Plan:
    """A recipe as the graph that is run, with its price. Nothing in it changes after it is made:
    `changed` takes an edited copy of the graph. `hash` is that of what it does, without the price;
    `find` looks up what other distributions bring."""

    graph: nx.DiGraph
    recipe: Interface
    binding: Binding
    facts: Mapping[str, Facts]
    bounds: Mapping[str, Bound]
    totals: Bound
    verdict: Verdict
    hash: str
    find: Find = field(default=ALONE.find, compare=False)
    rewrites: tuple[Rewrite, ...] = ()

    def __repr__(self) -> str:
        calls = bound_data(self.totals)["worst"]["calls"]
        return (
            f"<Plan {self.recipe.name}: {len(self.graph)} nodes, at most {calls} calls, "
            f"budget {self.verdict.word}, {self.hash[:12]}>"
        )

    def _repr_html_(self) -> str:
        """The drawing, the table of steps, the verdict: what a notebook shows."""
        return self.to_html()

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

    def around(self, node: Node) -> list[Node]:
        """The nodes that a node lies in, the nearest first."""
        found: list[Node] = []
        while node.within:
            node = self.by_id[node.within]
            found.append(node)
        return found

    @classmethod
    def of(
        cls, graph: nx.DiGraph, recipe: Interface, binding: Binding, find: Find = ALONE.find
    ) -> Plan:
        """The plan of a graph, priced. Raises CodedError (plan-incomplete, plan-unsound) for a
        graph that cannot be run as it is."""
        found = priced(graph, recipe, binding, find)
        made = cls(
            graph,
            recipe,
            binding,
            found.facts,
            found.bounds,
            found.totals,
            found.verdict,
            found.hash,
            find,
        )
        for node in made.nodes:
            graph.nodes[node.id].update(node_data(node))
        graph.graph["name"] = recipe.name
        nx.freeze(graph)
        return made

    def bound_to(self, binding: Binding) -> Plan:
        """The same plan, priced with other sizes and models."""
        return Plan.of(nx.DiGraph(self.graph), self.recipe, binding, self.find)

    # ── changed ──────────────────────────────────────────────────────────────

    def changed(self, graph: nx.DiGraph) -> Plan:
        """The plan of an edited copy of the graph, `nx.DiGraph(plan.graph)`. Of a node its
        `operation` is read, of an edge `kind`, `port` and `mode`; all else is inferred anew.
        Raises CodedError (plan-unreadable, plan-incomplete, plan-unsound)."""
        return _made(read_graph(graph, self.recipe), self.binding, self.find)

    def with_model(self, id: str, name: str) -> Plan:
        """The plan in which one node asks another model, which is bound by the node's id. Raises
        CodedError (unknown-node)."""
        ask = self.by_id[id].step.work.asked if id in self.by_id else None
        if ask is None:
            asking = [n.id for n in self.nodes if n.prompt]
            raise failed(
                "unknown-node",
                f"no node `{id}` of the plan asks a model",
                hint=did_you_mean(id, asking),
            )
        model = replace(ask.prompt.model, name=id, default=name, price=None)
        asked = replace(ask, prompt=replace(ask.prompt, model=model))
        graph = nx.DiGraph(self.graph)
        step: Step = graph.nodes[id]["operation"]
        graph.nodes[id]["operation"] = replace(step, work=replace(step.work, ask=asked))
        return self.changed(graph)

    # ── written and read ─────────────────────────────────────────────────────

    def to_html(self, batches: Sequence[Batch] = ()) -> str:
        """The drawing, the table of steps and the verdict; batches are drawn around the plan."""
        return page(self.graph, self.totals, self.verdict, self.hash, batches)

    def to_json(self, batches: Sequence[Batch] = ()) -> str:
        """The plan as a document: `docs/plan.md` describes it."""
        around: list[Json] = [batch_values(b) for b in batches]
        values = self.to_values() | ({"batches": around} if around else {})
        return json.dumps(values, indent=2, ensure_ascii=False)

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
            "graph": dict(self.graph.graph),
            "nodes": [node_values(id, data) for id, data in self.graph.nodes(data=True)],
            "edges": edge_values(self.graph),
            "totals": cast("Json", bound_data(self.totals)),  # a typed form of the same
            "budget": {k: v for k, v in vars(self.recipe.budget).items() if v not in (None, ())},
            "verdict": {
                "word": self.verdict.word,
                "dominant": self.verdict.dominant,
                "limits": limits,
            },
            "rewrites": [
                {"words": r.words, "saves": number_or_formula(r.saves)} for r in self.rewrites
            ],
            "interface": encode(self.recipe),
            "binding": self.binding_values(),
        }

    def own_values(self) -> dict[str, Json]:
        """The document of what the plan does, without what follows for what is bound to it; with
        `binding` it can be read."""
        steps = self.steps
        nodes = [{"id": s.name, "places": [vars(p) for p in s.places], **does(s)} for s in steps]
        return {
            "format": FORMAT,
            "version": VERSION,
            "nodes": nodes,
            "edges": edge_values(self.graph),
            "interface": encode(self.recipe),
        }

    def binding_values(self) -> Json:
        """What the plan was priced with, as JSON values."""
        return encode(self.binding)

    @staticmethod
    def from_json(text: str, find: Find = ALONE.find) -> Plan:
        """The plan of a document, its types, coverage and bounds inferred anew. Raises CodedError
        (plan-unreadable, plan-incomplete, plan-unsound)."""
        read, binding = read_document(text)
        return _made(read, binding, find)

    def to_graphml(self, batches: Sequence[Batch] = ()) -> str:
        """The graph in GraphML, for other programs: what is no text is JSON in it."""
        flat, graph = nx.DiGraph(name=self.recipe.name), with_batches(self.graph, batches)
        for id, data in graph.nodes(data=True):
            step: Step | None = data["operation"]
            flat.add_node(id, **_flat(data | (does(step) if step is not None else {})))
        for a, b, data in graph.edges(data=True):
            flat.add_edge(a, b, **_flat(data))
        return "\n".join(nx.generate_graphml(flat)) + "\n"

    def _node(self, id: str) -> Node:
        step: Step = self.graph.nodes[id]["operation"]
        into = flows_into(self.graph, id)
        out = reader_modes(self.graph, id)
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


def _made(read: Read, binding: Binding, find: Find) -> Plan:
    """The plan of what was read. What no recipe could have become is unsound, whatever breaks."""
    steps, flows, interface = read
    _one_model_a_name(steps)
    try:
        return Plan.of(graph_of(steps, flows), interface, binding, find)
    except MALFORMED as mistake:
        node = next(iter(getattr(mistake, "__notes__", ())), "the plan")
        words = f"{type(mistake).__name__}: {mistake}"
        raise unsound(f"{node} is not what a recipe could say: {words[:200]}") from None


def _one_model_a_name(steps: Iterable[Step]) -> None:
    """Raises CodedError (plan-unsound) where two nodes mean different models by one name."""
    known: dict[str, tuple[str, Model]] = {}
    for id, ask in predictors(steps):
        model = ask.prompt.model
        first, same = known.setdefault(model.name, (id, model))
        if same != model:
            raise unsound(f"`{first}` and `{id}` mean different models by the name `{model.name}`")


def _flat(data: Mapping[str, Json]) -> dict[str, str]:
    return {
        k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for k, v in data.items()
    }
