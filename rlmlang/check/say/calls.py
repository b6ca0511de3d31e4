"""Problems of calls: arguments, functions, coverage."""

from __future__ import annotations

from collections.abc import Sequence

from rlmlang.check.say.values import WRITTEN_TIME
from rlmlang.check.scope import Scope
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.fix import Fix
from rlmlang.diagnostics.source import Span
from rlmlang.diagnostics.suggest import did_you_mean, instead
from rlmlang.functions.function import Function
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.recipe import Facts
from rlmlang.ir.types import DATE, Type, is_time
from rlmlang.schema import foreign
from rlmlang.syntax import tree as t

OTHERS = "a prompt is wanted here; `map … with` also takes code, patterns and expressions"
DECLARE = "declare it: `prompt …`"
CLOCKS = {"today": ("today", "Date"), "now": ("now", "Time")}


def unsound(function: Function, name: t.Name, facts: Facts, lost: Label) -> Diagnostic:
    """The problem `unsound-coverage`."""
    why = (
        "may miss some of it" if facts.coverage == "some" else "may hold parts of it more than once"
    )
    wanted = "every item exactly once" if function.needs == "exact" else "every item"
    return error(
        "unsound-coverage",
        f"`{function.name}` needs {wanted}, but this list {why}",
        Label(name.span, f"needs `{function.needs}`"),
        lost,
        reason="Coverage is `exact` after a split; skip, stop, search and cross make it `some`, "
        "overlap makes it `cover`; a filter leaves it as it was, where its condition holds.",
        hint="remove what loses items (on_error: fail, no overlap), or write behind the step "
        '`{ assume exact because "…" }`, which stays in the receipt',
    )


def unlike(
    function: Function, name: t.Name, args: Sequence[t.Arg], facts: Sequence[Facts], why: str
) -> Diagnostic:
    """The problem `unlike-lists`."""
    labels = [Label(a.value.span, f"is `{f.kept}`") for a, f in zip(args, facts, strict=True)]
    return error(
        "unlike-lists",
        f"`{function.name}` goes over lists of the same items, and {why}",
        Label(name.span, "goes over both"),
        *labels,
        reason="Items that one list lacks would be missing in what comes of both.",
        hint="filter both lists by the same condition, or filter what comes of both",
    )


def unknown_function(scope: Scope, name: t.Name) -> Diagnostic:
    """The problem `unknown-function`."""
    if name.text in CLOCKS:
        return _no_clock(name)
    declared = scope.module.known(t.Prompt, t.Code, t.Recipe, t.Record)
    installed = scope.module.library.plugins.names(FUNCTIONS.group)
    return error(
        "unknown-function",
        f"nothing named `{name.text}` can be called",
        name.span,
        hint=instead(name.span, [*FUNCTIONS, *installed, *declared], foreign.FUNCTIONS),
    )


def unknown_prompt(node: t.Node, name: str, scope: Scope) -> Diagnostic:
    """The problem `unknown-prompt`."""
    what = "" if scope.module.find(name) is None else "; it is something else"
    known = scope.module.known(t.Prompt)
    return error(
        "unknown-prompt",
        f"no prompt is called `{name}`{what}",
        node.span,
        hint=OTHERS if what else instead(node.span, known) if known else DECLARE,
    )


def _no_clock(name: t.Name) -> Diagnostic:
    word, type_ = CLOCKS[name.text]
    return error(
        "unknown-function",
        f"no function asks a clock, as `{name.text}` would",
        name.span,
        reason="The same recipe over the same inputs gives the same answer, and is not paid twice.",
        hint=f"declare an input, `{word}: {type_}`, and give it: --set {word}=…",
    )


def surplus(arg: t.Arg, name: str, what: str, free: Sequence[str]) -> Diagnostic:
    """The problem `unknown-argument`."""
    return error(
        "unknown-argument",
        f"{what} has no `{name}`" if arg.label else f"{what} takes no further argument",
        arg.span,
        hint=label_instead(arg, free) if free else "remove it",
    )


def label_instead(arg: t.Arg, known: Sequence[str]) -> Fix | str:
    """What to write in place of an argument's name; all there are for one without."""
    if not arg.label:
        return did_you_mean("", known)
    at = Span(arg.span.source, arg.span.start, arg.span.start + len(arg.label))
    return instead(at, known)


def argument(arg: t.Arg, name: str, have: Type, want: Type) -> Diagnostic:
    """The problem `wrong-type`."""
    hint = "`rlm explain wrong-type` lists what fits where"
    if have.optional:
        hint = "it may be none: give `coalesce(…, VALUE)`, or test it first"
    elif is_time(want) and have.textual:
        hint = WRITTEN_TIME
    return error(
        "wrong-type",
        f"`{name}` is {have}, where {want} is wanted",
        Label(arg.value.span, str(have)),
        hint=hint,
    )


def missing(call: t.Call, names: list[str], what: str) -> Diagnostic:
    """The problem `missing-argument`."""
    shown = " and ".join(f"`{n}`" for n in names)
    return error(
        "missing-argument",
        f"{what} also needs {shown}",
        call.span,
        hint="add " + ", ".join(f"{n}: …" for n in names),
    )


def wrong_arity(function: Function, call: t.Call, count: int, missing: list[str]) -> Diagnostic:
    """The problem `missing-argument`."""
    labels = ", ".join(f"{o}: …" for o in missing)
    wanted = f"{count} argument{'s' if count != 1 else ''}"
    return error(
        "missing-argument",
        f"`{function.name}` needs {labels or wanted}",
        call.span,
        reason=function.doc,
        hint="add " + labels if labels else f"give it {wanted}",
    )


def wrong_option(function: Function, call: t.Call, why: str) -> Diagnostic:
    """The problem `wrong-option`."""
    return error("wrong-option", why, call.span, reason=function.doc)


def wrong_kind(function: Function, arg: t.Arg, kind: str, have: Type) -> Diagnostic:
    """The problem `wrong-type`."""
    return error(
        "wrong-type",
        f"`{function.name}` takes {'a known value' if kind == 'any' else f'a {kind}'}, not {have}",
        Label(arg.value.span, str(have)),
        reason=function.doc,
        hint=function.instead or _make(kind, have),
    )


def refused(arg: t.Arg, words: str) -> Diagnostic:
    """The problem `wrong-setting`."""
    return error("wrong-setting", f"`{arg.label}` {words}", arg.value.span)


def _make(kind: str, have: Type) -> str:
    """How a value of a kind is made of another."""
    if kind not in ("date", "time"):
        return ""
    if have.optional and have.textual:
        return "it may be none: test it first, or put a value in its place: coalesce(x, 2026-11-30)"
    if have == DATE:
        return "the beginning of a day is a time: time(day)"
    return f'a text is read with parse_{kind}(text, format: "…")' if have.textual else ""


def no_choice(arg: t.Arg, known: Sequence[str]) -> Diagnostic:
    """The problem `wrong-value`."""
    word = arg.value.span.text
    return error(
        "wrong-value",
        f"`{arg.label}` is {' or '.join(f'`{k}`' for k in known)}, not `{word}`",
        arg.value.span,
        hint=did_you_mean(word, known) or f"write {arg.label}: {known[0]}",
    )


def not_a_field(name: t.Node) -> Diagnostic:
    """The problem `not-a-field`."""
    return error("not-a-field", "the bare name of a field stands here", name.span, hint="by: score")
