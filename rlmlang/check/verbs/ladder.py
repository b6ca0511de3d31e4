"""`ladder accept (…) { rung "cheap" { … } … }`: the first accepted rung wins."""

from __future__ import annotations

from rlmlang.check.bodies import body
from rlmlang.check.infer import expect
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.check.settings import Settings
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.ir.expressions import Ref
from rlmlang.ir.facts import Facts
from rlmlang.ir.types import ANY, BOOL, Type
from rlmlang.ir.wider import wider
from rlmlang.syntax import verbs as v
from rlmlang.verbs.ladder import Ladder, Rung, judged


def check(scope: Scope, name: str, e: v.Ladder) -> Inferred:
    """The step of a ladder, followed by its rungs."""
    inner = scope.inside(name)
    type_: Type = ANY
    rungs: dict[str, Facts] = {}
    for rung in e.rungs:
        found = rungs[rung.name] = _rung(inner, rung)
        joined = wider(type_, found.type)
        if joined is None:
            scope.report(_other_type(rung, found.type, type_))
        type_ = joined or type_
    if not rungs:
        scope.report(_no_rungs(e))
        return NOTHING
    Settings(scope.module, e.block, "ladder")
    inside = scope.inner(it=(Ref("it"), judged(rungs.values())))
    test, known = expect(inside, e.accept, BOOL, "the acceptance")
    added = scope.add(name, Ladder(test, tuple(rungs)), {test: known}, e, rungs)
    scope.steps += inner.steps
    return added


def _rung(scope: Scope, rung: v.Rung) -> Facts:
    """The step of a rung, followed by those that it is made of; gives its facts."""
    inner = scope.inside(rung.name)
    value, facts = body(inner, rung.body.items, ANY)
    made = scope.add(rung.name, Rung(value), {value: facts}, rung)[1]
    scope.steps += inner.steps
    return made


def _other_type(rung: v.Rung, found: Type, first: Type) -> Diagnostic:
    return error(
        "wrong-type",
        f'the rung "{rung.name}" gives {found}, the ones before it {first}',
        rung.span,
        hint="all rungs of a ladder give the same type",
    )


def _no_rungs(e: v.Ladder) -> Diagnostic:
    return error(
        "recurse-clauses", "a ladder needs at least one rung", e.span, hint='rung "a" { … }'
    )
