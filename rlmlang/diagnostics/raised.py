"""Exceptions as the problems that are told of them."""

from __future__ import annotations

from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic


def diagnostics_of(problem: Exception) -> tuple[Diagnostic, ...]:
    """What is told of what stopped a command or a call: our own mistakes as such."""
    if isinstance(problem, CodedError):
        return (problem.diagnostic,)
    found: tuple[Diagnostic, ...] | None = getattr(problem, "diagnostics", None)
    return found or (internal(problem),)


def internal(problem: Exception) -> Diagnostic:
    """A mistake of our own, or what is nested more deeply than can be walked."""
    if isinstance(problem, RecursionError):
        return Diagnostic(
            "too-deep",
            "the recipe holds an expression that is nested too deeply",
            hint="give parts of it names of their own, with `let`",
        )
    words = f"{type(problem).__name__}: {problem}"
    return Diagnostic(
        "internal",
        f"rlmlang made a mistake of its own: {words[:300]}",
        reason="This should not happen, whatever the recipe says.",
        hint="RLM_DEBUG=1 shows where; please report it with the recipe",
    )
