"""Items that gave no usable answer, as far as `on_error` lets them go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from rlmlang.context import Datum, parts_in
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.call_model import ItemError, ranges_of
from rlmlang.execute.run_context import RunContext
from rlmlang.ir.calls import CallId
from rlmlang.ir.recipe import OnError
from rlmlang.trajectory.events import ItemSkipped

LOSE = "lose such items with `on_error: skip(at_most: 1%)`"


class Skipped(Enum):
    """Stands where an item's answer would."""

    SKIPPED = "skipped"


SKIPPED: Final = Skipped.SKIPPED


@dataclass
class Skips:
    """The items that one step leaves out."""

    scope: RunContext
    step: str
    on_error: OnError
    count: int = 0

    def leave_out(self, problem: ItemError, call: CallId, item: Datum) -> Skipped:
        """Books an item as left out; gives SKIPPED. Raises the problem where none may be."""
        if not self.on_error.skip:
            raise _may_be_lost(problem)
        self.count += 1
        self.scope.receipt.skip(self.step)
        self.scope.emit(
            ItemSkipped(call=call, reason=str(problem), ranges=ranges_of(parts_in(item)))
        )
        return SKIPPED

    def fail(self, problem: CodedError, call: CallId, item: Datum) -> Skipped:
        """The same for what failed in the recipe's own steps; raises what is no item's own."""
        if isinstance(problem, ItemError):
            return self.leave_out(problem, call, item)
        if "item" not in problem.entry or "parks" in problem.entry:
            raise problem
        found = problem.diagnostic
        return self.leave_out(
            ItemError(replace(found, message=f"{call}: {found.message}")), call, item
        )

    def few_enough(self, total: int, what: str) -> None:
        """Raises CodedError when more were left out than `at_most` allows."""
        if self.count > self.on_error.at_most * total:
            raise failed(
                "too-many-skipped",
                f"{self.step}: {self.count:,} of {total:,} {what} gave no usable answer, "
                f"more than {self.on_error.at_most:.0%}",
                hint="see why with `rlm show`; then mend the prompt or allow more",
            )


def _may_be_lost(problem: ItemError) -> ItemError:
    """The problem of an item that the recipe might let go; of a join it cannot."""
    found = problem.diagnostic
    if found.hint.endswith(LOSE):
        return problem  # a map inside a map has said it
    hint = f"{found.hint}, or {LOSE}"
    return ItemError(replace(found, hint=hint))
