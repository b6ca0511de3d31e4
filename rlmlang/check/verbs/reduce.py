"""`reduce xs with p(…)`: a list joined by a prompt, a few items at a time."""

from __future__ import annotations

from rlmlang.check.asks import ask_of
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.check.settings import Settings
from rlmlang.check.verbs.items import asked
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.ir import recipe as r
from rlmlang.ir.types import Type, fits
from rlmlang.syntax import tree as t
from rlmlang.syntax import verbs as v
from rlmlang.verbs.given import joined_facts
from rlmlang.verbs.reduce import Reduce, joined_size


def check(scope: Scope, name: str, e: v.Reduce) -> Inferred:
    """The step of a reduce."""
    found = asked(scope, e)
    if found is None:
        return NOTHING
    prompt, subject, facts, item = found
    s = Settings(scope.module, e.block, "reduce")
    fanin = s.get("fanin", int)
    joined = joined_facts(prompt, item, joined_size(prompt, item), fanin)
    ask, known = ask_of(scope, prompt, e.call, joined)
    if not fits(prompt.result.required(), item.type.required()):
        scope.report(_other_type(e.call, prompt, item.type))
    work = Reduce(subject, ask, fanin, s.find("parallel", int))
    return scope.add(name, work, {**known, subject: facts}, e)


def _other_type(call: t.Call, prompt: r.Prompt, item: Type) -> Diagnostic:
    return error(
        "reduce-type",
        f"`{prompt.name}` answers {prompt.result}, but what it joins is {item}",
        call.span,
        reason="The answer of one join is an item of the next, so both have one type.",
        hint=f"let the prompt be `(items: [{item}]) -> {item}`; "
        "another prompt can make the final form",
    )
