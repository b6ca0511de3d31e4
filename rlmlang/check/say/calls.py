"""Problems of calls: arguments, functions, coverage."""

from __future__ import annotations

from collections.abc import Sequence

from rlmlang.check.scope import Scope
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.fix import Fix
from rlmlang.diagnostics.source import Span
from rlmlang.diagnostics.suggest import did_you_mean, instead
from rlmlang.functions.function import Function
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.recipe import Facts
from rlmlang.ir.types import Type
from rlmlang.schema import foreign
from rlmlang.syntax import tree as t


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
    declared = scope.module.known(t.Prompt, t.Code, t.Recipe, t.Record)
    installed = scope.module.library.plugins.names(FUNCTIONS.group)
    return error(
        "unknown-function",
        f"nothing named `{name.text}` can be called",
        name.span,
        hint=instead(name.span, [*FUNCTIONS, *installed, *declared], foreign.FUNCTIONS),
    )


def unknown_prompt(
    node: t.Node, name: str, known: Sequence[str], is_else: bool = False
) -> Diagnostic:
    """The problem `unknown-prompt`; `is_else`: something else has the name."""
    what = "; it is something else" if is_else else ""
    return error(
        "unknown-prompt",
        f"no prompt is called `{name}`{what}",
        node.span,
        hint=instead(node.span, known) if known else "declare it: `prompt …`",
    )


def surplus(arg: t.Arg, name: str, what: str, free: Sequence[str]) -> Diagnostic:
    """The problem `unknown-argument`."""
    shown = f"`{name}`" if arg.label else "this argument"
    return error(
        "unknown-argument",
        f"{what} takes no further {shown}" if not arg.label else f"{what} has no {shown}",
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
    return error(
        "wrong-type",
        f"`{name}` is {have}, where {want} is wanted",
        Label(arg.value.span, str(have)),
        hint="it may be none: give a value that cannot be"
        if have.optional
        else "`rlm explain wrong-type` lists what fits where",
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


def wrong_kind(function: Function, arg: t.Arg, kind: str, have: Type) -> Diagnostic:
    """The problem `wrong-type`."""
    return error(
        "wrong-type",
        f"`{function.name}` takes a {kind}, not {have}",
        Label(arg.value.span, str(have)),
        reason=function.doc,
    )


def not_a_field(name: t.Node) -> Diagnostic:
    """The problem `not-a-field`."""
    return error("not-a-field", "the bare name of a field stands here", name.span, hint="by: score")


def no_such_field(name: t.Name, type_: Type, known: list[str]) -> Diagnostic:
    """The problem `unknown-field`."""
    return error(
        "unknown-field",
        f"{type_} has no field `{name.text}`",
        name.span,
        hint=instead(name.span, known),
    )
