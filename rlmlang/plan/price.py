"""A graph of steps with what is bound to it, priced: from the parts outwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import networkx as nx

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir.binding import Binding
from rlmlang.ir.bounds import Bound, Cost
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Budget, Interface, Known, Part, Step
from rlmlang.ir.types import fits
from rlmlang.ir.walk import free_names, names
from rlmlang.plan.graph import Edge, contained, container, flows_into, inside_out, visible
from rlmlang.plan.infer import infer, names_of, with_told
from rlmlang.plan.models import OfModel
from rlmlang.plan.serialize import EDITION, hash_of
from rlmlang.plan.verdict import Verdict, judge
from rlmlang.schema.formula import ZERO, Formula, number
from rlmlang.schema.registry import Find
from rlmlang.verbs.inference import unsound


@dataclass(frozen=True)
class Priced:
    """What is known of each node's value and cost by its id, and of them all; `hash` is that of
    what the graph does."""

    facts: Mapping[str, Facts]
    bounds: Mapping[str, Bound]
    totals: Bound
    verdict: Verdict
    hash: str


def priced(graph: nx.DiGraph, recipe: Interface, binding: Binding, find: Find) -> Priced:
    """A graph priced. Sizes that are bound become numbers, the rest stay formulas. Raises
    CodedError (plan-incomplete, plan-unsound) for a graph that cannot be run as it is."""
    if "result" not in graph or container(graph, "result"):
        raise failed(
            "plan-incomplete",
            "the plan has no node `result`",
            hint="name the node `result` that gives the plan's value",
        )
    pricing = Pricing(graph, binding, find)
    for id in inside_out(graph):
        try:
            pricing.add(id)
        except Exception as mistake:
            mistake.add_note(f"`{id}`")
            raise
    _fits(pricing.facts["result"], recipe)
    bounds = pricing.bounds()
    top = {id: b for id, b in bounds.items() if not container(graph, id)}
    totals = sum(top.values(), Bound())
    return Priced(
        pricing.facts,
        bounds,
        totals,
        judge(recipe.budget, totals, _dominant(top), pricing.of_models(recipe.budget, list(top))),
        hash_of_graph(graph, recipe),
    )


def _fits(result: Facts, recipe: Interface) -> None:
    """Raises CodedError (plan-unsound) for a result that is not what the plan says it gives."""
    if not fits(result.type, recipe.result):
        raise unsound(f"`result` is {result.type}, and the plan gives {recipe.result}")


@dataclass
class Pricing:
    """What is known so far, node by node: the facts of values, a lower bound of their items, and
    the steps with their bounds."""

    graph: nx.DiGraph
    binding: Binding
    find: Find
    facts: dict[str, Facts] = field(default_factory=dict)
    least: dict[str, Formula] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)

    def add(self, id: str) -> None:
        """The next node, whose inputs and parts are known."""
        node = self.graph.nodes[id]
        step: Step = node["operation"]
        known = self._known(step)
        inside = {name: self.facts[part.step.name] for name, part in known.parts.items()}
        found = infer(step, known.facts, inside, self.binding, self.find)
        self.facts[id] = _bound_facts(found, self.binding)
        self.least[id] = _least(step, known, self.facts[id])
        node["operation"] = step = with_told(step, known.facts)
        self.parts[id] = Part(step, known, _bound(step, known))

    def _known(self, step: Step) -> Known:
        flows = flows_into(self.graph, step.name)
        _complete(step, flows)
        for e in flows:
            if not visible(self.graph, e.source, step.name):
                raise unsound(
                    f"`{step.name}` reads `{e.source}`, which is a part of "
                    f"`{container(self.graph, e.source)}`"
                )
        facts, n = {e.port: self.facts[e.source] for e in flows}, self.binding.distinct
        return Known(
            facts,
            {e.port: self.least[e.source] for e in flows},
            self.binding,
            {
                part.removeprefix(f"{step.name}."): self.parts[part]
                for part in contained(self.graph, step.name)
            },
            self.find,
            names_of(step, facts, self.find),
            {e.port: number(n[e.source]) for e in flows if e.source in n},
        )

    def of_models(self, budget: Budget, top: list[str]) -> Mapping[str, Bound]:
        """What the calls of each model that a budget limits may take; its worst and best case."""
        found: dict[str, Bound] = {}
        for model in dict.fromkeys(model for _, model, _ in budget.of_models):
            of = OfModel(model, self.parts, partial(contained, self.graph))
            worst = sum(map(of.worst, top), Cost())
            found[model] = Bound(best=sum(map(of.best, top), Cost()), worst=worst)
        return found

    def bounds(self) -> dict[str, Bound]:
        """The bound of each node; of a part that is asked many times, its share, and of one that is
        carried out for each item, that of all."""
        found = {id: self.parts[id].bound for id in self.graph}
        for id, part in self.parts.items():
            shares = part.step.work.shares(part.known)
            found.update({f"{id}.{name}": bound for name, bound in shares.items()})
        return {id: self._repeated(id, bound) for id, bound in found.items()}

    def _repeated(self, id: str, bound: Bound) -> Bound:
        while id := container(self.graph, id):
            part = self.parts[id]
            if part.step.work.repeats:
                bound = bound.times(*part.step.work.times(part.known))
        return bound


def _complete(step: Step, flows: list[Edge]) -> None:
    """Raises CodedError (plan-incomplete) for a step that reads what no edge brings, and
    (plan-unsound) for an edge that brings what it does not read, or what another brings."""
    read = [*names(step.work), *names(step.when)]
    inputs = [e.port for e in flows]
    for port in inputs:
        if inputs.count(port) > 1:
            raise unsound(f"two edges bring `{port}` to `{step.name}`")
        if port not in read and (port != "default" or step.work.kind != "given"):
            raise unsound(f"an edge brings `{port}` to `{step.name}`, which does not read it")
    needed = [*free_names(step.work), *names(step.when)]  # a condition binds no names
    if lost := [n for n in needed if n not in inputs]:
        raise failed(
            "plan-incomplete",
            f"`{step.name}` reads `{lost[0]}`, which no edge of the plan brings",
            reason="A node or an edge is missing.",
            hint=f"add an edge with the port `{lost[0]}` that leads to `{step.name}`",
        )


def _bound_facts(facts: Facts, binding: Binding) -> Facts:
    sizes = dict(binding.sizes)
    return replace(
        facts,
        size=facts.size.bind(sizes),
        count=facts.count.bind(sizes),
        item=facts.item.bind(sizes),
        inner=facts.inner.bind(sizes),
    )


def _least(step: Step, known: Known, facts: Facts) -> Formula:
    """A lower bound of the items that a step gives; of an input that is bound, their number."""
    if step.name in known.binding.exact:
        return facts.count
    return ZERO if step.when is not None else step.work.least(known)


def _bound(step: Step, known: Known) -> Bound:
    """What a step may take; at best nothing where it may not run at all."""
    made = step.work.bound(known)
    return made if step.when is None else replace(made, best=Cost())


def _dominant(bounds: Mapping[str, Bound]) -> str:
    """The step with the greatest worst case, in dollars, else tok, else calls."""

    def weight(bound: Bound) -> tuple[float, ...]:
        cost = bound.worst
        parts = (cost.usd, cost.tokens_in, cost.calls)
        return tuple(float(p.number) if p is not None and p.known else 0.0 for p in parts)

    best = max(((weight(b), id) for id, b in bounds.items()), default=((0.0,), ""))
    if any(best[0]):
        return best[1]
    return next((id for id, b in bounds.items() if b.worst.calls.symbols), "")


def hash_of_graph(graph: nx.DiGraph, recipe: Interface) -> str:
    """The hash of what a graph does, whatever the order of its nodes."""
    steps = [graph.nodes[id]["operation"] for id in sorted(graph)]
    flows = sorted((a, b, d["kind"], d["port"], d["mode"]) for a, b, d in graph.edges(data=True))
    return hash_of((EDITION, recipe, steps, flows))
