"""Expressions: names bound, types found, sizes added up. Gives an expression and its facts."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.check.apply import apply_function, check_args
from rlmlang.check.resolve import code_of, source_of
from rlmlang.check.say import values as say
from rlmlang.check.scope import NOTHING, UNKNOWN, Scope
from rlmlang.diagnostics.diagnostic import Label, error
from rlmlang.ir import sizes as extents
from rlmlang.ir.expressions import (
    Choose,
    CodeCall,
    Constant,
    Expr,
    Get,
    Items,
    Make,
    Not,
    Op,
    Param,
    Ref,
)
from rlmlang.ir.recipe import Facts
from rlmlang.ir.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    NONE,
    NUMERIC,
    TEXT,
    Field,
    Type,
    fits,
    list_of,
)
from rlmlang.schema.formula import ONE, Formula, maximum, number
from rlmlang.schema.partitions import worst_of
from rlmlang.syntax import tree as t

Inferred = tuple[Expr, Facts]
COMPARISONS = ("<", "<=", ">", ">=")


def infer(scope: Scope, e: t.Expr, want: Type = ANY) -> Inferred:
    """The checked form of an expression. `want` helps bare enum labels find their enum."""
    value, facts = _infer(scope, e, want)
    if facts.type.optional and value in scope.certain:
        return value, replace(facts, type=facts.type.required())
    return value, facts


def _infer(scope: Scope, e: t.Expr, want: Type) -> Inferred:
    match e:
        case t.Name():
            return _name(scope, e, want)
        case t.Number() | t.Text() | t.Constant():
            return _literal(scope, e)
        case t.ListOf():
            return _list(scope, e, want)
        case t.Member():
            return _member(scope, e)
        case t.Call():
            return _call(scope, e, want)
        case t.Binary():
            return _binary(scope, e)
        case t.Unary():
            return _unary(scope, e)
        case t.If():
            return _if(scope, e, want)
        case t.Verb() if scope.hoist is not None and "it" not in scope.names and is_pure(e):
            return scope.hoist(scope, e)
    scope.report(say.unnamed(e))
    return NOTHING


def is_pure(e: t.Verb) -> bool:
    """Whether a verb asks no model, so that it needs no line of its own."""
    return e.call is None and e.verb in ("split", "search", "filter")


def expect(scope: Scope, e: t.Expr, want: Type, what: str) -> Inferred:
    """An expression that must be of a type; reports it when it is not."""
    value, facts = infer(scope, e, want)
    if not fits(facts.type, want):
        scope.report(say.mismatch(e, facts.type, want, what))
    return value, facts


def _literal(scope: Scope, e: t.Number | t.Text | t.Constant) -> Inferred:
    value = scope.module.literal(e)
    if isinstance(value, bool):
        return Constant(value), _small(BOOL, 3)
    if isinstance(value, int | float):
        return Constant(value), _small(INT if isinstance(value, int) else FLOAT, 14)
    if isinstance(value, str):
        return Constant(value), _small(TEXT, len(value.encode()) // 2 + 1)
    return Constant(None), _small(NONE, 2)


def _small(type_: Type, size: int) -> Facts:
    return Facts(type_, number(size), ONE, number(size))


def _name(scope: Scope, e: t.Name, want: Type) -> Inferred:
    binding = scope.lookup(e.text)
    if binding is not None and binding.prompt is None:
        return binding.value, binding.facts
    label = _label(want, e.text)
    if label is not None:
        return label
    found = scope.module.find(e.text)
    if found is not None:
        return _declared(scope, e, *found)
    scope.report(say.unknown_name(scope, e, want))
    return NOTHING


def _declared(scope: Scope, e: t.Name, module: object, decl: t.Declaration) -> Inferred:
    if isinstance(decl, t.Const):
        value = scope.module.literal(e)
        if value is not None:
            return infer(scope, decl.value)
    if isinstance(decl, t.SourceDecl):
        source = source_of(scope.module, e.text)
        if source is not None:
            param = Param(source.name, source.type, source.max)
            return Ref(source.name), extents.of_param(param, source, scope.module.library.sizes)
    scope.report(
        error(
            "not-a-value",
            f"`{e.text}` is a {say.word_of(decl)}, not a value",
            Label(e.span, "a value is needed here"),
            Label(decl.name.span, "declared here"),
            hint=f"call it: `{e.text}(…)`" if isinstance(decl, t.Code | t.Record) else "",
        )
    )
    return NOTHING


def _label(want: Type, name: str) -> Inferred | None:
    kind = want.item if want.is_list else want
    if kind.kind == "Enum" and any(n == name for n, _ in kind.labels):
        return Constant(name), Facts(kind.required(), number(8), ONE, number(8))
    return None


def _list(scope: Scope, e: t.ListOf, want: Type) -> Inferred:
    inner = want.item if want.is_list else ANY
    parts = [infer(scope, x, inner) for x in e.items]
    type_ = parts[0][1].type if parts else inner
    for item, (_, facts) in zip(e.items, parts, strict=True):
        if not fits(facts.type, type_) and not fits(type_, facts.type):
            scope.report(say.mismatch(item, facts.type, type_, "an item of the list"))
    size = sum((f.size for _, f in parts), number(0))
    largest = maximum(0, *(f.size for _, f in parts))
    within = maximum(ONE, *(f.count for _, f in parts)) if type_.is_list else ONE
    made = Facts(list_of(type_), size, number(len(parts)), largest, within)
    return Items(tuple(v for v, _ in parts)), extents.made_of(made, (f for _, f in parts))


def _member(scope: Scope, e: t.Member) -> Inferred:
    named = _namespace(scope, e)
    if named is not None:
        return _name(scope, named, ANY)
    base, facts = infer(scope, e.base)
    name = e.name.text
    if facts.type.kind == "Any":
        return Get(base, name), extents.made_of(UNKNOWN, [facts])
    if facts.type.kind == "Pair" and name in ("left", "right"):
        type_ = facts.type.args[name == "right"]
        return Get(base, name), extents.of_field(facts, Field(name, type_))
    field = facts.type.field(name)
    if field is not None and not facts.type.optional:
        return Get(base, name), extents.of_field(facts, field)
    scope.report(say.no_field(e, facts.type))
    return NOTHING


def _namespace(scope: Scope, e: t.Member) -> t.Name | None:
    """`legal.clauses`, where a file was imported `as legal`, as one name."""
    if isinstance(e.base, t.Name) and f"{e.base.text}.{e.name.text}" in scope.module.imports:
        return t.Name(text=f"{e.base.text}.{e.name.text}", span=e.span)
    return None


def _call(scope: Scope, e: t.Call, want: Type) -> Inferred:
    if isinstance(e.callee, t.Member):
        named = _namespace(scope, e.callee)
        if named is None:
            scope.report(say.not_callable(e.callee, "a field"))
            return NOTHING
        return _call(scope, t.Call(callee=named, args=e.args, span=e.span), want)
    if not isinstance(e.callee, t.Name):
        scope.report(say.not_callable(e.callee, "a value"))
        return NOTHING
    found = scope.module.find(e.callee.text)
    if found is None:
        return apply_function(scope, e.callee, e, infer)
    decl = found[1]
    if isinstance(decl, t.Record):
        return _make(scope, e, found[0].declared_type(decl))
    if isinstance(decl, t.Code) and decl.word == "code":
        return _code(scope, e)
    if isinstance(decl, t.Prompt | t.Recipe):
        scope.report(say.unnamed(e))
        return NOTHING
    scope.report(say.not_callable(e.callee, f"a {say.word_of(decl)}"))
    return NOTHING


def _make(scope: Scope, e: t.Call, type_: Type) -> Inferred:
    params = [(f.name, f.type, f.type.optional) for f in type_.fields]
    given = check_args(scope, e, params, f"record `{type_.name}`", infer)
    facts = [(n, f) for n, (_, f) in given]
    size = sum((f.size for _, f in facts), number(extents.field_overhead(type_)))
    made = Facts(type_, size, ONE, size, fields=extents.of_fields(facts))
    made = extents.made_of(made, (f for _, f in facts))
    return Make(type_, tuple((n, v) for n, (v, _) in given)), made


def _code(scope: Scope, e: t.Call) -> Inferred:
    assert isinstance(e.callee, t.Name)
    code = code_of(scope.module, e.callee.text)
    params = [(p.name, p.type, p.type.optional) for p in code.params]
    given = check_args(scope, e, params, f"code `{code.name}`", infer)
    inputs = [f for _, (_, f) in given]
    size = sum((f.size for f in inputs), number(64))
    declared = extents.declared_size(code.result, code.max)
    made = Facts(code.result, declared if declared is not None else size, ONE, size)
    if code.result.is_list:
        count = number(code.max) if code.max is not None else _most_items(inputs)
        made = replace(made, count=count, item=_item_size(code.result, size))
    return CodeCall(code, tuple(v for _, (v, _) in given)), extents.made_of(made, inputs)


def _most_items(inputs: list[Facts]) -> Formula:
    return sum((f.count * f.inner for f in inputs), number(0))


def _item_size(type_: Type, size: Formula) -> Formula:
    declared = extents.declared_size(type_.item, None)
    return declared if declared is not None else size


def _binary(scope: Scope, e: t.Binary) -> Inferred:
    left, a = infer(scope, e.left)
    more = tested(left, holds=e.op == "and") if e.op in ("and", "or") else frozenset()
    right, b = infer(sure(scope, more), e.right, a.type)
    if isinstance(e.left, t.Name) and a is UNKNOWN and b.type.kind == "Enum":
        left, a = infer(scope, e.left, b.type)
    if e.op in ("and", "or"):
        for side, facts in ((e.left, a), (e.right, b)):
            if not fits(facts.type, BOOL):
                scope.report(say.mismatch(side, facts.type, BOOL, f"a side of `{e.op}`"))
        return Op(e.op, left, right), _weaker(BOOL, 3, a, b)
    if e.op in ("==", "!=", "in", "..", *COMPARISONS):
        _comparable(scope, e, a.type, b.type)
        kind = (Type("Range"), 16) if e.op == ".." else (BOOL, 3)
        return Op(e.op, left, right), _weaker(*kind, a, b)
    return _arithmetic(scope, e, (left, a), (right, b))


def _weaker(type_: Type, size: int, *of: Facts) -> Facts:
    """A number or a truth about values: as complete as they are."""
    return replace(_small(type_, size), coverage=worst_of(f.coverage for f in of))


def _arithmetic(scope: Scope, e: t.Binary, left: Inferred, right: Inferred) -> Inferred:
    a, b = left[1], right[1]
    if e.op == "+" and a.type.textual and b.type.textual:
        size = a.size + b.size
        return Op("+", left[0], right[0]), extents.made_of(Facts(TEXT, size, ONE, size), (a, b))
    for side, facts in ((e.left, a), (e.right, b)):
        if facts.type.kind not in (*NUMERIC, "Any") or facts.type.optional:
            scope.report(say.mismatch(side, facts.type, FLOAT, f"a side of `{e.op}`"))
    both_int = a.type.kind == b.type.kind == "Int" and e.op != "/"
    return Op(e.op, left[0], right[0]), _weaker(INT if both_int else FLOAT, 14, a, b)


def _comparable(scope: Scope, e: t.Binary, a: Type, b: Type) -> None:
    if e.op == "in":
        ok = b.kind == "Any" or b.is_list or (a.textual and b.textual)
    elif e.op in COMPARISONS:
        ok = "Any" in (a.kind, b.kind) or _ordered(a, b)
    else:
        ok = fits(a.required(), b.maybe()) or fits(b.required(), a.maybe())
    if not ok:
        scope.report(
            error(
                "not-comparable",
                f"{a} and {b} cannot be compared with `{e.op}`",
                Label(e.left.span, str(a)),
                Label(e.right.span, str(b)),
                hint="compare numbers with numbers, text with text, labels of one enum",
            )
        )


def _ordered(a: Type, b: Type) -> bool:
    numbers = a.kind in NUMERIC and b.kind in NUMERIC
    same = a.kind == b.kind and a.textual
    return (numbers or same) and not a.optional and not b.optional


def _unary(scope: Scope, e: t.Unary) -> Inferred:
    value = scope.module.literal(e)
    if e.op == "-" and isinstance(value, int | float):
        return Constant(value), _small(INT if isinstance(value, int) else FLOAT, 14)
    operand, facts = infer(scope, e.operand)
    want = BOOL if e.op == "not" else FLOAT
    if not fits(facts.type, want):
        scope.report(say.mismatch(e.operand, facts.type, want, f"what stands behind `{e.op}`"))
    if e.op == "not":
        return Not(operand), _weaker(BOOL, 3, facts)
    return Op("-", Constant(0), operand), facts


def _if(scope: Scope, e: t.If, want: Type) -> Inferred:
    test, _ = expect(scope, e.test, BOOL, "the condition")
    yes, a = infer(sure(scope, tested(test, holds=True)), e.yes, want)
    no, b = infer(sure(scope, tested(test, holds=False)), e.no, want)
    return Choose(test, yes, no), either(scope, e, a, b)


def tested(test: Expr, *, holds: bool) -> frozenset[Expr]:
    """What cannot be none when a condition holds, or when it does not."""
    match test:
        case Op("and" | "or" as op, left, right) if (op == "and") is holds:
            return tested(left, holds=holds) | tested(right, holds=holds)
        case Op("!=" | "==" as op, value, Constant(None)) if (op == "!=") is holds:
            return frozenset([value])
        case Not(inner):
            return tested(inner, holds=not holds)
    return frozenset()


def sure(scope: Scope, more: frozenset[Expr]) -> Scope:
    """The scope in which these are not none."""
    return replace(scope, certain=scope.certain | more) if more else scope


def either(scope: Scope, e: t.If, a: Facts, b: Facts) -> Facts:
    """The facts of a value that is one of two; reports types that do not go together."""
    both = extents.largest(a, b)
    if a.type.kind == "None":
        return replace(both, type=b.type.maybe())
    if b.type.kind == "None":
        return replace(both, type=a.type.maybe())
    if fits(b.type, a.type):
        return both
    if not fits(a.type, b.type):
        scope.report(say.mismatch(e.no, b.type, a.type, "the other branch"))
    return replace(both, type=b.type)
