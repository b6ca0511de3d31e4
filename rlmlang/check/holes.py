"""What could not be read of a file, and what follows from that alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.diagnostics.source import Span
from rlmlang.syntax import tree as t

FOLLOWS = ("not-callable", "not-settable")
"""What is said of unknown names besides `unknown-…`."""


@dataclass
class Holes:
    """The parts of a file that could not be read, and the names that nothing is known of since: a
    declaration, or the file it is imported from, is broken; "" where that may be any name."""

    spans: tuple[Span, ...] = ()
    names: set[str] = field(default_factory=set)

    def explain(self, problem: Diagnostic) -> bool:
        """Whether a problem only says that a name is unknown which would not be so else."""
        at = problem.labels[0].at if problem.labels else None
        unknown = problem.code.startswith("unknown-") or problem.code in FOLLOWS
        if not unknown or not isinstance(at, Span):
            return False
        return self.lost(at.text.split(".")[0])

    def lost(self, name: str) -> bool:
        """Whether a name may be one of what could not be read."""
        return "" in self.names or name in self.names

    def in_(self, decl: t.Node) -> bool:
        """Whether a part of a declaration could not be read."""
        return any(decl.span.start <= hole.start < decl.span.end for hole in self.spans)
