"""`filter xs with p(…)`, `filter xs where …`: the items that a model or a condition lets pass."""

from __future__ import annotations

from rlmlang.check.asks import Known, ask_of
from rlmlang.check.infer import expect
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.check.settings import Settings
from rlmlang.check.verbs.items import asked, list_of, skips, with_it
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.recipe import Ask
from rlmlang.ir.types import BOOL, TreeType, Type, fits
from rlmlang.syntax import tree as t
from rlmlang.syntax import verbs as v
from rlmlang.verbs.filter import Filter
from rlmlang.verbs.given import item_facts


def check_with(scope: Scope, name: str, e: v.FilterWith) -> Inferred:
    """The step of a filter that asks a prompt."""
    found = asked(scope, e)
    if found is None:
        return NOTHING
    prompt, subject, facts, item = found
    ask, known = ask_of(with_it(scope, e.call, item), prompt, e.call, item)
    if not fits(prompt.result, BOOL):
        scope.report(_not_a_question(e.call, prompt.result))
    return _add(scope, name, e, known, (subject, facts), (ask, None))


def check_where(scope: Scope, name: str, e: v.FilterWhere) -> Inferred:
    """The step of a filter that goes by a condition."""
    found = list_of(scope, e, e.subject)
    if found is None:
        return NOTHING
    inner = scope.inner(it=(Ref("it"), item_facts(found[1])))
    test, known = expect(inner, e.test, BOOL, "the condition")
    return _add(scope, name, e, {test: known}, found, (None, test))


def _add(
    scope: Scope,
    name: str,
    e: v.FilterWith | v.FilterWhere,
    known: Known,
    subject: Inferred,
    by: tuple[Ask | None, Expr | None],
) -> Inferred:
    s, tree = Settings(scope.module, e.block, "filter"), isinstance(subject[1].type, TreeType)
    keep, on_error = s.get("keep_rest", bool), skips(scope, name, s)
    work = Filter(subject[0], *by, keep, s.find("parallel", int), on_error, tree)
    return scope.add(name, work, known | dict([subject]), e)


def _not_a_question(call: t.Call, have: Type) -> Diagnostic:
    return error(
        "wrong-type",
        f"a filter's prompt answers {have}, where Bool is wanted",
        call.span,
        hint="let it answer Bool, or map first and filter `where` a condition",
    )
