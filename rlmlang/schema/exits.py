"""What the command line returns: the one table of exit codes."""

from __future__ import annotations

from rlmlang.value import Frozen, value

OK, FAILED, USAGE, RECIPE, INTERNAL, BUDGET, INTERRUPTED = 0, 1, 2, 65, 70, 75, 130


@value
class Exit(Frozen):
    """An exit code: `title` says what happened, `then` what to do about it."""

    code: int
    title: str
    then: str


EXITS = (
    Exit(OK, "it went well", "Warnings may have been said on stderr."),
    Exit(FAILED, "a run, a test or a condition failed, or something is not as it should be",
         "stderr says what; the recipe and the command are sound."),
    Exit(USAGE, "the command cannot be carried out as it was given",
         "Mend the arguments, options, rlm.toml or trust; nothing was begun."),
    Exit(RECIPE, "a recipe has a mistake", "`rlm check` shows all of them; nothing was sent."),
    Exit(INTERNAL, "rlmlang made a mistake of its own",
         "RLM_DEBUG=1 shows where; please report it with the recipe."),
    Exit(BUDGET, "the budget is spent or cannot suffice, or a provider refuses for too long",
         "Raise it, or wait; the same command resumes a run that was begun."),
    Exit(INTERRUPTED, "it was interrupted", "The same command resumes a run."),
)  # fmt: skip
"""Sorted; a code of `schema/codes.py` names one of them."""


def exit_of(code: int) -> Exit:
    """The row of an exit code. Raises KeyError for one that is not in the table."""
    return {x.code: x for x in EXITS}[code]
