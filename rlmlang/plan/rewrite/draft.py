"""A plan taken apart, so that a pass can change it: steps by name, and what flows between them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rlmlang.ir.expressions import Expr
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Operation, Step
from rlmlang.ir.walk import free_names, names
from rlmlang.plan.graph import Edge, Mode, data_flows, graph_of, streams
from rlmlang.plan.plan import Plan, Rewrite
from rlmlang.schema.formula import Formula


@dataclass
class Draft:
    """The steps of a plan in order, and its edges, port by port."""

    plan: Plan
    steps: dict[str, Step]
    flows: list[Edge]

    @classmethod
    def of(cls, plan: Plan) -> Draft:
        """A plan taken apart."""
        return cls(plan, {s.name: s for s in plan.steps}, data_flows(plan.graph))

    def readers(self, id: str) -> list[Edge]:
        """The edges that lead from a step."""
        return [e for e in self.flows if e.source == id]

    def source(self, id: str, port: str) -> str:
        """The step that fills a port. Raises KeyError."""
        found = [e.source for e in self.flows if (e.target, e.port) == (id, port)]
        if not found:
            raise KeyError(port)
        return found[0]

    def put(self, id: str, work: Operation, reads: dict[str, str], like: Step) -> None:
        """A step that does this, in place of one of that name or as a new one before `like`.
        `reads` are the steps that fill its ports; those it had are kept."""
        if id not in self.steps:
            fresh = replace(like, name=id, facts=Facts(), when=None, assumed="")
            at = list(self.steps).index(like.name)
            rows = list(self.steps.items())
            self.steps = dict([*rows[:at], (id, fresh), *rows[at:]])
        old = self.steps[id]
        had = {e.port: e.source for e in self.flows if e.target == id} | reads
        needs = free_names(work)
        self.steps[id] = replace(old, work=work, needs=needs)
        self.flows = [e for e in self.flows if e.target != id]
        self.flows += [Edge(had[n], id, n) for n in (*needs, *_tested(old, needs))]

    def lead(self, old: str, new: str) -> None:
        """Leads the readers of a step to another."""
        self.flows = [replace(e, source=new) if e.source == old else e for e in self.flows]

    def without(self, ids: set[str]) -> None:
        """Takes steps out, with what leads to and from them."""
        self.steps = {id: s for id, s in self.steps.items() if id not in ids}
        self.flows = [e for e in self.flows if e.source not in ids and e.target not in ids]

    def made(self, *rewrites: Rewrite) -> Plan:
        """The plan put together again, inferred and priced anew."""
        flows = [replace(e, mode=self._mode(e)) for e in self.flows]
        plan = self.plan
        made = Plan.of(graph_of(self.steps.values(), flows), plan.recipe, plan.binding, plan.find)
        return replace(made, rewrites=(*plan.rewrites, *rewrites))

    def _mode(self, e: Edge) -> Mode:
        stream = streams(self.steps[e.source], self.steps[e.target], e.port)
        return "stream" if stream else "whole"

    def calls(self, id: str) -> Formula:
        """The most calls that a step makes."""
        return self.plan.bounds[id].worst.calls


def _tested(step: Step, needs: tuple[str, ...]) -> list[str]:
    """The names that only the condition of a step reads."""
    read: tuple[Expr, bool] | None = step.when
    return [n for n in dict.fromkeys(names(read)) if n not in needs]
