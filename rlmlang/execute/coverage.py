"""What steps read of the sources that their types speak of, as lines of the receipt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rlmlang.catalog.partitions import Coverage
from rlmlang.check import recipe as r
from rlmlang.check.expressions import all_steps
from rlmlang.execute.receipt import Line
from rlmlang.execute.scope import Scope


def lines_of(scope: Scope, steps: tuple[r.Step, ...], inputs: Mapping[str, Any]) -> list[Line]:
    """A line for each step and source: of steps that show slices or rows to a model, or hand them
    to code."""
    return [line for step in all_steps(steps) for line in _lines(scope, step, inputs)]


def _lines(scope: Scope, step: r.Step, inputs: Mapping[str, Any]) -> Iterator[Line]:
    by_code = _by_code(step.work)
    begun = step.name in (scope.account.children if by_code else scope.receipt.reads)
    for name in sorted(step.facts.origins) if begun else ():
        if name in inputs:
            promised: Coverage = "some" if by_code else _promised(step, name)
            line = scope.receipt.line(step.name, name, inputs[name], promised, step.assumed,
                                      by_code=by_code)  # fmt: skip
            if line is not None and (line.read or promised != "some" or by_code):
                yield line


def _promised(step: r.Step, name: str) -> Coverage:
    """What a step's type says of its reading of a source."""
    if isinstance(step.work, r.Map) and r.Ref(name) in [e for _, e in step.work.ask.args]:
        return "cover"  # shown whole, beside each item
    if isinstance(step.work, r.Map | r.Recurse):
        return step.facts.coverage
    whole = isinstance(step.work, r.Call) and r.Ref(name) in [e for _, e in step.work.ask.args]
    return "exact" if whole else "some"


def _by_code(work: r.Work) -> bool:
    """Whether a source goes to code that a model writes, and not to a model."""
    ask = work.leaf if isinstance(work, r.Recurse) else getattr(work, "ask", None)
    return ask is not None and ask.prompt.repl is not None
