"""`map xs with …`: a prompt put to every item, an expression over each, or steps for each."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.check.asks import Known, ask_of
from rlmlang.check.calling import call_over_item, called, over_item, pays
from rlmlang.check.infer import expect, infer
from rlmlang.check.losses import lose
from rlmlang.check.patterns import Found, inline
from rlmlang.check.resolve import budget_of
from rlmlang.check.say.calls import unknown_prompt
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.check.settings import Settings
from rlmlang.check.verbs.items import list_of, skips, with_it
from rlmlang.check.verbs.several import one_of_several
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.facts import Facts
from rlmlang.ir.types import ANY, BOOL
from rlmlang.syntax import tree as t
from rlmlang.syntax import verbs as v
from rlmlang.verbs.given import item_facts, result_facts, whole_item
from rlmlang.verbs.map import Item, Map, MapBody, MapValue


def check(scope: Scope, name: str, e: v.Map) -> Inferred:
    """The step of a map."""
    prompt, found = called(scope, e.body), list_of(scope, e, e.subject)
    if _unknown(scope, e.body) or found is None:
        return NOTHING
    if isinstance(prompt, r.Prompt) and isinstance(e.body, t.Call):
        return _asking(scope, name, e, e.body, prompt, found)
    if pays(scope, e.body):
        return _repeating(scope, name, e, found)
    return _computing(scope, name, e, found)


def _asking(
    scope: Scope, name: str, e: v.Map, call: t.Call, prompt: r.Prompt, found: Inferred
) -> Inferred:
    """The step of a map that asks a prompt."""
    subject, facts = found
    item = item_facts(facts)
    ask, known = ask_of(with_it(scope, call, item), prompt, call, item)
    if (several := one_of_several(prompt, call, item)) is not None:
        scope.report(several)
    answer = result_facts(prompt, item, *known.values())
    known[subject] = facts
    s = Settings(scope.module, e.block, "map")
    test = _stop(scope, name, s, answer, known)
    on_error = skips(scope, name, s)
    return scope.add(name, Map(subject, ask, s.find("parallel", int), on_error, test), known, e)


def _computing(scope: Scope, name: str, e: v.Map, found: Inferred) -> Inferred:
    """The step of a map over an expression, which asks no model."""
    subject, facts = found
    inner = scope.inner(it=(Ref("it"), whole_item(facts)))
    value, made = infer(inner, over_item(scope, e.body))
    known = {subject: facts, value: made}
    s = Settings(scope.module, e.block, "map")
    test = _stop(scope, name, s, made, known)
    on_error = skips(scope, name, s)
    work = MapValue(subject, value, s.find("parallel", int), on_error, test)
    return scope.add(name, work, known, e)


def _repeating(scope: Scope, name: str, e: v.Map, found: Inferred) -> Inferred:
    """The step of a map whose items have steps of their own, followed by those."""
    subject, facts = found
    inner = scope.inside(name)
    inner.names.pop("it", None)
    inner.bind("it", *inner.add("it", Item(subject), {subject: facts}, e.body))
    callee = called(scope, e.body)
    if isinstance(callee, tuple) and isinstance(e.body, t.Call):
        call = call_over_item(scope, e.body)
        value, made = inline(replace(inner, prefix=scope.prefix), name, call, callee)
        budget, of = _budget(callee), callee[1].name.text
    else:
        value, made = inner.step(inner, "result", e.body, ANY)
        budget, of = r.Budget(), _word(e.body)
    known = {subject: facts, value: made}
    s = Settings(scope.module, e.block, "map")
    test = _stop(scope, name, s, made, known)
    on_error = skips(scope, name, s)
    work = MapBody(subject, value, of, budget, s.find("parallel", int), on_error, test)
    added = scope.add(name, work, known, e)
    scope.steps += inner.steps
    return added


def _budget(callee: Found) -> r.Budget:
    """What a recipe or pattern says that it may take; nothing where it says none."""
    module, decl = callee
    uses = [i for i in decl.body.items if isinstance(i, t.BudgetUse)]
    return budget_of(module, uses) if uses else r.Budget()


def _word(body: t.Expr) -> str:
    """What steps begin with that were written in place."""
    return body.word if isinstance(body, t.Verb) else "if"


def _stop(scope: Scope, name: str, s: Settings, answer: Facts, known: Known) -> Expr | None:
    """The condition on an answer after which no more are wanted."""
    if (stop := s.expr("stop")) is None:
        return None
    inner = scope.inner(it=(Ref("it"), replace(answer, coverage="exact")))
    test, known[test] = expect(inner, stop, BOOL, "stop")
    lose(scope, name, s.entries["stop"].span, "items can be lost here")
    return test


def _unknown(scope: Scope, body: t.Expr) -> bool:
    """Whether the name behind `with` is one that nobody knows; reported as a prompt's."""
    if not isinstance(body, t.Call) or called(scope, body) is not None:
        return False
    name, plugins = body.callee.span.text, scope.module.library.plugins
    if scope.module.find(name) is not None or FUNCTIONS.find(name, plugins.find) is not None:
        return False
    scope.report(unknown_prompt(body.callee, name, scope))
    return True
