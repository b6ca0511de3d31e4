"""One problem told to the user: data until it is drawn."""

from __future__ import annotations

from typing import Literal

from rlmlang.diagnostics.source import Span
from rlmlang.value import Frozen, value

Severity = Literal["error", "warning"]

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_BAD_RECIPE = 65
EXIT_BUDGET = 75
EXIT_INTERRUPTED = 130


@value
class Label(Frozen):
    """A span with a few words beside its carets."""

    span: Span
    words: str = ""


@value
class Diagnostic(Frozen):
    """A coded problem.

    `code` names a page of `rlm explain`; `message` says what was found, in one line, and blames
    nobody; `labels` point at it, the first one at the cause; `reason` says why it is refused;
    `hint` what to do.
    """

    code: str
    message: str
    labels: tuple[Label, ...] = ()
    reason: str = ""
    hint: str = ""
    severity: Severity = "error"

    @property
    def span(self) -> Span | None:
        """Where the problem is, if it is in a recipe."""
        return self.labels[0].span if self.labels else None


class CodedError(Exception):
    """A problem met while running, carried to the edge where it is drawn.

    `exit_code` is what the command line returns for it; `account` is the budget that was spent,
    where one was.
    """

    account: str = ""

    def __init__(self, diagnostic: Diagnostic, exit_code: int = EXIT_FAILED) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic
        self.exit_code = exit_code


def error(
    code: str,
    message: str,
    *labels: Label | Span | None,
    reason: str = "",
    hint: str = "",
) -> Diagnostic:
    """An error about places in a recipe."""
    return Diagnostic(code, message, _as_labels(labels), reason, hint)


def warning(
    code: str,
    message: str,
    *labels: Label | Span | None,
    reason: str = "",
    hint: str = "",
) -> Diagnostic:
    """A warning about places in a recipe."""
    return Diagnostic(code, message, _as_labels(labels), reason, hint, "warning")


def failed(
    code: str, message: str, *, reason: str = "", hint: str = "", exit_code: int = EXIT_FAILED
) -> CodedError:
    """A problem that is not in a recipe's text: a file, a model, a budget, an option."""
    return CodedError(Diagnostic(code, message, (), reason, hint), exit_code)


def _as_labels(places: tuple[Label | Span | None, ...]) -> tuple[Label, ...]:
    found = (p for p in places if p is not None)
    return tuple(p if isinstance(p, Label) else Label(p) for p in found)
