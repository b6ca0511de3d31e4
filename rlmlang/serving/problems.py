"""What stops a call, as a reply: coded, one screen, never a traceback."""

from __future__ import annotations

from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.diagnostics.raised import diagnostics_of
from rlmlang.diagnostics.render import render_all
from rlmlang.serving.offers import Reply
from rlmlang.value import Json

LONGEST = 4_000  # characters of a screen


def problem_reply(problem: Exception, after: str = "") -> Reply:
    """A reply that says what is wrong, and what may be done then."""
    found = diagnostics_of(problem)
    first = next((d for d in found if d.severity == "error"), found[0])
    return told(first, render_all(found), after)


def told(problem: Diagnostic, text: str, after: str = "") -> Reply:
    """A reply of a problem that is drawn."""
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    words: dict[str, Json] = {
        "code": problem.code,
        "message": problem.message,
        "reason": problem.reason,
        "hint": problem.hint,
    }
    return Reply("\n".join(filter(None, (text, after))), {"problem": words}, failed=True)
