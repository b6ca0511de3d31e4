"""Where a step gives up a part of what it goes over, and what it says of failing items."""

from __future__ import annotations

from rlmlang.check import recipe as r
from rlmlang.check.say import verbs as say
from rlmlang.check.scope import Scope
from rlmlang.check.settings import Settings
from rlmlang.diagnostics.diagnostic import Label
from rlmlang.diagnostics.source import Span
from rlmlang.syntax import tree as t


def lose(scope: Scope, name: str, span: Span, words: str) -> None:
    """Notes where a step gives up coverage, for whoever needs it later."""
    scope.losses[scope.prefix + name] = Label(span, words)


def on_error_of(scope: Scope, s: Settings) -> r.OnError:
    """`fail`, or `skip(at_most: 1%)`."""
    value = s.value("on_error")
    if value is None or (isinstance(value, t.Name) and value.text == "fail"):
        return r.OnError()
    if isinstance(value, t.Name) and value.text == "skip":
        return r.OnError(True, 1.0)
    if isinstance(value, t.Call) and isinstance(value.callee, t.Name):
        labels = {a.label: scope.module.literal(a.value) for a in value.args}
        most = labels.get("at_most")
        if value.callee.text == "skip" and isinstance(most, int | float) and 0 <= most <= 1:
            return r.OnError(True, float(most))
    scope.report(say.on_error_form(value))
    return r.OnError()
