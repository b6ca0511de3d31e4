"""A checked recipe and what is bound to it, lowered to the graph that is run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from rlmlang.ir.binding import Binding
from rlmlang.ir.expressions import Ref
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Ask, Interface, Recipe, Step, Tool
from rlmlang.ir.walk import names
from rlmlang.plan.graph import Edge, Mode, graph_of, settled, streams
from rlmlang.plan.plan import Plan
from rlmlang.schema.registry import ALONE, Find
from rlmlang.verbs.inputs import Input, Pattern, ReadSource


def lower(recipe: Recipe, binding: Binding, find: Find = ALONE.find) -> Plan:
    """The plan of a recipe."""
    lines = [*_inputs(recipe), *_lowered(recipe.steps, Place())]
    known = {line.step.name: line.step for line in lines}
    flows = [*_defaults(recipe, known), *(e for line in lines for e in _flows(line, known))]
    interface = Interface(**{n: getattr(recipe, n) for n in Interface.__dataclass_fields__})
    return Plan.of(graph_of(known.values(), flows), interface, binding, find)


@dataclass(frozen=True)
class Place:
    """Where steps are put: what stands before their names, what they are parts of, and names that
    mean nodes of another name."""

    prefix: str = ""
    within: str = ""
    means: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """A step that becomes a node, with the names in it that mean nodes of another name."""

    step: Step
    means: Mapping[str, str] = field(default_factory=dict)


# ── what is given ────────────────────────────────────────────────────────────


def _inputs(recipe: Recipe) -> Iterator[Line]:
    """Parameters, and sources; one that fills a parameter of its own name is that parameter."""
    sources = {s.name: s for s in recipe.sources}
    defaults = {n: v.name for n, v in recipe.defaults if isinstance(v, Ref)}
    for p in recipe.params:
        source = sources.get(defaults.get(p.name, ""))
        most = p.max if p.max is not None or source is None else source.max
        yield Line(Step(p.name, Input(replace(p, max=most)), Facts()))
    for s in recipe.sources:
        if s.name not in [p.name for p in recipe.params]:
            yield Line(Step(s.name, ReadSource(s), Facts()))


def _defaults(recipe: Recipe, known: Mapping[str, Step]) -> Iterator[Edge]:
    for name, value in recipe.defaults:
        if isinstance(value, Ref) and value.name in known and value.name != name:
            yield Edge(value.name, name, "default")


# ── steps ────────────────────────────────────────────────────────────────────


def _lowered(steps: Iterable[Step], place: Place) -> Iterator[Line]:
    """Steps in their place, each followed by the patterns that its code may call."""
    for step in steps:
        within = place.prefix + step.within if step.within else place.within
        made = settled(replace(step, name=place.prefix + step.name), within)
        ask = step.work.asked
        tools = ask.prompt.repl.patterns if ask is not None and ask.prompt.repl else ()
        yield Line(_without_steps(made, ask) if ask is not None and tools else made, place.means)
        for tool in tools:
            yield from _pattern(tool, made.name)


def _without_steps(step: Step, ask: Ask) -> Step:
    """A step whose patterns are nodes of their own."""
    repl = ask.prompt.repl
    bare = repl and replace(repl, patterns=tuple(replace(t, steps=()) for t in repl.patterns))
    asked = replace(ask, prompt=replace(ask.prompt, repl=bare))
    return replace(step, work=replace(step.work, ask=asked))


def _pattern(tool: Tool, host: str) -> Iterator[Line]:
    """A pattern that code may call, what it takes, and its steps."""
    id = f"{host}.{tool.name}"
    given = {p.name: f"{id}.{p.name}" for p in tool.params}
    means = {**given, **{s.name: f"{host}.{s.name}" for s in tool.steps}}
    bare = replace(tool, steps=())
    yield Line(Step(id, Pattern(bare), Facts(tool.result), tuple(names(bare)), within=host), means)
    for p in tool.params:
        yield Line(Step(given[p.name], Input(replace(p, name=given[p.name])), Facts(), within=id))
    yield from _lowered(tool.steps, Place(f"{host}.", id, means))


# ── edges ────────────────────────────────────────────────────────────────────


def _flows(line: Line, known: Mapping[str, Step]) -> Iterator[Edge]:
    """What a step reads, as edges."""
    for name in line.step.needs:
        source = known.get(line.means.get(name, name))
        if source is not None:
            mode: Mode = "stream" if streams(source, line.step, name) else "whole"
            yield Edge(source.name, line.step.name, name, mode)
