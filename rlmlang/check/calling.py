"""What a call means: a prompt, a pattern, or something pure."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.check.asks import prompt_named
from rlmlang.check.elements import gives_first
from rlmlang.check.patterns import Found, recipe_named
from rlmlang.check.scope import Scope
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Param
from rlmlang.ir.types import ANY, PromptType
from rlmlang.syntax import tree as t


def called(scope: Scope, e: t.Expr) -> r.Prompt | Found | None:
    """The prompt, pattern or recipe that a call names."""
    if isinstance(e, t.Call) and isinstance(e.callee, t.Name | t.Member):
        name = e.callee.span.text
        return prompt_named(scope, name) or recipe_named(scope, name)
    return None


def pays(scope: Scope, e: t.Expr) -> bool:
    """Whether an expression is made of steps."""
    if isinstance(e, t.If):
        return pays(scope, e.yes) or pays(scope, e.no)
    if isinstance(e, t.Match):
        arms = [*e.arms, *([e.otherwise] if e.otherwise is not None else [])]
        return any(pays(scope, arm.value) for arm in arms)
    return isinstance(e, t.Verb) or called(scope, e) is not None


def over_item(scope: Scope, e: t.Expr) -> t.Expr:
    """What is done with each item, with `it` as the first argument of a call that needs it."""
    return call_over_item(scope, e) if isinstance(e, t.Call) else e


def call_over_item(scope: Scope, e: t.Call) -> t.Call:
    """A call with `it` as its first argument, where the user's code, a pattern or a recipe is
    called and the call does not give that."""
    found = scope.module.find(e.callee.span.text)
    if found is None or not isinstance(found[1], t.Code | t.Recipe) or _asks(scope, e):
        return e
    module, decl = found[0], found[1]
    generics = decl.generics if isinstance(decl, t.Recipe) else ()
    params = module.params(decl.params, {g.text: ANY for g in generics})
    free = {p.name.text for p in decl.params if p.default is not None}
    takes = [(p.name, p.name in free or p.type.optional) for p in params if not _prompt(p)]
    values = tuple(a for a in e.args if prompt_named(scope, a.value.span.text) is None)
    if gives_first(replace(e, args=values), takes):
        return e
    place = e.callee.span
    it = t.Arg(label=takes[0][0], value=t.Name(text="it", span=place), span=place)
    return replace(e, args=(it, *e.args))


def _asks(scope: Scope, e: t.Call) -> bool:
    """Whether a call is one of a prompt, or of a function that takes a model."""
    return prompt_named(scope, e.callee.span.text) is not None


def _prompt(param: Param) -> bool:
    return isinstance(param.type, PromptType)
