"""What is said of types and amounts."""

from __future__ import annotations

from rlmlang.check.elsewhere import type_instead
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.source import Span
from rlmlang.ir.types import IMAGE, TYPE_NAMES, Type
from rlmlang.syntax import tree as t

UNREAD = ("Audio", "Video", "File")


def unknown_type(written: t.TypeExpr, known: list[str]) -> Diagnostic:
    """The problem `unknown-type`."""
    at = Span(written.span.source, written.span.start, written.span.start + len(written.name))
    if written.name in UNREAD and written.name not in known:
        return _no_text(written.name, at)
    hint = type_instead(written, at, [*TYPE_NAMES, *known])
    return error("unknown-type", f"`{written.name}` is not a type", at, hint=hint)


def _no_text(name: str, at: Span) -> Diagnostic:
    """The problem `unknown-type` of what no model is asked with."""
    return error(
        "unknown-type",
        f"`{name}` is not a type: models are asked with text and images",
        at,
        reason="Requests are measured before they are sent; nobody could say beforehand what a "
        "sound or a film costs.",
        hint="take what it says as Text (a transcript, the text of a document), or its Path for a "
        "`code` function",
    )


def type_arguments(written: t.TypeExpr, least: int, most: int) -> Diagnostic:
    """The problem `type-arguments`."""
    wanted = "no type" if most == 0 else str(least) if least == most else f"{least} or {most}"
    return error(
        "type-arguments",
        f"`{written.name}` takes {wanted} between < and >, not {len(written.args)}",
        written.span,
        hint="write `Slice<Row>`, `Table<Row>`, `Pair<A, B>`, `Map<Text, T>`; others stand alone",
    )


def no_key(written: t.TypeExpr, type_: Type) -> Diagnostic:
    """The problem `type-arguments` of a Map."""
    words = f"the keys of a `Map` are Text, not {type_}"
    return error("type-arguments", words, written.span, hint="write `Map<Text, …>`")


def misplaced(at: t.TypeExpr | t.Name, type_: Type) -> Diagnostic:
    """The problem of a type that stands where values of it can be no part of."""
    return image_misplaced(at) if type_ == IMAGE else json_misplaced(at)


def image_misplaced(at: t.TypeExpr | t.Name) -> Diagnostic:
    """The problem `misplaced-image`."""
    return error(
        "misplaced-image",
        "an `Image`, or a list of them, is what a recipe takes and a prompt is shown, and nothing "
        "else",
        at.span,
        reason="No model answers with one, and code does nothing with its bytes.",
        hint="let a prompt look at it first, `describe(photo: Image) -> Text`, and go on with what "
        "it says; `code` takes a Path",
    )


def json_misplaced(at: t.TypeExpr | t.Name) -> Diagnostic:
    """The problem `misplaced-json`."""
    return error(
        "misplaced-json",
        "`Json` is what a session of code, a recipe or a `code` function takes, and nothing else",
        at.span,
        reason="Nothing is known of it: no plan could say how large it is when it is shown, and no "
        "check what it holds.",
        hint="declare a record, a list or a `Map<Text, …>` of what is in it",
    )


def not_an_amount(written: t.Expr, words: str) -> Diagnostic:
    """The problem `not-an-amount`."""
    return error(
        "not-an-amount",
        "an amount stands here: a number, or a constant that is one",
        written.span,
        reason="The bound of a plan is computed before anything runs.",
        hint=f"write {words}",
    )


def no_max(written: t.Expr, type_: Type) -> Diagnostic:
    """The problem `wrong-setting` of a `max`."""
    return error(
        "wrong-setting",
        f"`max` bounds the items of a list or the size of a text, not {type_}",
        written.span,
        hint="remove it; what a field may hold is said with a condition: `where it <= 10`",
    )


def of_items(number: t.Number, type_: Type) -> Diagnostic:
    """The problem `wrong-unit` of a list's `max`, which counts its items."""
    most = number.span.text
    return error(
        "wrong-unit",
        f"`max` of {type_} counts its items, and `{number.unit}` does not",
        number.span,
        hint=f"write it without a unit; `[{type_.item} max {most}]` bounds each item",
    )


def wrong_unit(number: t.Number, units: tuple[str, ...]) -> Diagnostic:
    """The problem `wrong-unit`."""
    known = " or ".join(f"`{u}`" if u else "no unit" for u in units)
    return error(
        "wrong-unit",
        f"`{number.unit or 'a bare number'}` does not measure what stands here",
        number.span,
        hint="write it without a unit" if units == ("",) else f"the unit is {known}",
    )


def duplicate(second: t.Name, first: t.Name) -> Diagnostic:
    """A name that is declared twice."""
    return error(
        "duplicate-name",
        f"`{second.text}` is declared twice",
        Label(second.span, "again here"),
        Label(first.span, "first here"),
        reason="A name means one thing in a file.",
        hint="rename one of them",
    )


def built_in(name: t.Name) -> Diagnostic:
    """A record or enum with the name of a type of the language."""
    return error(
        "duplicate-name",
        f"`{name.text}` is a type of the language",
        name.span,
        hint="choose another name for the record or enum",
    )
