"""What the verbs say when something does not go together."""

from __future__ import annotations

from rlmlang.check.scope import Scope
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.source import Span
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir import recipe as r
from rlmlang.ir.types import Type
from rlmlang.schema.partitions import STRATEGIES, Strategy
from rlmlang.syntax import tree as t
from rlmlang.verbs.split import family_of


def after_return(item: t.Node) -> Diagnostic:
    """A line behind the result."""
    return error("after-return", "nothing can happen after `return`", item.span, hint="move it up")


def reserved_name(name: t.Name) -> Diagnostic:
    """A step called `it` or `result`."""
    return error(
        "reserved-word",
        f"`{name.text}` has a meaning of its own",
        name.span,
        hint="`it` is the current item, `result` what a recipe returns: choose another name",
    )


def declared_twice(name: t.Name, first: Span | None) -> Diagnostic:
    """Two steps of one name."""
    return error(
        "duplicate-name",
        f"`{name.text}` is declared twice",
        Label(name.span, "again here"),
        Label(first, "first here") if first else None,
        hint="give the step another name",
    )


def wrong_result(e: t.Node, have: Type, want: Type) -> Diagnostic:
    """What is returned is not what was declared."""
    return error(
        "wrong-type",
        f"the recipe returns {have}, where {want} is declared",
        Label(e.span, str(have)),
        hint="change the result type, or what is returned",
    )


def cannot_split(e: t.Verb, have: Type, strategy: Strategy) -> Diagnostic:
    """A strategy for another kind of thing."""
    assert e.how is not None
    fitting = [s.name for s in STRATEGIES.values() if family_of(have) in s.of]
    return error(
        "cannot-split",
        f"`{strategy.name}` cuts {' or '.join(strategy.of)}, not {have}",
        Label(e.how.span, f"for {' or '.join(strategy.of)}"),
        Label(e.subject.span, str(have)),
        hint=f"for {have}: {', '.join(fitting)}" if fitting else "only text, rows and trees split",
    )


def cannot_search(e: t.Verb, have: Type) -> Diagnostic:
    """A value that holds no text."""
    return error("wrong-type", f"{have} cannot be searched", Label(e.subject.span, str(have)),
                 hint="search text, a tree or a list of texts")  # fmt: skip


def unknown_prompt(node: t.Node, name: str, scope: Scope) -> Diagnostic:
    """Something behind `with` that is no prompt."""
    found = scope.module.find(name)
    what = "" if found is None else "; it is something else"
    return error(
        "unknown-prompt",
        f"no prompt is called `{name}`{what}",
        node.span,
        hint=did_you_mean(name, scope.module.known(t.Prompt)) or "declare it: `prompt …`",
    )


def not_a_list(e: t.Verb, have: Type) -> Diagnostic:
    """One value where a list is gone over."""
    hint = "split it first: `split x by tokens(max: 4ktok)`" if have.textual else ""
    return error(
        "not-a-list",
        f"`{e.verb}` goes over a list, not {have}",
        Label(e.subject.span, str(have)),
        hint=hint or "put it in [ ], or call the prompt once",
    )


def on_error_form(value: t.Node) -> Diagnostic:
    """An `on_error` that says neither fail nor skip."""
    return error(
        "wrong-setting",
        "`on_error` takes `fail` or `skip(at_most: 1%)`",
        value.span,
        hint="skip needs the most that may be lost, from 0% to 100%",
    )


def prune_prompt(clause: t.Clause, result: Type) -> Diagnostic:
    """A prune whose prompt says something else than how much a part promises."""
    return error(
        "recurse-prune",
        f"a prune is a question whose answer is a Bool or a number, not {result}",
        clause.span,
        reason="The parts that promise most are gone into.",
        hint='prompt worth(part: Slice, question: Text) -> Int "How much, from 0 to 10?"',
    )


def filter_prompt(call: t.Call, have: Type) -> Diagnostic:
    """A filter whose prompt does not answer Bool."""
    return error(
        "wrong-type",
        f"a filter's prompt answers {have}, where Bool is wanted",
        call.span,
        hint="let it answer Bool, or map first and filter `where` a condition",
    )


def no_neighbours(e: t.Verb) -> Diagnostic:
    """Neighbours asked for where pieces are rows."""
    assert e.how is not None
    return error(
        "cannot-split",
        "rows have no neighbours that a piece could show",
        Label(e.how.span, "gathers what lies around a piece"),
        hint="remove `.gather(…)`, or put more rows into a piece",
    )


def reduce_types(call: t.Call, prompt: r.Prompt, item: Type) -> Diagnostic:
    """A join whose answer is no item."""
    return error(
        "reduce-type",
        f"`{prompt.name}` answers {prompt.result}, but what it joins is {item}",
        call.span,
        reason="The answer of one join is an item of the next, so both have one type.",
        hint=f"let the prompt be `(items: [{item}]) -> {item}`; "
        "another prompt can make the final form",
    )
