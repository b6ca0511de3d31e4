"""The lines of a body in order: each `let` becomes a step, and gives a name to what it gives."""

from __future__ import annotations

from rlmlang.check.infer import expect
from rlmlang.check.module import Module
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.source import Span
from rlmlang.ir.types import ANY, BOOL, Type, fits
from rlmlang.ir.walk import BOUND
from rlmlang.syntax import tree as t
from rlmlang.verbs.require import Require


def body(scope: Scope, items: tuple[t.BodyItem, ...], want: Type) -> Inferred:
    """Every line of a body in order; gives what it returns."""
    returned: Inferred | None = None
    seen: dict[str, t.Name] = {}
    for item in items:
        if returned is not None and not isinstance(item, t.BudgetUse):
            scope.report(_after_return(item))
        if isinstance(item, t.Let):
            _let(scope, item, seen)
        elif isinstance(item, t.Require):
            test, known = expect(scope, item.value, BOOL, "the condition")
            number = sum(isinstance(x.work, Require) for x in scope.steps) + 1
            scope.add(f"require{number}", Require(test, item.value.span.text), {test: known}, item)
        elif isinstance(item, t.Return):
            returned = _return(scope, item, want)
    return returned if returned is not None else NOTHING


def _let(scope: Scope, item: t.Let, seen: dict[str, t.Name]) -> None:
    name = item.name.text
    taken = scope.names.get(name)
    if name in BOUND:
        scope.report(_reserved_name(item.name))
    elif name in seen or (taken is not None and taken.span is not None):
        first = seen[name].span if name in seen else taken.span if taken else None
        scope.report(_declared_twice(item.name, first))
    seen[name] = item.name
    value, facts = scope.step(scope, name, item.value, ANY)
    scope.bind(name, value, facts, item.name.span)


def steps_named_like_sources(module: Module, items: tuple[t.BodyItem, ...]) -> None:
    """Reports steps that have a source's name: what reads that name would read either."""
    for item in items:
        found = module.find(item.name.text) if isinstance(item, t.Let) else None
        if isinstance(item, t.Let) and found and isinstance(found[1], t.SourceDecl):
            first = found[1].name.span if found[0] is module else None
            module.report(_declared_twice(item.name, first))


def _return(scope: Scope, item: t.Return, want: Type) -> Inferred:
    value, facts = scope.step(scope, "result", item.value, want)
    if not fits(facts.type, want):
        scope.report(_wrong_result(item.value, facts.type, want))
    return value, facts


def _after_return(item: t.Node) -> Diagnostic:
    return error("after-return", "nothing can happen after `return`", item.span, hint="move it up")


def _reserved_name(name: t.Name) -> Diagnostic:
    return error(
        "reserved-word",
        f"`{name.text}` has a meaning of its own",
        name.span,
        hint="`it` is the current item, `result` what a recipe returns: choose another name",
    )


def _declared_twice(name: t.Name, first: Span | None) -> Diagnostic:
    return error(
        "duplicate-name",
        f"`{name.text}` is declared twice",
        Label(name.span, "again here"),
        Label(first, "first here") if first else None,
        hint="give the step another name",
    )


def _wrong_result(e: t.Node, have: Type, want: Type) -> Diagnostic:
    return error(
        "wrong-type",
        f"the recipe returns {have}, where {want} is declared",
        Label(e.span, str(have)),
        hint="change the result type, or what is returned",
    )
