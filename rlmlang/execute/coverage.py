"""What steps read of the sources that their types speak of, as lines of the receipt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rlmlang.execute.receipt import Line
from rlmlang.execute.scope import Scope
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Ref
from rlmlang.ir.walk import all_steps, names
from rlmlang.schema.partitions import Coverage


@dataclass
class Lineage:
    """What a value was cut from without a model between: `inputs` of the recipe. `halved` says
    that it is a half of a filter's, `assumed` why it was taken to be whole."""

    inputs: set[str] = field(default_factory=set)
    halved: bool = False
    assumed: str = ""


def lines_of(scope: Scope, steps: tuple[r.Step, ...], inputs: Mapping[str, Any]) -> list[Line]:
    """A line for each step and source: of steps that show slices or rows to a model, or hand them
    to code, also where nothing was left to show; and of what was assumed of other steps."""
    known = {s.name: s for s in all_steps(steps)}
    return [line for step in known.values() for line in _lines(scope, step, known, inputs)]


def _lines(
    scope: Scope, step: r.Step, known: Mapping[str, r.Step], inputs: Mapping[str, Any]
) -> Iterator[Line]:
    """The lines of one step that has asked something, or has come to its end."""
    by_code, receipt = _by_code(step.work), scope.receipt
    asked = step.name in (scope.account.children if by_code else receipt.reads)
    if not asked and step.name not in receipt.ended and step.name not in receipt.skipped:
        return
    if not _shows(step.work):
        if step.assumed:
            yield receipt.assumption(step.name, sorted(step.facts.origins), step.assumed)
        return
    subject = lineage(getattr(step.work, "subject", step.work), known)
    for name in sorted(lineage(step.work, known).inputs & step.facts.origins & inputs.keys()):
        promised: Coverage = "some" if by_code or not asked else _promised(step, name, subject)
        line = receipt.line(step.name, name, inputs[name], promised,
                            step.assumed or subject.assumed,
                            by_code=by_code and asked)  # fmt: skip
        if line is not None:
            yield line


def lineage(work: object, known: Mapping[str, r.Step]) -> Lineage:
    """What the values that some work reads were cut from. What a model has said ends a line."""
    found = Lineage()
    waiting = list(names(work))
    for name in waiting:
        step = known.get(name)
        if step is None:
            found.inputs.add(name)
            continue
        found.assumed = found.assumed or step.assumed
        if isinstance(step.work, r.Filter):
            found.halved = found.halved or step.work.keep_rest
            waiting += [n for n in names(step.work.subject) if n not in waiting]
        elif not _shows(step.work) and not isinstance(step.work, r.Ladder):
            waiting += [n for n in names(step.work) if n not in waiting]
    return found


def _shows(work: r.Work) -> bool:
    """Whether a step shows something to a model."""
    return isinstance(work, r.Recurse) or getattr(work, "ask", None) is not None


def _promised(step: r.Step, name: str, subject: Lineage) -> Coverage:
    """What a step's type says of its reading of a source."""
    if step.assumed:
        return "exact"
    if isinstance(step.work, r.Map) and Ref(name) in [e for _, e in step.work.ask.args]:
        return "cover"  # shown whole, beside each item
    if isinstance(step.work, r.Map | r.Recurse):
        whole = name in subject.inputs and not subject.halved
        return step.facts.coverage if whole else "some"
    whole = isinstance(step.work, r.Call) and Ref(name) in [e for _, e in step.work.ask.args]
    return "exact" if whole else "some"


def _by_code(work: r.Work) -> bool:
    """Whether a source goes to code that a model writes, and not to a model."""
    ask = work.leaf if isinstance(work, r.Recurse) else getattr(work, "ask", None)
    return ask is not None and ask.prompt.repl is not None
