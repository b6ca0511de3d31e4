"""What a free-form session fails with."""

from __future__ import annotations

from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.execute.call_model import ItemError, Request
from rlmlang.ir.recipe import Repl
from rlmlang.protocols import CellResult


def out_of_time(request: Request, caps: Repl) -> ItemError:
    """One that took longer than it may."""
    return ItemError(
        Diagnostic(
            "session-out-of-time",
            f"{request.call}: no answer within the {caps.wall:g} s that the session may take",
            reason="What its turns and sub-calls brought is kept.",
            hint="raise `wall` of the repl",
        )
    )


def failing(request: Request, most: int, ran: CellResult) -> ItemError:
    """One whose code failed in more turns in a row than it may."""
    last = ran.error.strip().splitlines()[-1:]
    return ItemError(
        Diagnostic(
            "session-failing",
            f"{request.call}: {most + 1} turns in a row failed, {most} may",
            reason="\n".join(["What its turns and sub-calls brought is kept.", *last]),
            hint="see with `rlm show` what was run; raise `errors` of the repl, or name another "
            "model",
        )
    )
