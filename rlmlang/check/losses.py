"""Where a step gives up a part of what it goes over, and what it says of failing items."""

from __future__ import annotations

from rlmlang.check.scope import Scope
from rlmlang.check.settings import Settings
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.source import Span
from rlmlang.ir import recipe as r
from rlmlang.syntax import tree as t


def lose(scope: Scope, name: str, span: Span, words: str) -> None:
    """Notes where a step gives up coverage, for whoever needs it later."""
    scope.losses[scope.prefix + name] = Label(span, words)


def on_error_of(scope: Scope, s: Settings) -> r.OnError:
    """`fail`, or `skip(at_most: 1%)`."""
    value = s.expr("on_error")
    if value is None or (isinstance(value, t.Name) and value.text == "fail"):
        return r.OnError()
    if isinstance(value, t.Name) and value.text == "skip":
        return r.OnError(True, 1.0)
    if isinstance(value, t.Call) and isinstance(value.callee, t.Name):
        given = [(a.label, scope.module.literal(a.value)) for a in value.args]
        most = given[0][1] if [label for label, _ in given] == ["at_most"] else None
        amount = isinstance(most, int | float) and not isinstance(most, bool)
        if value.callee.text == "skip" and amount and 0 <= float(str(most)) <= 1:
            return r.OnError(True, float(str(most)))
    scope.report(_on_error_form(value))
    return r.OnError()


def _on_error_form(value: t.Node) -> Diagnostic:
    return error(
        "wrong-setting",
        "`on_error` takes `fail` or `skip(at_most: 1%)`",
        value.span,
        hint="skip needs the most that may be lost, from 0% to 100%",
    )
