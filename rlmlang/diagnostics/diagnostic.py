"""One problem told to the user: data until it is drawn."""

from __future__ import annotations

from rlmlang.diagnostics.fix import Edit, Fix
from rlmlang.diagnostics.source import Place, Span
from rlmlang.schema.codes import Entry, Severity, entry
from rlmlang.value import Frozen, value


@value
class Label(Frozen):
    """A place with a few words beside its carets."""

    at: Span | Place
    words: str = ""

    @property
    def place(self) -> Place:
        """Where it points, whether or not the text is at hand."""
        return self.at if isinstance(self.at, Place) else self.at.place


@value
class Diagnostic(Frozen):
    """A coded problem.

    `code` stands in `schema/codes.py`, which says what follows from it; `message` says what was
    found, in one line, and blames nobody; `labels` point at it, the first one at the cause;
    `reason` says why it is refused; `hint` what to do, and `edits` do it where a replacement is all
    that it takes. `softened` makes a warning of it where it stops nothing. Raises KeyError for a
    code that is not in the table.
    """

    code: str
    message: str
    labels: tuple[Label, ...] = ()
    reason: str = ""
    hint: str = ""
    softened: bool = False
    edits: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        entry(self.code)

    @property
    def entry(self) -> Entry:
        """What is declared of the code."""
        return entry(self.code)

    @property
    def severity(self) -> Severity:
        """Whether it stops something."""
        return "warning" if self.softened else self.entry.severity

    @property
    def place(self) -> Place | None:
        """Where the problem is, if it is in a recipe."""
        return self.labels[0].place if self.labels else None


class CodedError(Exception):
    """A problem met while running, carried to the edge where it is drawn.

    `account` is the budget that was spent, where one was. Its text is the message; a traceback
    shows the reason and the fix below it.
    """

    account: str = ""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic)
        self.diagnostic = diagnostic
        for said in (diagnostic.reason, diagnostic.hint and f"fix: {diagnostic.hint}"):
            if said:
                self.add_note(f"  {said}")
        self.add_note(f"  rlm explain {diagnostic.code}")

    def __str__(self) -> str:
        return self.diagnostic.message

    @property
    def entry(self) -> Entry:
        """What is declared of its code."""
        return self.diagnostic.entry

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback: the problem, drawn."""
        from rlmlang.diagnostics.render import render

        return render(self.diagnostic, colour=True).splitlines()


def error(
    code: str,
    message: str,
    *labels: Label | Span | None,
    reason: str = "",
    hint: str | Fix = "",
) -> Diagnostic:
    """An error about places in a recipe."""
    fix = hint if isinstance(hint, Fix) else Fix(hint)
    return Diagnostic(code, message, _as_labels(labels), reason, fix.words, edits=fix.edits)


def warning(
    code: str,
    message: str,
    *labels: Label | Span | None,
    reason: str = "",
    hint: str | Fix = "",
) -> Diagnostic:
    """A warning about places in a recipe."""
    fix = hint if isinstance(hint, Fix) else Fix(hint)
    labelled = _as_labels(labels)
    return Diagnostic(code, message, labelled, reason, fix.words, softened=True, edits=fix.edits)


def failed(code: str, message: str, *, reason: str = "", hint: str = "") -> CodedError:
    """A problem that is in no recipe's text, or that gets its place from the step that has it."""
    return CodedError(Diagnostic(code, message, (), reason, hint))


def _as_labels(places: tuple[Label | Span | None, ...]) -> tuple[Label, ...]:
    found = (p for p in places if p is not None)
    return tuple(p if isinstance(p, Label) else Label(p) for p in found)
