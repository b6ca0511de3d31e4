"""Problems of expressions: names, types, fields, comparisons."""

from __future__ import annotations

from rlmlang.check.scope import Scope
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.fix import Edit, Fix
from rlmlang.diagnostics.source import Span
from rlmlang.diagnostics.suggest import instead
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.types import TEXT, Plain, Type, fields_of, fits, labels_of
from rlmlang.schema import foreign
from rlmlang.syntax import tree as t


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
        hint = around(e, "text(", ")", "text(…) makes text of it")
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


def no_field(e: t.Member, type_: Type) -> Diagnostic:
    """The problem `unknown-field`."""
    names = [f.name for f in fields_of(type_)]
    hint: str | Fix = instead(e.name.span, names) if names else ""
    if type_.optional:
        hint = f"`{type_}` may be none: test it first with `!= none`"
    elif type_.is_list:
        hint = "a list has no fields: column(xs, of: field) gives one of every row"
    return error(
        "unknown-field",
        f"{type_} has no field `{e.name.text}`",
        Label(e.name.span),
        hint=hint or f"{type_} has no fields",
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
