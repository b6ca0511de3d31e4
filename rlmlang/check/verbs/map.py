"""`map xs with p(…)`: a prompt put to every item."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.check.asks import ask_of
from rlmlang.check.infer import expect
from rlmlang.check.losses import lose
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.check.settings import Settings
from rlmlang.check.verbs.items import asked, skips
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.types import BOOL
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
