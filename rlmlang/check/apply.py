"""Calls of built-in functions, records and code: arguments put to their parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rlmlang.check.functions import FUNCTIONS, Function
from rlmlang.check.say import calls as say
from rlmlang.check.scope import NOTHING, Scope
from rlmlang.diagnostics.diagnostic import Label
from rlmlang.ir.expressions import Apply, Expr, Ref
from rlmlang.ir.recipe import Facts
from rlmlang.ir.types import NUMERIC, Type, fits
from rlmlang.schema.partitions import ORDER
from rlmlang.syntax import tree as t

Inferred = tuple[Expr, Facts]
Infer = Callable[..., Inferred]
Parameters = Sequence[tuple[str, Type, bool]]
SEVERAL = ("keys", "by", "on")  # options that may name more than one field


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
            scope.report(say.surplus(arg, name, what, free))
            continue
        free.remove(name)
        value, facts = infer(scope, arg.value, types[name])
        if not fits(facts.type, types[name]):
            scope.report(say.argument(arg, name, facts.type, types[name]))
        given[name] = (value, facts)
    missing = [n for n, _, optional in params if n not in given and not optional]
    if missing:
        scope.report(say.missing(call, missing, what))
    return [(n, given[n]) for n, _, _ in params if n in given]


def apply_function(scope: Scope, name: t.Name, call: t.Call, infer: Infer) -> Inferred:
    """A call of a built-in function."""
    function = FUNCTIONS.get(name.text)
    if function is None:
        scope.report(say.unknown_function(scope, name))
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
        scope.report(say.surplus(arg, arg.label, f"`{function.name}`", known))


def _plain(scope: Scope, arg: t.Arg) -> object:
    value = scope.module.literal(arg.value)
    if value is None:
        scope.module.size(arg.value)
    return value


def _where(scope: Scope, arg: t.Arg, values: list[Inferred], infer: Infer) -> Expr:
    item = _item(values[0][1]) if values else Facts()
    value, facts = infer(scope.inner(it=(Ref("it"), item)), arg.value)
    if not fits(facts.type, Type("Bool")):
        scope.report(say.argument(arg, "where", facts.type, Type("Bool")))
    return value


def _item(rows: Facts) -> Facts:
    type_ = rows.type.item
    while type_.is_list:
        type_ = type_.item
    return replace(rows, type=type_, size=rows.item, item=rows.item)


def _fields(scope: Scope, arg: t.Arg, values: list[Inferred]) -> object:
    """Field names, checked against the rows of the first list."""
    several = isinstance(arg.value, t.ListOf) and arg.label in SEVERAL
    names = arg.value.items if isinstance(arg.value, t.ListOf) and several else (arg.value,)
    rows = [_item(f).type.required() for _, f in values]
    for name in names:
        if not isinstance(name, t.Name):
            scope.report(say.not_a_field(name))
            continue
        known = [f.name for r in rows for f in r.fields]
        if rows and rows[0].kind == "Record" and name.text not in known:
            scope.report(say.no_such_field(name, rows[0], known))
    found = [n.text for n in names if isinstance(n, t.Name)]
    return found if several or arg.label == "keys" else "".join(found[:1])


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
        scope.report(say.wrong_arity(function, call, len(fixed), missing))
        return False
    kinds = fixed + [fixed[-1]] * (len(values) - len(fixed))
    arguments = [a for a in call.args if not a.label]
    for kind, (_, facts), arg in zip(kinds, values, arguments, strict=False):
        if not _is_kind(kind, facts.type):
            scope.report(say.wrong_kind(function, arg, kind, facts.type))
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
    for arg, (value, facts) in zip(arguments, values, strict=False):
        if ORDER.index(facts.coverage) > ORDER.index(function.needs):
            lost = scope.lost_at(value) or Label(arg.value.span, f"is `{facts.coverage}`")
            scope.report(say.unsound(function, name, facts, lost))


def _same_items(scope: Scope, call: t.Call, values: list[Inferred]) -> None:
    first = _item(values[0][1]).type
    for arg, (_, facts) in zip(call.args[1:], values[1:], strict=False):
        if not fits(_item(facts).type, first):
            scope.report(say.argument(arg, "items", _item(facts).type, first))
