"""Every code that a problem can have, and what follows from it: the one table.

`grammar/mistakes/CODE.rlm` is the page of a code, which `rlm explain` shows. Whoever makes a
problem names its code only; what the command line returns, whether a run can be resumed and the
rest is read here.
"""

from __future__ import annotations

from typing import Literal

from rlmlang.schema.marks import Mark
from rlmlang.schema.recipe_codes import RECIPE_CODES
from rlmlang.schema.run_codes import RUN_CODES
from rlmlang.value import Frozen, value

Severity = Literal["error", "warning"]
CODES = dict(sorted((RECIPE_CODES | RUN_CODES).items()))
"""Each with its exit code, its marks, its title; what stops nothing is a warning."""


@value
class Entry(Frozen):
    """A row of the table."""

    code: str
    exit_code: int
    marks: tuple[Mark, ...]
    title: str

    @property
    def severity(self) -> Severity:
        """Whether it stops something."""
        return "error" if self.exit_code else "warning"

    def __contains__(self, mark: Mark) -> bool:
        return mark in self.marks


def entry(code: str) -> Entry:
    """The row of a code. Raises KeyError for one that is not in the table."""
    return Entry(code, *CODES[code])
