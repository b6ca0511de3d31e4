"""What verbs that go over items have in common: the list, the prompt, what may be lost."""

from __future__ import annotations

from rlmlang.check.asks import prompt_named
from rlmlang.check.elements import speaks_of
from rlmlang.check.infer import infer
from rlmlang.check.losses import lose, on_error_of
from rlmlang.check.say.calls import unknown_prompt
from rlmlang.check.scope import Scope
from rlmlang.check.settings import Settings
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.source import Span
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.types import AnyType, Type
from rlmlang.syntax import tree as t
from rlmlang.syntax import verbs as v
from rlmlang.verbs.given import as_documents, item_facts


def list_of(scope: Scope, verb: t.Verb, written: t.Expr) -> tuple[Expr, r.Facts] | None:
    """A list that a verb goes over, or a tree of documents; reported where it is none."""
    value, facts = infer(scope, written)
    type_ = as_documents(facts).type
    if not isinstance(type_, AnyType) and not type_.is_list:
        scope.report(_not_a_list(verb, written, facts.type))
        return None
    return value, facts


def with_it(scope: Scope, call: t.Call, item: r.Facts) -> Scope:
    """The scope of a call's arguments, which may speak of the item that it is about."""
    return scope.inner(it=(Ref("it"), item)) if speaks_of(call.args, "it") else scope


def asked(scope: Scope, e: v.With) -> tuple[r.Prompt, Expr, r.Facts, r.Facts] | None:
    """The prompt, the list, what is known of it and of one item; None where one of them is none."""
    prompt, found = prompt_behind(scope, e.call), list_of(scope, e, e.subject)
    if prompt is None or found is None:
        return None
    return prompt, *found, item_facts(found[1])


def prompt_behind(scope: Scope, call: t.Call) -> r.Prompt | None:
    """The prompt behind `with`; reported where there is none of that name."""
    name = call.callee.span.text
    prompt = prompt_named(scope, name)
    if prompt is None:
        scope.report(unknown_prompt(call.callee, name, scope))
    return prompt


def skips(scope: Scope, name: str, s: Settings) -> r.OnError:
    """What is done with an item that fails, and where one is lost by it."""
    on_error = on_error_of(scope, s)
    if on_error.skip:
        lose(scope, name, s.entries["on_error"].span, "items can be lost here")
    return on_error


def word_span(e: t.Verb) -> Span:
    """The place of the verb at the beginning of a step."""
    return Span(e.span.source, e.span.start, e.span.start + len(e.word))


def _not_a_list(verb: t.Verb, written: t.Expr, have: Type) -> Diagnostic:
    hint = "split it first: `split x by tokens(max: 4ktok)`" if have.textual else ""
    return error(
        "not-a-list",
        f"`{verb.word}` goes over a list, not {have}",
        Label(written.span, str(have)),
        hint=hint or "put it in [ ], or call the prompt once",
    )
