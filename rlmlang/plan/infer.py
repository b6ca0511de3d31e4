"""What is known of the value of each node, from the inputs on: types, sizes, coverage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.binding import Binding
from rlmlang.ir.coverage import Kept
from rlmlang.ir.expressions import Expr
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Step
from rlmlang.ir.walk import names
from rlmlang.schema.formula import Sizes
from rlmlang.schema.registry import Find
from rlmlang.verbs.inference import Names


@dataclass(frozen=True)
class PlanGiven:
    """What a node is given: what is known of the values that it reads, and of its parts."""

    known: Names
    parts: Mapping[str, Facts]
    grain: int
    sizes: Sizes

    @property
    def find(self) -> Find:
        """What looks for what other distributions bring."""
        return self.known.find

    def of(self, e: Expr, it: Facts | None = None) -> Facts:
        """The facts of an expression over what the node reads. Raises CodedError
        (plan-unsound)."""
        return (self.known if it is None else self.known.about(it)).of(e)


def infer(
    step: Step,
    inputs: Mapping[str, Facts],
    parts: Mapping[str, Facts],
    binding: Binding,
    find: Find,
) -> Facts:
    """The facts of what a step gives. Raises CodedError (plan-unsound) where what it reads is not
    what it takes."""
    known = names_of(step, inputs, find)
    try:
        made = step.work.facts(PlanGiven(known, parts, binding.grain, binding.sizes))
    except CodedError as problem:
        found = problem.diagnostic
        raise CodedError(replace(found, message=f"`{step.name}`: {found.message}")) from None
    return replace(made.keeping(Kept()), fields=()) if step.assumed else made


def names_of(step: Step, inputs: Mapping[str, Facts], find: Find) -> Names:
    """What a step knows of the values that it reads, under its condition."""
    known = Names(inputs, find=find)
    return known if step.when is None else known.given(step.when[0], holds=step.when[1])


def with_told(step: Step, inputs: Mapping[str, Facts]) -> Step:
    """A step that knows which of its prompt's arguments a model has said."""
    work, ask = step.work, step.work.asked
    if ask is None:
        return step
    if work.streamed is not None:
        inputs = {**inputs, "it": Facts(told=_told(work.streamed, inputs))}
    given = {name: _told(e, inputs) for name, e in ask.args}
    if ask.element and work.streamed is not None:
        given[ask.element] = inputs["it"].told
    told = {n for n in ask.told if n not in given} | {n for n, said in given.items() if said}
    return replace(step, work=replace(work, ask=replace(ask, told=frozenset(told))))


def _told(e: Expr, inputs: Mapping[str, Facts]) -> bool:
    return any(inputs[n].told for n in names(e) if n in inputs)
