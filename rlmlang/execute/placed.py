"""Where in the recipe a run failed: a problem gets the place of the step that had it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rlmlang.diagnostics.diagnostic import CodedError, Label
from rlmlang.execute.causes import ends_run, leaves
from rlmlang.ir.recipe import Step


@contextmanager
def placed(step: Step) -> Iterator[None]:
    """Gives every problem that leaves this block the place of the step, and where the patterns that
    it came from were called. The innermost step is the one; what stops a run for a reason that is
    not the recipe's, such as its budget or a key, stands nowhere in it."""
    try:
        yield
    except BaseException as error:
        for problem in leaves(error):
            if isinstance(problem, CodedError) and not ends_run(problem):
                found = problem.diagnostic
                problem.diagnostic = replace(found, labels=found.labels or _labels(step))
        raise


def _labels(step: Step) -> tuple[Label, ...]:
    return tuple(Label(p, "called here" if n else "") for n, p in enumerate(step.places))
