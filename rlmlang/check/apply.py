"""Calls of built-in functions, records and code: arguments put to their parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from rlmlang.check.say import calls as say
from rlmlang.check.say.values import no_such_field
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.diagnostics.diagnostic import CodedError, Label
from rlmlang.functions.function import Function, Option
from rlmlang.functions.rules import flat, group_of, innermost
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.expressions import Aggregate, Apply, Computed, Ref
from rlmlang.ir.origins import FIELDS, place_field
from rlmlang.ir.places import is_piece
from rlmlang.ir.recipe import Facts
from rlmlang.ir.types import (
    BOOL,
    INT,
    AnyType,
    BaseType,
    EnumType,
    RecordType,
    Type,
    fields_of,
    fits,
)
from rlmlang.ir.walk import GROUP
from rlmlang.ir.wider import widest
from rlmlang.schema.setting import KINDS, MOMENT, Setting
from rlmlang.syntax import tree as t
from rlmlang.syntax.texts import as_written
from rlmlang.verbs.inference import of_aggregate

Infer = Callable[..., Inferred]
DURATION = Setting("", "duration", least=MOMENT)
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
    values = [infer(scope, _taken(function, at, arg.value)) for at, arg in enumerate(plain)]
    facts = [f for _, f in values]
    if any(map(_unknown, facts)) and scope.module.library.doubtful():
        return NOTHING
    read = _Options(scope, function, facts, infer)
    options = {a.label: read.option(a) for a in labelled}
    if not function.columns and not options.keys() <= {o.name for o in function.options}:
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
    options |= function.of_pattern(*(v for v, _ in values))
    known = {**options, **read.aggregates}
    if why := function.misused(*facts, **known):
        scope.report(say.wrong_option(function, call, why))
        return NOTHING
    options |= function.settled(*facts, **known)
    made = Apply(function.name, tuple(v for v, _ in values), tuple(options.items()))
    try:
        return made, function.facts(*facts, **known)
    except CodedError as problem:
        found = problem.diagnostic
        scope.report(replace(found, labels=(Label(call.span),)))
        return NOTHING


def _unknown(facts: Facts) -> bool:
    """Whether nothing is known of a value, or of its items."""
    return isinstance(innermost(facts).type, AnyType)


def _arguments(function: Function, call: t.Call) -> tuple[list[t.Arg], list[t.Arg]]:
    """The arguments without a label and those with one, which the last ones are given."""
    plain = [a for a in call.args if not a.label]
    labelled = [a for a in call.args if a.label]
    named = {a.label for a in labelled}
    free = [o.name for o in function.options if o.last and o.name not in named]
    behind = plain[function.least :] if free else []
    given = [replace(a, label=n) for a, n in zip(behind, free, strict=False)]
    first = plain[: function.least] if given else plain
    return [*first, *behind[len(given) :]], labelled + given


def _taken(function: Function, at: int, written: t.Expr) -> t.Expr:
    """An argument; braces of a pattern count something."""
    return as_written(written) if function.kind(at) == "pattern" else written


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
        if function.disagrees([facts[0].type, given.type]):
            scope.report(say.argument(arg, "value", given.type, facts[0].type.required()))
            return False
        items = [flat(f).type.item for f in facts[: at + 1]] if function.repeats else []
        if widest(items) is None:
            scope.report(say.argument(arg, "items", items[at], items[0]))
            return False
    return True


@dataclass(frozen=True)
class _Options:
    """Reads options of a function as they are written; None for one that is reported. What is
    known of aggregates is kept in `aggregates`."""

    scope: Scope
    function: Function
    facts: list[Facts]
    infer: Infer
    aggregates: dict[str, Facts] = field(default_factory=dict)

    def option(self, arg: t.Arg) -> object:
        """The value of an option."""
        known = {o.name: o for o in self.function.options}
        if arg.label not in known and self.function.columns:
            return self._aggregate(arg)
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
            case "duration":
                return self._duration(arg)
            case "items":
                return self._items(arg)
            case "aggregate":
                return self._aggregate(arg)
            case "matches":
                return self._matches(arg)
            case EnumType() as choice:
                return self._choice(arg, choice)
            case BaseType() as type_:
                value = self.scope.module.literal(arg.value)
                if value is None:
                    return self.scope.module.size(arg.value)
                facts = self.infer(self.scope, as_written(arg.value))[1]
                return self._typed(arg, value, facts, type_)
        if known[arg.label].takes == "order" and isinstance(arg.value, t.Constant):
            truth = self.scope.module.literal(arg.value)
            return self._typed(arg, truth, self.infer(self.scope, arg.value)[1], BOOL)
        return self._fields(arg, known[arg.label])

    def _items(self, arg: t.Arg) -> object:
        """A number of items: as it is written, or what it is computed from."""
        if self.scope.module.literal(arg.value) is not None:
            return self.scope.module.size(arg.value, ("",))
        value, facts = self.infer(self.scope, arg.value)
        return self._typed(arg, Computed(value), facts, INT)

    def _aggregate(self, arg: t.Arg) -> Aggregate:
        """A value about the rows of a group."""
        rows = group_of(self.facts[0]) if self.facts else Facts()
        inside = replace(self.scope.inner(group=(Ref(GROUP), rows)), repeated=True)
        value, facts = self.infer(inside, arg.value)
        self.aggregates[arg.label] = of_aggregate(self.function, value, facts)
        return Aggregate(value)

    def _duration(self, arg: t.Arg) -> float | None:
        found = self.scope.module.amount(arg.value, KINDS["duration"].units, DURATION.takes)
        if found is not None and (words := DURATION.refuses(found)):
            self.scope.report(say.refused(arg, words))
            return None
        return found

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
        return found if listed or option.takes in ("keys", "order") else found[0]

    def _choice(self, arg: t.Arg, choice: EnumType) -> str | None:
        """One of the words that an option may be."""
        if isinstance(arg.value, t.Name) and arg.value.text in choice.names:
            return arg.value.text
        self.scope.report(say.no_choice(arg, choice.names))
        return None

    def _matches(self, arg: t.Arg) -> tuple[str, ...] | None:
        """Fields that two lists have, or a field of each as `user == name`."""
        listed = arg.value.items if isinstance(arg.value, t.ListOf) else (arg.value,)
        found = [self._match(e) for e in listed]
        return tuple(n for n in found if n) if all(found) else None

    def _match(self, e: t.Expr) -> str:
        """One of them; empty where it is reported."""
        match e:
            case t.Name():
                return e.text if self.is_field(e) else ""
            case t.Binary(op="==", left=t.Name() as mine, right=t.Name() as theirs):
                both = self.is_field(mine) and self.is_field(theirs)
                return f"{mine.text} == {theirs.text}" if both else ""
        self.scope.report(say.not_a_field(e))
        return ""

    def is_field(self, name: t.Name) -> bool:
        """Whether the items have a field; reported where they have not."""
        items = [_present(innermost(f)) for f in self.facts]
        rows = [i.type for i in items]
        known = [f.name for r in rows for f in fields_of(r)]
        if not rows or name.text in known or place_field(items[0], name.text):
            return True
        if not isinstance(rows[0], RecordType) and not is_piece(rows[0]):
            return True
        known += FIELDS if items[0].placed else ()
        self.scope.report(no_such_field(name, items[0], known))
        return False


def _present(item: Facts) -> Facts:
    return replace(item, type=item.type.required())
