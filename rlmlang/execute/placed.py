"""Where in the recipe a run failed: a problem gets the place of the step that had it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rlmlang.diagnostics.diagnostic import CodedError, Label
from rlmlang.execute.ask import ItemError
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
            if isinstance(problem, CodedError) and _in_recipe(problem):
                problem.diagnostic = replace(problem.diagnostic, labels=_labels(step))
        raise


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The exceptions in a group, at any depth."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def _labels(step: Step) -> tuple[Label, ...]:
    return tuple(Label(p, "called here" if n else "") for n, p in enumerate(step.places))


def _in_recipe(problem: CodedError) -> bool:
    outside = "parks" in problem.entry and not isinstance(problem, ItemError)
    return not outside and not problem.diagnostic.labels
