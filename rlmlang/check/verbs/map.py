"""`map xs with p(…)`: a prompt put to every item."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.check.asks import ask_of
from rlmlang.check.infer import expect
from rlmlang.check.losses import lose
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.check.settings import Settings
from rlmlang.check.verbs.items import asked, skips
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, warning
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.facts import Facts
from rlmlang.ir.places import is_piece
from rlmlang.ir.recipe import Prompt
from rlmlang.ir.types import BOOL, BatchType, EnumType, RecordType, TextType, Type
from rlmlang.syntax import tree as t
from rlmlang.syntax import verbs as v
from rlmlang.verbs.given import result_facts
from rlmlang.verbs.map import Map


def check(scope: Scope, name: str, e: v.Map) -> Inferred:
    """The step of a map."""
    found = asked(scope, e)
    if found is None:
        return NOTHING
    prompt, subject, facts, item = found
    ask, known = ask_of(scope, prompt, e.call, item)
    if one := one_of_several(prompt.result, item):
        scope.report(_one_of_several(prompt, e.call, item, one))
    s = Settings(scope.module, e.block, "map")
    answer = result_facts(prompt, item, *known.values())
    known[subject] = facts
    test: Expr | None = None
    if (stop := s.expr("stop")) is not None:
        it = scope.inner(it=(Ref("it"), replace(answer, coverage="exact")))
        test, known[test] = expect(it, stop, BOOL, "stop")
        lose(scope, name, s.entries["stop"].span, "items can be lost here")
    on_error = skips(scope, name, s)
    return scope.add(name, Map(subject, ask, s.find("parallel", int), on_error, test), known, e)


def one_of_several(result: Type, item: Facts) -> str:
    """What a prompt gives one of, where an item may hold several that each have theirs; empty where
    it does not. A text is about all that it was made of; nothing may be said of a part."""
    match result.required():
        case RecordType():
            what = "record"
        case EnumType():
            what = "label"
        case TextType("Quote"):
            what = "quote"
        case _:
            return ""
    batch = isinstance(item.type, BatchType) and item.holds in ("rows", "documents")
    pieces = is_piece(item.type) and item.holds == "documents"
    part = is_piece(item.type) and item.holds == "parts" and not result.optional
    return what if batch or pieces or part else ""


def _one_of_several(prompt: Prompt, call: t.Call, item: Facts, one: str) -> Diagnostic:
    if item.holds == "parts":
        what, why = "a part of a document", "a longer document would have several"
        hint = "split by `files(per: 1, max: …)`, or map the documents themselves"
    elif item.holds == "rows":
        what, why = "several rows", "the others would have none"
        hint = "map the rows themselves"
    else:
        what, why = "several documents", "the others would have none"
        hint = "split by `files(per: 1, max: …)`, or map the documents themselves"
    return warning(
        "one-of-several",
        f"`{prompt.name}` gives one {one} for each piece, and a piece may hold {what}",
        Label(call.span, f"gives {prompt.result}"),
        reason=f"If each has its own, {why}.",
        hint=f"{hint}; or let the prompt give [{prompt.result.required()}]",
    )
