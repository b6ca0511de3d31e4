"""Calls of built-in functions, records and code: arguments put to their parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rlmlang.check.say import calls as say
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.diagnostics.diagnostic import Label
from rlmlang.functions.function import Function, Option
from rlmlang.functions.rules import innermost
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.expressions import Apply, Ref
from rlmlang.ir.recipe import Facts
from rlmlang.ir.types import BOOL, AnyType, BaseType, RecordType, Type, fields_of, fits
from rlmlang.syntax import tree as t

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
            scope.report(say.surplus(arg, name, what, free))
            continue
        free.remove(name)
        value, facts = infer(scope, arg.value, types[name])
        if not fits(facts.type, types[name]):
            scope.report(say.argument(arg, name, facts.type, types[name]))
        given[name] = (value, facts)
    missing = [n for n, _, optional in params if n not in given and not optional]
    if missing and len(given) == len(call.args):  # else a name is wrong, and was said to be
        scope.report(say.missing(call, missing, what))
    return [(n, given[n]) for n, _, _ in params if n in given]


def apply_function(scope: Scope, name: t.Name, call: t.Call, infer: Infer) -> Inferred:
    """A call of a built-in function; nothing where what it is given does not go together."""
    function = FUNCTIONS.find(name.text, scope.module.library.plugins.find)
    if function is None:
        scope.report(say.unknown_function(scope, name))
        return NOTHING
    plain, labelled = _arguments(function, call)
    values = [infer(scope, arg.value) for arg in plain]
    facts = [f for _, f in values]
    if scope.module.library.broken and any(map(_unknown, facts)):
        return NOTHING
    read = _Options(scope, function, facts, infer)
    options = {a.label: read.option(a) for a in labelled}
    if not options.keys() <= {o.name for o in function.options}:
        return NOTHING
    if not _complete(scope, function, call, plain, facts, options):
        return NOTHING
    if function.reads and not read.is_field(t.Name(text=function.reads, span=plain[0].span)):
        return NOTHING
    for arg, (value, given) in zip(plain, values, strict=True):
        if not function.covered(given, options):
            lost = scope.lost_at(value) or Label(arg.value.span, f"is `{given.coverage}`")
            scope.report(say.unsound(function, name, given, lost))
    if why := function.unlike(facts):
        scope.report(say.unlike(function, name, plain, facts, why))
    if None in options.values():
        return NOTHING
    made = Apply(function.name, tuple(v for v, _ in values), tuple(options.items()))
    return made, function.gives(*facts, **options)


def _unknown(facts: Facts) -> bool:
    """Whether nothing is known of a value, or of its items."""
    return isinstance(innermost(facts).type, AnyType)


def _arguments(function: Function, call: t.Call) -> tuple[list[t.Arg], list[t.Arg]]:
    """The arguments without a label and those with one, which a last one is given."""
    plain = [a for a in call.args if not a.label]
    labelled = [a for a in call.args if a.label]
    last = next((o.name for o in function.options if o.last), "")
    if last and len(plain) > function.least and all(a.label != last for a in labelled):
        labelled.append(replace(plain.pop(function.least), label=last))
    return plain, labelled


def _complete(
    scope: Scope,
    function: Function,
    call: t.Call,
    plain: list[t.Arg],
    facts: list[Facts],
    options: dict[str, object],
) -> bool:
    """Whether all is there that must be, each of its kind; the items of repeated lists are held
    against those of the first."""
    missing = [o.name for o in function.options if o.required and o.name not in options]
    surplus = len(facts) > function.least and not function.repeats
    if len(facts) < function.least or surplus or missing:
        scope.report(say.wrong_arity(function, call, function.least, missing))
        return False
    for at, (arg, given) in enumerate(zip(plain, facts, strict=True)):
        if not function.fits(at, given.type):
            scope.report(say.wrong_kind(function, arg, function.kind(at), given.type))
            return False
        item, first = innermost(given).type, innermost(facts[0]).type
        if function.disagrees([facts[0].type, given.type]):
            scope.report(say.argument(arg, "value", given.type, facts[0].type.required()))
            return False
        if function.repeats and not fits(item, first):
            scope.report(say.argument(arg, "items", item, first))
    return True


@dataclass(frozen=True)
class _Options:
    """Reads options of a function as they are written; None for one that is reported."""

    scope: Scope
    function: Function
    facts: list[Facts]
    infer: Infer

    def option(self, arg: t.Arg) -> object:
        """The value of an option."""
        known = {o.name: o for o in self.function.options}
        if arg.label not in known:
            what = f"`{self.function.name}`"
            self.scope.report(say.surplus(arg, arg.label, what, list(known)))
            return None
        match known[arg.label].takes:
            case "where":
                item = innermost(self.facts[0]) if self.facts else Facts()
                test, facts = self.infer(self.scope.inner(it=(Ref("it"), item)), arg.value)
                return self._typed(arg, test, facts, BOOL)
            case "count":
                return self.scope.module.size(arg.value, ("",))
            case BaseType() as type_:
                value = self.scope.module.literal(arg.value)
                if value is None:
                    return self.scope.module.size(arg.value)
                return self._typed(arg, value, self.infer(self.scope, arg.value)[1], type_)
        return self._fields(arg, known[arg.label])

    def _typed(self, arg: t.Arg, value: object, facts: Facts, want: Type) -> object:
        if fits(facts.type, want):
            return value
        self.scope.report(say.argument(arg, arg.label, facts.type, want))
        return None

    def _fields(self, arg: t.Arg, option: Option) -> str | tuple[str, ...] | None:
        """Names of fields, held against the items of the lists."""
        listed = isinstance(arg.value, t.ListOf) and option.takes != "field"
        names = arg.value.items if isinstance(arg.value, t.ListOf) and listed else (arg.value,)
        found = tuple(n.text for n in names if isinstance(n, t.Name) and self.is_field(n))
        for other in names:
            if not isinstance(other, t.Name):
                self.scope.report(say.not_a_field(other))
        if len(found) < len(names):
            return None
        return found if listed or option.takes == "keys" else found[0]

    def is_field(self, name: t.Name) -> bool:
        """Whether the items have a field; reported where they have not."""
        rows = [innermost(f).type.required() for f in self.facts]
        known = [f.name for r in rows for f in fields_of(r)]
        if not rows or not isinstance(rows[0], RecordType) or name.text in known:
            return True
        self.scope.report(say.no_such_field(name, rows[0], known))
        return False
