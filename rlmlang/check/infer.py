"""Expressions: names bound, types found, sizes added up. Gives an expression and its facts."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.check.apply import apply_function, check_args
from rlmlang.check.braces import warn_of_computed
from rlmlang.check.environment import constant, is_env, misplaced
from rlmlang.check.matches import choice_of, one_of
from rlmlang.check.module import Module
from rlmlang.check.resolve import code_of, models_taken, source_of
from rlmlang.check.say import values as say
from rlmlang.check.scope import NOTHING, UNKNOWN, Inferred, Scope, unnamed
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.ir import declared
from rlmlang.ir.expressions import (
    Choose,
    Code,
    CodeCall,
    Constant,
    Expr,
    Get,
    Items,
    Joined,
    Make,
    Not,
    Op,
    Param,
    Ref,
)
from rlmlang.ir.origins import unplaced
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import largest
from rlmlang.ir.types import (
    ANY,
    BOOL,
    DATE,
    FLOAT,
    TEXT,
    TIME,
    AnyType,
    EnumType,
    Type,
    fields_of,
    fits,
    is_time,
    list_of,
)
from rlmlang.ir.wider import wider
from rlmlang.syntax import tree as t
from rlmlang.syntax.texts import as_written
from rlmlang.verbs.inference import made_from, mismatch
from rlmlang.verbs.narrowing import tested
from rlmlang.verbs.operators import goes_with

BRACES = "a brace itself is written `\\{`"
ARITHMETIC = ("+", "-", "*", "/", "%")


def infer(scope: Scope, e: t.Expr, want: Type = ANY) -> Inferred:
    """The checked form of an expression. `want` helps bare enum labels find their enum."""
    value, facts = _infer(scope, e, want)
    if facts.type.optional and value in scope.certain:
        facts = replace(facts, type=facts.type.required())
    scope.module.library.facts[e.span] = facts
    return value, facts


def _infer(scope: Scope, e: t.Expr, want: Type) -> Inferred:
    match e:
        case t.Name():
            return _name(scope, e, want)
        case t.Text(parts=parts) if parts:
            return _filled(scope, e, parts)
        case t.Date(value=text, time=time):
            return _made(Constant(text, TIME if time else DATE))
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
        case t.Match():
            made = choice_of(scope, e, infer)
            return infer(scope, made, want) if made is not None else NOTHING
        case t.OneOf():
            return one_of(scope, e, infer)
        case t.Verb(pure=True) if not (scope.repeated or scope.over_items):
            return _hoist(scope, e)
    scope.report(unnamed(e))
    return NOTHING


def _hoist(scope: Scope, e: t.Verb) -> Inferred:
    """A verb inside an expression, made a step of its own named after the step."""
    name, before = f"{scope.current}.{e.word}", scope.current
    taken = sum(s.name.startswith(scope.prefix + name) for s in scope.steps)
    made = scope.step(scope, f"{name}{taken + 1}" if taken else name, e, ANY)
    scope.current = before
    return made


def expect(scope: Scope, e: t.Expr, want: Type, what: str) -> Inferred:
    """An expression that must be of a type; reports it when it is not."""
    value, facts = infer(scope, e, want)
    if not fits(facts.type, want):
        scope.report(say.mismatch(e, facts.type, want, what))
    return value, facts


def _literal(scope: Scope, e: t.Number | t.Text | t.Constant) -> Inferred:
    if isinstance(e, t.Text):
        warn_of_computed(scope, e)
    value = scope.module.literal(e)
    return _made(Constant(value if isinstance(value, str | int | float) else None))


def _filled(scope: Scope, e: t.Text, parts: tuple[str | t.Expr, ...]) -> Inferred:
    """A text with values in it; braces that stand for themselves are written `\\{`."""
    warn_of_computed(scope, e)
    inside = replace(scope, hint=BRACES)
    found = [_made(Constant(p)) if isinstance(p, str) else infer(inside, p) for p in parts]
    if len(found) == 1 and isinstance(parts[0], str):
        return found[0]
    scope.module.library.filled.append(e.span)
    return _made(Joined(tuple(v for v, _ in found)), *(f for _, f in found))


def _made(value: Expr, *parts: Facts) -> Inferred:
    """An expression with its facts, given those of its parts."""
    return value, made_from(value, parts)


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


def _declared(scope: Scope, e: t.Name, module: Module, decl: t.Declaration) -> Inferred:
    if isinstance(decl, t.Const):
        written = as_written(constant(module, decl))
        kind = module.type(decl.typed.type) if decl.typed is not None else ANY
        if scope.module.literal(e) is not None or isinstance(kind, EnumType):
            return infer(scope, written, kind)
    if isinstance(decl, t.SourceDecl):
        source = source_of(scope.module, e.text)
        if source is not None:
            param = Param(source.name, source.type, source.max)
            return Ref(source.name), declared.of_param(param, source, scope.module.library.sizes)
    if isinstance(decl, t.Const | t.SourceDecl) and scope.module.library.doubtful():
        return NOTHING
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
    if isinstance(kind, EnumType) and name in kind.names:
        return _made(Constant(name, kind))
    return None


def _list(scope: Scope, e: t.ListOf, want: Type) -> Inferred:
    inner = want.item if want.is_list else ANY
    parts = [infer(scope, x, inner) for x in e.items]
    type_: Type = ANY
    for item, (_, facts) in zip(e.items, parts, strict=True):
        joined = wider(type_, facts.type)
        if joined is None:
            scope.report(say.mismatch(item, facts.type, type_, "an item of the list"))
        type_ = joined or type_
    value, made = _made(Items(tuple(v for v, _ in parts)), *(f for _, f in parts))
    return value, made if parts else replace(made, type=list_of(inner))


def _member(scope: Scope, e: t.Member) -> Inferred:
    named = _namespace(scope, e)
    if named is not None:
        return _name(scope, named, ANY)
    base, facts = infer(scope, e.base)
    value = Get(base, e.name.text)
    if not mismatch(value, [facts]):
        return _made(value, facts)
    if why := unplaced(facts, e.name.text):
        scope.report(say.no_field(e, facts, why))
        return NOTHING
    return _made(replace(value, place=True), facts)


def _namespace(scope: Scope, e: t.Member) -> t.Name | None:
    """`legal.clauses`, where a file was imported `as legal`, as one name."""
    if isinstance(e.base, t.Name) and f"{e.base.text}.{e.name.text}" in scope.module.imports:
        return t.Name(text=f"{e.base.text}.{e.name.text}", span=e.span)
    return None


def _call(scope: Scope, e: t.Call, want: Type) -> Inferred:
    if isinstance(e.callee, t.Member):
        named = _namespace(scope, e.callee)
        if named is None:
            scope.report(say.no_method(e, e.callee))
            return NOTHING
        return _call(scope, t.Call(callee=named, args=e.args, span=e.span), want)
    if not isinstance(e.callee, t.Name):
        scope.report(say.not_callable(e.callee, "a value"))
        return NOTHING
    found = scope.module.find(e.callee.text)
    if found is None and is_env(scope.module, e):
        scope.report(misplaced(scope.module, e))
        return NOTHING
    if found is None:
        return apply_function(scope, e.callee, e, infer)
    decl = found[1]
    if isinstance(decl, t.Record):
        return _make(scope, e, found[0].declared_type(decl))
    if isinstance(decl, t.Code) and decl.word == "code":
        if models_taken(found[0], decl):
            scope.report(unnamed(e))
            return NOTHING
        return _code(scope, e, code_of(found[0], decl))
    if isinstance(decl, t.Prompt | t.Recipe):
        scope.report(unnamed(e))
        return NOTHING
    scope.report(say.not_callable(e.callee, f"a {say.word_of(decl)}"))
    return NOTHING


def _make(scope: Scope, e: t.Call, type_: Type) -> Inferred:
    params = [(f.name, f.type, f.type.optional) for f in fields_of(type_)]
    given = check_args(scope, e, params, f"record `{type_}`", infer)
    return _made(Make(type_, tuple((n, v) for n, (v, _) in given)), *(f for _, (_, f) in given))


def _code(scope: Scope, e: t.Call, code: Code) -> Inferred:
    params = [(p.name, p.type, p.type.optional) for p in code.params]
    given = check_args(scope, e, params, f"code `{code.name}`", infer)
    return _made(CodeCall(code, tuple(v for _, (v, _) in given)), *(f for _, (_, f) in given))


def _binary(scope: Scope, e: t.Binary) -> Inferred:
    left, a = infer(scope, e.left)
    if _of_unknown(scope, a, e.right):
        return NOTHING
    more = tested(left, holds=e.op == "and") if e.op in ("and", "or") else frozenset()
    like = list_of(a.type) if e.op == "in" else a.type
    right, b = infer(sure(scope, more), e.right, like)
    if isinstance(e.left, t.Name) and a is UNKNOWN and isinstance(b.type, EnumType):
        left, a = infer(scope, e.left, b.type)
    if e.op in ("and", "or", *ARITHMETIC) and not goes_with(e.op, a.type, b.type):
        want: Type = BOOL if e.op in ("and", "or") else FLOAT
        moments = {a.type.required(), b.type.required()} & {DATE, TIME}
        if e.op == "+" and (a.type.textual or b.type.textual) and not moments:
            want = TEXT
        for side, facts in ((e.left, a), (e.right, b)):
            if not fits(facts.type, want):
                scope.report(say.mismatch(side, facts.type, want, f"a side of `{e.op}`"))
        return NOTHING
    if not goes_with(e.op, a.type, b.type):
        scope.report(_not_comparable(e, a.type, b.type))
    return _made(Op(e.op, left, right), a, b)


def _of_unknown(scope: Scope, left: Facts, right: t.Expr) -> bool:
    """Whether a bare name may be a label of an enum that is not known since something is wrong."""
    bare = isinstance(right, t.Name) and right.text not in scope.names
    return bare and isinstance(left.type, AnyType) and scope.module.library.doubtful()


def _not_comparable(e: t.Binary, a: Type, b: Type) -> Diagnostic:
    return error(
        "not-comparable",
        f"{a} and {b} cannot be compared with `{e.op}`",
        Label(e.left.span, str(a)),
        Label(e.right.span, str(b)),
        hint="a Time is compared with a Time: time(day) is one, parse_time(text) reads one"
        if is_time(a) or is_time(b)
        else "compare numbers with numbers, text with text, labels of one enum",
    )


def _unary(scope: Scope, e: t.Unary) -> Inferred:
    value = scope.module.literal(e)
    if e.op == "-" and isinstance(value, int | float):
        return _made(Constant(value))
    operand, facts = infer(scope, e.operand)
    want = BOOL if e.op == "not" else FLOAT
    if not fits(facts.type, want):
        scope.report(say.mismatch(e.operand, facts.type, want, f"what stands behind `{e.op}`"))
        return NOTHING
    if e.op == "not":
        return _made(Not(operand), facts)
    zero = Constant(0)
    return _made(Op("-", zero, operand), made_from(zero, ()), facts)


def _if(scope: Scope, e: t.If, want: Type) -> Inferred:
    test, _ = expect(scope, e.test, BOOL, "the condition")
    yes, a = infer(sure(scope, tested(test, holds=True)), e.yes, want)
    no, b = infer(sure(scope, tested(test, holds=False)), e.no, want)
    return Choose(test, yes, no), either_of(scope, e, a, b)


def sure(scope: Scope, more: frozenset[Expr]) -> Scope:
    """The scope in which these are not none."""
    return replace(scope, certain=scope.certain | more) if more else scope


def either_of(scope: Scope, e: t.If, a: Facts, b: Facts) -> Facts:
    """The facts of a value that is one of two; reports types that do not go together."""
    if wider(a.type, b.type) is None:
        scope.report(say.mismatch(e.no, b.type, a.type, "the other branch"))
    return largest(a, b)
