"""A checked recipe and what is bound to it, lowered to a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Param, Ref
from rlmlang.ir.sizes import of_param
from rlmlang.ir.walk import asks, show
from rlmlang.plan.bind import Binding
from rlmlang.plan.bounds import Bound, Values, bound_of, least_facts
from rlmlang.plan.graph import Plan, PlanNode
from rlmlang.plan.serialize import recipe_hash
from rlmlang.plan.verdict import judge


def lower(recipe: r.Recipe, binding: Binding) -> Plan:
    """The plan of a recipe. Sizes that are bound become numbers, the rest stay formulas."""
    values = _values(recipe, binding)
    inputs = list(_inputs(recipe))
    nodes, bounds = list(inputs), []
    for step in recipe.steps:
        bound = bound_of(step, values)
        bounds.append(bound)
        nodes += _step_nodes(recipe, step, bound, binding)
    totals = sum(bounds, Bound())
    edges = tuple(sorted(set(_edges(recipe, nodes))))
    verdict = judge(recipe.budget, totals, _dominant(recipe, bounds))
    return Plan(
        recipe, tuple(nodes), edges, totals, verdict, recipe_hash(recipe), binding.prices_from,
        binding.measure, binding.endpoint, binding.rooms,
    )  # fmt: skip


def _values(recipe: r.Recipe, binding: Binding) -> Values:
    """The facts of every name, known sizes put in."""
    sources = {s.name: s for s in recipe.sources}
    defaults = {n: v.name for n, v in recipe.defaults if isinstance(v, Ref)}
    facts = {
        p.name: of_param(p, sources.get(defaults.get(p.name, "")), binding.sizes)
        for p in recipe.params
    }
    for s in recipe.sources:
        facts.setdefault(s.name, of_param(Param(s.name, s.type, s.max), s, binding.sizes))
    values = Values(facts, binding)
    for step in recipe.steps:
        values.facts[step.name] = _bind(step.facts, binding)
        values.facts["@" + step.name] = least_facts(step, values)
    return values


def _bind(facts: r.Facts, binding: Binding) -> r.Facts:
    sizes = dict(binding.sizes)
    return replace(
        facts,
        size=facts.size.bind(sizes),
        count=facts.count.bind(sizes),
        item=facts.item.bind(sizes),
        inner=facts.inner.bind(sizes),
    )


def _inputs(recipe: r.Recipe) -> Iterator[PlanNode]:
    defaults = {v.name for _, v in recipe.defaults if isinstance(v, Ref)}
    for p in recipe.params:
        yield PlanNode(f"{recipe.name}.{p.name}", p.name, "input", type=str(p.type))
    for s in recipe.sources:
        words = f"{s.kind}({s.location})"
        name = f"{s.name} (source)" if s.name in defaults and s.name in _names(recipe) else s.name
        yield PlanNode(f"{recipe.name}.source.{s.name}", name, "source", words, str(s.type))


def _names(recipe: r.Recipe) -> set[str]:
    return {p.name for p in recipe.params}


def _step_nodes(
    recipe: r.Recipe, step: r.Step, bound: Bound, binding: Binding, region: str = ""
) -> Iterator[PlanNode]:
    """The node of a step and, where it is a region, those inside it."""
    id = f"{recipe.name}.{step.name}"
    used = list(asks(step.work))
    first = used[0].prompt if used else None
    yield PlanNode(
        id, step.name, step.verb, words(step.work), str(step.facts.type),
        step.facts.coverage if step.facts.type.is_list else "",
        first.name if first and isinstance(step.work, r.Call) else "",
        binding.model(first.model).name if first else "",
        region, bound,
    )  # fmt: skip
    if isinstance(step.work, r.Ladder):
        for rung in step.work.rungs:
            for inner in rung.steps:
                yield from _step_nodes(recipe, inner, Bound(), binding, id)
    elif not isinstance(step.work, r.Call):
        for ask in used:
            model = binding.model(ask.prompt.model).name
            yield PlanNode(f"{id}.{ask.prompt.name}", ask.prompt.name, "prompt",
                           type=str(ask.prompt.result), prompt=ask.prompt.name, model=model,
                           region=id)  # fmt: skip


def _edges(recipe: r.Recipe, nodes: list[PlanNode]) -> Iterator[tuple[str, str]]:
    ids = {n.id for n in nodes}
    for name, value in recipe.defaults:
        if isinstance(value, Ref):
            yield f"{recipe.name}.source.{value.name}", f"{recipe.name}.{name}"
    for step in recipe.steps:
        yield from _needs(recipe, step, ids)
        if isinstance(step.work, r.Ladder):
            for rung in step.work.rungs:
                for inner in rung.steps:
                    yield from _needs(recipe, inner, ids)
    for node in nodes:
        if node.region and node.verb == "prompt":
            yield node.region, node.id


def _needs(recipe: r.Recipe, step: r.Step, ids: set[str]) -> Iterator[tuple[str, str]]:
    for name in step.needs:
        for id in (f"{recipe.name}.{name}", f"{recipe.name}.source.{name}"):
            if id in ids and id != f"{recipe.name}.{step.name}":
                yield id, f"{recipe.name}.{step.name}"
                break


def _dominant(recipe: r.Recipe, bounds: list[Bound]) -> str:
    """The step with the greatest worst case, in dollars, else tok, else calls."""

    def weight(bound: Bound) -> tuple[float, float, float]:
        cost = bound.worst
        parts = (cost.usd, cost.tokens_in, cost.calls)
        return tuple(float(p.number) if p is not None and p.known else 0.0 for p in parts)  # type: ignore[return-value]

    pairs = [(weight(b), s.name) for s, b in zip(recipe.steps, bounds, strict=True)]
    best = max(pairs, default=((0.0, 0.0, 0.0), ""))
    if any(best[0]):
        return best[1]
    symbolic = [s.name for s, b in zip(recipe.steps, bounds, strict=True) if b.worst.calls.symbols]
    return symbolic[0] if symbolic else ""


def words(work: r.Work) -> str:
    """A step in a few words, as the plan's table shows it."""
    match work:
        case r.Split(subject, partition):
            return f"split {show(subject)} by {_call(partition.strategy, partition.arguments)}"
        case r.Search(subject, _, method, options):
            return f"search {show(subject)} by {_call(method, options)}"
        case r.Call(ask):
            return f"{ask.prompt.name}"
        case r.Map(subject, ask):
            return f"map {show(subject)} with {ask.prompt.name}"
        case r.Filter(subject, ask, where):
            how = f"with {ask.prompt.name}" if ask else f"where {show(where)}" if where else ""
            return f"filter {show(subject)} {how}"
        case r.Reduce(subject, ask, fanin):
            return f"reduce {show(subject)} with {ask.prompt.name}, {fanin} at a time"
        case r.Compute(value):
            return show(value)
        case r.Require(_, text):
            return f"require {text}"
        case r.Cross(left, right, method, options):
            return f"cross {show(left)}, {show(right)} by {_call(method, options)}"
        case r.Recurse(subject):
            return f"recurse {show(subject)}"
        case r.Ladder(_, rungs):
            return "ladder " + ", ".join(x.name for x in rungs)


def _call(name: str, options: tuple[tuple[str, object], ...]) -> str:
    shown = ", ".join(f"{k}: {v}" for k, v in options if v not in (None, 0))
    return f"{name}({shown})"
