"""Problems of expressions: names, types, fields, comparisons."""

from __future__ import annotations

from rlmlang.check.scope import Scope
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir.facts import Facts
from rlmlang.ir.origins import FIELDS, SEVERAL, unplaced
from rlmlang.ir.types import DATE, TEXT, TIME, Plain, Type, fields_of, fits, is_time, labels_of
from rlmlang.syntax import tree as t

WRITTEN_TIME = "a time is written 2026-11-30T08:15:00Z, or read with parse_time(text)"
PLACED = (
    "documents, slices and rows know where they came from, and what a map over them gives, but for "
    "numbers; joined, counted and computed values do not"
)
ONE_DOCUMENT = (
    "split by `files(per: 1, max: …)`, or map the documents themselves: `map docs with …`"
)


def word_of(decl: t.Declaration) -> str:
    """The word that declared it."""
    word = getattr(decl, "word", "")
    return word or type(decl).__name__.removesuffix("Decl").lower()


def mismatch(e: t.Node, have: Type, want: Type, what: str) -> Diagnostic:
    """A value of the wrong type."""
    hint = ""
    if have.optional and fits(have.required(), want):
        hint = "it may be none: test it first, or let the other side take `?`"
    elif want.required() == TEXT and isinstance(have, Plain):
        hint = 'text(…) makes text of it, and so does "{name}"'
    elif is_time(want) and have.textual:
        hint = WRITTEN_TIME
    elif what == "a side of `-`" and have.required() in (DATE, TIME):
        hint = "days_between(a, b) and seconds_between(a, b) say how much lies between"
    elif what == "a side of `+`" and have.required() in (DATE, TIME):
        hint = "add_days(x, 7), add_months(x, 1) and add_seconds(x, 5min) give a later one"
    elif want.is_list and fits(have, want.item):
        hint = "put it in [ ]"
    return error(
        "wrong-type",
        f"{what} is {have}, where {want} is wanted",
        Label(e.span, str(have)),
        hint=hint or "compare the two types; `rlm explain wrong-type` lists what fits where",
    )


def unknown_name(scope: Scope, e: t.Name, want: Type) -> Diagnostic:
    """The problem `unknown-name`."""
    known = [n for n in scope.names if not n.startswith("_")]
    sources = scope.module.known(t.SourceDecl, t.Const)
    return error(
        "unknown-name",
        f"nothing is named `{e.text}` here",
        e.span,
        hint=did_you_mean(e.text, [*known, *labels_of(want), *sources]),
    )


def no_field(e: t.Member, facts: Facts, why: str) -> Diagnostic:
    """The problem `unknown-field`; `why` a field of the place it came from is not there either."""
    type_, name = facts.type, e.name.text
    names = [f.name for f in fields_of(type_)]
    place = name in FIELDS
    hint = "" if place else did_you_mean(name, [*names, *(FIELDS if facts.placed else ())])
    if type_.optional:
        hint = f"`{type_}` may be none: test it first with `!= none`"
    elif type_.is_list:
        hint = "a list has no fields: column(xs, of: field) gives one of every row"
    elif place:
        hint = ONE_DOCUMENT if why == SEVERAL else PLACED
    return error(
        "unknown-field",
        f"{type_} has no field `{name}`",
        Label(e.name.span),
        reason=f"{why[0].upper()}{why[1:]}." if place and not type_.optional else "",
        hint=hint or f"{type_} has no fields",
    )


def no_such_field(name: t.Name, item: Facts, known: list[str]) -> Diagnostic:
    """The problem `unknown-field`, of a field that a function is given by its name."""
    place = name.text in FIELDS
    why = unplaced(item, name.text) if place else ""
    hint = ONE_DOCUMENT if why == SEVERAL else PLACED if place else did_you_mean(name.text, known)
    return error(
        "unknown-field",
        f"{item.type} has no field `{name.text}`",
        name.span,
        reason=f"{why[0].upper()}{why[1:]}." if why else "",
        hint=hint,
    )


def not_callable(e: t.Node, what: str) -> Diagnostic:
    """The problem `not-callable`."""
    return error("not-callable", f"{what} cannot be called", e.span, hint="remove the ( )")
