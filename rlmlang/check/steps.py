"""Steps: what stands behind `let` or `return` becomes one or more named steps with their types,
sizes and coverage."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.check.asks import ask_of
from rlmlang.check.calling import called as called_by
from rlmlang.check.calling import pays
from rlmlang.check.infer import either_of, expect, infer, sure
from rlmlang.check.matches import choice_of
from rlmlang.check.patterns import inline
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.check.settings import Settings
from rlmlang.check.verbs import CHECKS
from rlmlang.ir import recipe as r
from rlmlang.ir.coverage import Kept
from rlmlang.ir.expressions import Choose, Expr, Not, Op
from rlmlang.ir.types import ANY, BOOL, Type
from rlmlang.ir.walk import names
from rlmlang.syntax import tree as t
from rlmlang.verbs.call import Call
from rlmlang.verbs.compute import Compute
from rlmlang.verbs.narrowing import tested


def step(scope: Scope, name: str, e: t.Expr, want: Type) -> Inferred:
    """Adds the steps of `let name = e` to the body; gives the reference later lines use."""
    before = len(scope.steps)
    value, facts = _step(scope, name, e, want)
    entries = e.block.entries if isinstance(e, t.Plain | t.Verb) and e.block is not None else ()
    written = next((x for x in entries if isinstance(x, t.Assume)), None)
    if written is not None and len(scope.steps) > before:
        facts = _assume(scope, written, before)
    return value, facts


def _step(scope: Scope, name: str, e: t.Expr, want: Type) -> Inferred:
    scope.current = name
    match e:
        case t.Plain(value=inner, block=block):
            Settings(scope.module, block, "step")
            return step(scope, name, inner, want)
        case t.Verb():
            return CHECKS[type(e)](scope, name, e)
        case t.Match() if pays(scope, e):
            made = choice_of(scope, e, infer)
            return step(scope, name, made, want) if made is not None else NOTHING
        case t.If() if pays(scope, e.yes) or pays(scope, e.no):
            return _branch(scope, name, e)
        case t.Call():
            called = called_by(scope, e)
            if isinstance(called, r.Prompt):
                ask, known = ask_of(scope, called, e, None)
                return scope.add(name, Call(ask), known, e)
            if called is not None:
                return inline(scope, name, e, called)
    value, facts = infer(scope, e, want)
    return scope.add(name, Compute(value), {value: facts}, e)


def _assume(scope: Scope, written: t.Assume, since: int) -> r.Facts:
    """The last step of this body, taken to be exact for the reason given."""
    at = max(i for i, s in enumerate(scope.steps) if i >= since and s.within == scope.within)
    facts = replace(scope.steps[at].facts.keeping(Kept()), fields=())
    scope.steps[at] = replace(scope.steps[at], facts=facts, assumed=written.because)
    return facts


def _branch(scope: Scope, name: str, e: t.If) -> Inferred:
    """A choice between steps: both are planned, one runs."""
    test, _ = expect(scope, e.test, BOOL, "the condition")
    sides = []
    for word, side, truth in (("then", e.yes, True), ("else", e.no, False)):
        before = len(scope.steps)
        inner = sure(scope, tested(test, holds=truth))
        sides.append(step(inner, f"{name}.{word}", side, ANY))
        for at in range(before, len(scope.steps)):
            each = scope.steps[at]
            if each.within != scope.within:
                continue
            needs = tuple(dict.fromkeys([*each.needs, *names(test)]))
            scope.steps[at] = replace(each, when=_both((test, truth), each.when), needs=needs)
    facts = either_of(scope, e, sides[0][1], sides[1][1])
    value = Choose(test, sides[0][0], sides[1][0])
    return scope.add(name, Compute(value), {value: facts}, e)


def _both(outer: tuple[Expr, bool], inner: tuple[Expr, bool] | None) -> tuple[Expr, bool]:
    """The condition of a step that runs where two hold, one inside the other."""
    if inner is None:
        return outer
    first, second = (test if holds else Not(test) for test, holds in (outer, inner))
    return Op("and", first, second), True
