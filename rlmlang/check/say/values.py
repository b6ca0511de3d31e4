"""Problems of expressions: names, types, fields, comparisons."""

from __future__ import annotations

from rlmlang.check.scope import Scope
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.fix import Edit, Fix
from rlmlang.diagnostics.source import Span
from rlmlang.diagnostics.suggest import instead
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.facts import Facts
from rlmlang.ir.kinds import labels_of
from rlmlang.ir.origins import FIELDS, SEVERAL, unplaced
from rlmlang.ir.types import DATE, TEXT, TIME, Plain, Type, fields_of, fits, is_time
from rlmlang.schema import foreign
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
    hint: str | Fix = ""
    if have.optional and fits(have.required(), want):
        hint = "it may be none: test it first, or let the other side take `?`"
    elif want.required() == TEXT and isinstance(have, Plain):
        hint = around(e, "text(", ")", 'text(…) makes text of it, and so does "{name}"')
    elif is_time(want) and have.textual:
        hint = WRITTEN_TIME
    elif what == "a side of `-`" and have.required() in (DATE, TIME):
        hint = "days_between(a, b) and seconds_between(a, b) say how much lies between"
    elif what == "a side of `+`" and have.required() in (DATE, TIME):
        hint = "add_days(x, 7), add_months(x, 1) and add_seconds(x, 5min) give a later one"
    elif want.is_list and fits(have, want.item):
        hint = around(e, "[", "]", "put it in [ ]")
    return error(
        "wrong-type",
        f"{what} is {have}, where {want} is wanted",
        Label(e.span, str(have)),
        hint=hint or "compare the two types; `rlm explain wrong-type` lists what fits where",
    )


def around(e: t.Node, before: str, behind: str, words: str) -> Fix:
    """The fix that puts an expression between two texts."""
    at = e.span
    first, last = Span(at.source, at.start, at.start), Span(at.source, at.end, at.end)
    return Fix(words, (Edit(first, before), Edit(last, behind)))


def unknown_name(scope: Scope, e: t.Name, want: Type) -> Diagnostic:
    """The problem `unknown-name`."""
    known = [n for n in scope.names if not n.startswith("_")]
    sources = scope.module.known(t.SourceDecl, t.Const)
    sources += [w for w in (foreign.VALUES.get(e.text),) if w]
    return error(
        "unknown-name",
        f"nothing is named `{e.text}` here",
        e.span,
        hint=instead(e.span, [*known, *labels_of(want), *sources], foreign.VALUES, e.text),
    )


def no_field(e: t.Member, facts: Facts, why: str) -> Diagnostic:
    """The problem `unknown-field`; `why` a field of the place it came from is not there either."""
    type_, name = facts.type, e.name.text
    names = [f.name for f in fields_of(type_)]
    place = name in FIELDS
    known = [*names, *(FIELDS if facts.placed else ())]
    hint: str | Fix = instead(e.name.span, known) if known and not place else ""
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
    hint = ONE_DOCUMENT if why == SEVERAL else PLACED if place else instead(name.span, known)
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


def no_method(call: t.Call, callee: t.Member) -> Diagnostic:
    """The problem `not-callable`, of a function that is written behind its value."""
    name = callee.name.text
    ours = name if name in FUNCTIONS else foreign.FUNCTIONS.get(name, "")
    hint: str | Fix = "a function stands before its value: `length(text)`"
    if ours in FUNCTIONS:
        base, rest = callee.base.span, Span(call.span.source, callee.span.end, call.span.end)
        comma = ", " if call.args else ""
        head = Edit(Span(base.source, base.start, base.start), f"{ours}(")
        opened = rest.source.text.index("(", rest.start) + 1
        tail = Edit(Span(base.source, base.end, opened), comma)
        shown = f"{base.text}, …" if comma else base.text
        hint = Fix(f"write `{ours}({shown})`", (head, tail))
    return error("not-callable", "a field cannot be called", callee.span, hint=hint)
