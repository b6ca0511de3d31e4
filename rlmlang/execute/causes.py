"""The problem behind a group of tasks that ended together."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.execute.call_model import ItemError


def first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first problem that ends the whole run, else the first coded one, else the first."""
    found = list(leaves(group))
    coded = [e for e in found if isinstance(e, CodedError)]
    ending = [e for e in coded if ends_run(e)]
    return (ending or coded or found)[0]


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The exceptions in a group, at any depth."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def ends_run(problem: CodedError) -> bool:
    """Whether a problem is not the recipe's, such as a spent budget, a refused key or Ctrl-C: no
    other call would fare better."""
    return "parks" in problem.entry and not isinstance(problem, ItemError)
