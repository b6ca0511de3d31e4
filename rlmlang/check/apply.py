"""Calls of built-in functions, records and code: arguments put to their parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rlmlang.catalog.partitions import ORDER
from rlmlang.check.functions import FUNCTIONS, Function
from rlmlang.check.recipe import Apply, Expr, Facts, Ref
from rlmlang.check.scope import NOTHING, Scope
from rlmlang.check.types import NUMERIC, Type, fits
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.syntax import tree as t

Inferred = tuple[Expr, Facts]
Infer = Callable[..., Inferred]
Parameters = Sequence[tuple[str, Type, bool]]


def check_args(
    scope: Scope, call: t.Call, params: Parameters, what: str, infer: Infer
) -> list[tuple[str, Inferred]]:
    """Arguments by parameter, in the order of the parameters. `params` are (name, type, may be
    left out)."""
    given: dict[str, Inferred] = {}
    free = [name for name, _, _ in params]
    types = {name: type_ for name, type_, _ in params}
    for arg in call.args:
        name = arg.label or (free[0] if free else "")
        if name not in types or name in given:
            scope.report(_surplus(arg, name, what, free))
            continue
        free.remove(name)
        value, facts = infer(scope, arg.value, types[name])
        if not fits(facts.type, types[name]):
            scope.report(_argument(arg, name, facts.type, types[name]))
        given[name] = (value, facts)
    missing = [n for n, _, optional in params if n not in given and not optional]
    if missing:
        scope.report(_missing(call, missing, what))
    return [(n, given[n]) for n, _, _ in params if n in given]


def apply_function(scope: Scope, name: t.Name, call: t.Call, infer: Infer) -> Inferred:
    """A call of a built-in function."""
    function = FUNCTIONS.get(name.text)
    if function is None:
        scope.report(_unknown_function(scope, name))
        return NOTHING
    values: list[Inferred] = []
    options: dict[str, object] = {}
    for arg in call.args:
        if arg.label:
            _option(scope, function, arg, values, options, infer)
        elif function.name in ("top", "take") and values and "n" not in options:
            options["n"] = scope.module.size(arg.value, ("",))
        else:
            values.append(infer(scope, arg.value))
    if not _arity(scope, function, call, values, options):
        return NOTHING
    _coverage(scope, function, name, call, values, options)
    facts = function.rule([f for _, f in values], options)
    if function.name == "union" or function.name == "concat":
        _same_items(scope, call, values)
    return Apply(function.name, tuple(v for v, _ in values), tuple(options.items())), facts


def _option(
    scope: Scope,
    function: Function,
    arg: t.Arg,
    values: list[Inferred],
    options: dict[str, object],
    infer: Infer,
) -> None:
    if arg.label in function.fields:
        options[arg.label] = _fields(scope, arg, values)
    elif arg.label == "where" and "where" in function.options:
        options["where"] = _where(scope, arg, values, infer)
    elif arg.label in function.options:
        options[arg.label] = _plain(scope, arg)
    else:
        known = [*function.fields, *function.options]
        scope.report(_surplus(arg, arg.label, f"`{function.name}`", known))


def _plain(scope: Scope, arg: t.Arg) -> object:
    value = scope.module.literal(arg.value)
    if value is None:
        scope.module.size(arg.value)
    return value


def _where(scope: Scope, arg: t.Arg, values: list[Inferred], infer: Infer) -> Expr:
    item = _item(values[0][1]) if values else Facts()
    value, facts = infer(scope.inner(it=(Ref("it"), item)), arg.value)
    if not fits(facts.type, Type("Bool")):
        scope.report(_argument(arg, "where", facts.type, Type("Bool")))
    return value


def _item(rows: Facts) -> Facts:
    type_ = rows.type.item
    while type_.is_list:
        type_ = type_.item
    return replace(rows, type=type_, size=rows.item, item=rows.item)


def _fields(scope: Scope, arg: t.Arg, values: list[Inferred]) -> object:
    """Field names, checked against the rows of the first list."""
    names = arg.value.items if isinstance(arg.value, t.ListOf) else (arg.value,)
    rows = [_item(f).type.required() for _, f in values]
    for name in names:
        if not isinstance(name, t.Name):
            scope.report(_not_a_field(name))
            continue
        known = [f.name for r in rows for f in r.fields]
        if rows and rows[0].kind == "Record" and name.text not in known:
            scope.report(_no_such_field(name, rows[0], known))
    found = [n.text for n in names if isinstance(n, t.Name)]
    return found if isinstance(arg.value, t.ListOf) or arg.label == "keys" else "".join(found[:1])


def _arity(
    scope: Scope,
    function: Function,
    call: t.Call,
    values: list[Inferred],
    options: dict[str, object],
) -> bool:
    fixed = [k for k in function.takes if k != "*"]
    repeats = "*" in function.takes
    missing = [o for o in function.required if o not in options]
    if len(values) < len(fixed) or (len(values) > len(fixed) and not repeats) or missing:
        scope.report(_wrong_arity(function, call, len(fixed), missing))
        return False
    kinds = fixed + [fixed[-1]] * (len(values) - len(fixed))
    arguments = [a for a in call.args if not a.label]
    for kind, (_, facts), arg in zip(kinds, values, arguments, strict=False):
        if not _is_kind(kind, facts.type):
            scope.report(_wrong_kind(function, arg, kind, facts.type))
            return False
    return True


def _is_kind(kind: str, type_: Type) -> bool:
    if type_.kind == "Any" or kind == "any":
        return True
    if kind == "list":
        return type_.is_list
    if kind == "number":
        return type_.kind in NUMERIC
    return type_.textual or type_.kind == "Enum"


def _coverage(
    scope: Scope,
    function: Function,
    name: t.Name,
    call: t.Call,
    values: list[Inferred],
    options: dict[str, object],
) -> None:
    if options.get("lower_bound") is True:
        return
    arguments = [a for a in call.args if not a.label]
    for arg, (_, facts) in zip(arguments, values, strict=False):
        if ORDER.index(facts.coverage) > ORDER.index(function.needs):
            scope.report(_unsound(function, name, arg, facts))


def _same_items(scope: Scope, call: t.Call, values: list[Inferred]) -> None:
    first = _item(values[0][1]).type
    for arg, (_, facts) in zip(call.args[1:], values[1:], strict=False):
        if not fits(_item(facts).type, first):
            scope.report(_argument(arg, "items", _item(facts).type, first))


# ── what is said ─────────────────────────────────────────────────────────────


def _unsound(function: Function, name: t.Name, arg: t.Arg, facts: Facts) -> Diagnostic:
    why = (
        "may miss some of it" if facts.coverage == "some" else "may hold parts of it more than once"
    )
    wanted = "every item exactly once" if function.needs == "exact" else "every item"
    return error(
        "unsound-coverage",
        f"`{function.name}` needs {wanted}, but this list {why}",
        Label(name.span, f"needs `{function.needs}`"),
        Label(arg.value.span, f"is `{facts.coverage}`"),
        reason="Coverage is `exact` after a split; skip, stop, filter, search and cross make it "
        "`some`, overlap makes it `cover`.",
        hint="remove what loses items (on_error: fail, no overlap), or write behind the step "
        '`{ assume exact because "…" }`, which stays in the receipt',
    )


def _unknown_function(scope: Scope, name: t.Name) -> Diagnostic:
    declared = scope.module.known(t.Prompt, t.Code, t.Recipe, t.Record)
    return error(
        "unknown-function",
        f"nothing named `{name.text}` can be called",
        name.span,
        hint=did_you_mean(name.text, [*FUNCTIONS, *declared]),
    )


def _surplus(arg: t.Arg, name: str, what: str, free: Sequence[str]) -> Diagnostic:
    shown = f"`{name}`" if arg.label else "this argument"
    return error(
        "unknown-argument",
        f"{what} takes no further {shown}" if not arg.label else f"{what} has no {shown}",
        arg.span,
        hint=did_you_mean(name, free) if free else "remove it",
    )


def _argument(arg: t.Arg, name: str, have: Type, want: Type) -> Diagnostic:
    return error(
        "wrong-type",
        f"`{name}` is {have}, where {want} is wanted",
        Label(arg.value.span, str(have)),
        hint="it may be none: give a value that cannot be"
        if have.optional
        else "`rlm explain wrong-type` lists what fits where",
    )


def _missing(call: t.Call, names: list[str], what: str) -> Diagnostic:
    shown = " and ".join(f"`{n}`" for n in names)
    return error(
        "missing-argument",
        f"{what} also needs {shown}",
        call.span,
        hint="add " + ", ".join(f"{n}: …" for n in names),
    )


def _wrong_arity(function: Function, call: t.Call, count: int, missing: list[str]) -> Diagnostic:
    labels = ", ".join(f"{o}: …" for o in missing)
    wanted = f"{count} argument{'s' if count != 1 else ''}"
    return error(
        "missing-argument",
        f"`{function.name}` needs {labels or wanted}",
        call.span,
        reason=function.doc,
        hint="add " + labels if labels else f"give it {wanted}",
    )


def _wrong_kind(function: Function, arg: t.Arg, kind: str, have: Type) -> Diagnostic:
    return error(
        "wrong-type",
        f"`{function.name}` takes a {kind}, not {have}",
        Label(arg.value.span, str(have)),
        reason=function.doc,
    )


def _not_a_field(name: t.Node) -> Diagnostic:
    return error("not-a-field", "the bare name of a field stands here", name.span, hint="by: score")


def _no_such_field(name: t.Name, type_: Type, known: list[str]) -> Diagnostic:
    return error(
        "unknown-field",
        f"{type_} has no field `{name.text}`",
        name.span,
        hint=did_you_mean(name.text, known),
    )
