"""Steps that are made of the steps of a body: rungs of a ladder, patterns that code may call."""

from __future__ import annotations

from rlmlang.ir.bounds import Bound
from rlmlang.ir.recipe import Known


class Body:
    """A half of such an operation: what is true of it whatever its body gives."""

    @property
    def has_body(self) -> bool:
        """Its parts are the steps of a body."""
        return True

    @property
    def cut_from(self) -> object:
        """Its steps have lines of their own."""
        return None

    def bound(self, known: Known) -> Bound:
        """The sum of its steps, for one time that it runs."""
        return sum((part.bound for part in known.parts.values()), Bound())
