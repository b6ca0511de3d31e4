"""`test`: inputs that are given, answers that are mocked, what must hold afterwards."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import cast

from rlmlang.check.infer import expect, infer
from rlmlang.check.module import Module
from rlmlang.check.resolve import arguments
from rlmlang.check.scope import Scope
from rlmlang.check.settings import once
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.suggest import instead
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.predictors import named, prompts_of
from rlmlang.ir.quotes import is_cut
from rlmlang.ir.types import BOOL, FLOAT, INT, TEXT, Type, list_of
from rlmlang.schema.calls import ANSWERS, FILL, OPENERS, Call
from rlmlang.schema.dimensions import DIMENSIONS, SPENT
from rlmlang.schema.formula import ONE, number
from rlmlang.syntax import tree as t
from rlmlang.syntax.trials import Expect, Item, Trial

MEASURES = {
    **{d.name: INT if d.setting.of.types == (int,) else FLOAT for d in DIMENSIONS if d.tested},
    "skipped": INT, "steps": list_of(TEXT), "problem": TEXT,
}  # fmt: skip
OF_BATCH = {
    "items": INT, "names": list_of(TEXT), "outputs": list_of(TEXT),
    **{d.name: MEASURES[d.name] for d in SPENT},
}  # fmt: skip
"""What may be expected of a batch: how many items it has, what they are called and write, and what
all of them may take at worst."""


def test_of(module: Module, trial: Trial, recipe: r.Recipe) -> s.Test:
    """A checked test."""
    for word in ("given", "mock"):
        once(module, [i.key for i in trial.said(word)])
    given = [_given(module, i, recipe) for i in trial.said("given")]
    mocks = [_mock(module, i, recipe) for i in trial.said("mock")]
    expects = [_expect(module, i, recipe) for i in trial.items if isinstance(i, Expect)]
    if not expects:
        module.report(_no_expect(trial))
    return s.Test(
        trial.name.text,
        recipe.name,
        tuple(g for g in given if g is not None),
        tuple(m for m in mocks if m is not None),
        tuple(expects),
        trial.span.line,
        recipe.path,
        module.source.path,
        text=trial.span.text,
    )


def batch_test_of(module: Module, trial: Trial, batch: s.Batch) -> s.Test:
    """A checked test of a batch: what its items are called, and what they cost at worst."""
    for word in ("given", "mock"):
        for item in trial.said(word):
            module.report(form(item, "expect items == 12"))
    scope = Scope(module)
    for name, type_ in OF_BATCH.items():
        scope.bind(name, Ref(name), _facts(type_))
    written = [i for i in trial.items if isinstance(i, Expect)]
    if not written:
        module.report(_no_expect(trial))
    expects = tuple(
        s.Expect(expect(scope, i.test, BOOL, "the expectation")[0], words(i.test), i.span.line)
        for i in written
    )
    base = module.source.path
    line, title = trial.span.line, trial.name.text
    text = trial.span.text
    return s.Test(title, batch.recipe, (), (), expects, line, batch.path, base, batch, text)


def known_name(module: Module, item: Item, names: list[str], what: str) -> str | None:
    """The name an item is about, if it is one of these."""
    if not isinstance(item.key, t.Name):
        return None
    if item.key.text in names:
        return item.key.text
    module.report(
        error(
            "unknown-name",
            f"the recipe has no {what} `{item.key.text}`",
            item.key.span,
            hint=instead(item.key.span, names),
        )
    )
    return None


# ── given ────────────────────────────────────────────────────────────────────


def _given(
    module: Module, item: Item, recipe: r.Recipe
) -> tuple[str, Expr | s.Opened | s.Fill] | None:
    params = {p.name: p for p in recipe.params}
    places = [*params, *(x.name for x in recipe.sources)]
    name = known_name(module, item, places, "parameter")
    if name is None:
        return None
    if (made := _made(module, item.value)) is not None:
        return name, made
    type_ = params[name].type if name in params else TEXT
    wanted = TEXT if is_cut(type_) else type_
    return name, expect(Scope(module), item.value, wanted, f"`{name}`")[0]


def _made(module: Module, written: t.Expr) -> s.Opened | s.Fill | None:
    """An input that is opened or filled; None for a plain value."""
    if not isinstance(written, t.Call) or not isinstance(written.callee, t.Name):
        return None
    word = written.callee.text
    if (opener := OPENERS.get(word)) is not None:
        return s.Opened(_told(module, written, opener))
    if word != "fill":
        return None
    options = arguments(module, written, FILL.arguments, "`fill`")
    if options is None:
        return s.Fill(1, "", 0.0, 0)
    words, seed = int(str(options["words"])), int(str(options["seed"]))
    return s.Fill(words, str(options["insert"]), float(str(options["at"])), seed)


def _told(module: Module, written: t.Call, call: Call) -> str:
    """The one text that an opener or an answer is told; empty, and a problem, for anything else."""
    (argument,), given = call.arguments, written.args
    known = len(given) == 1 and given[0].label in ("", argument.name)
    value = module.literal(given[0].value) if known else None
    if isinstance(value, str):
        return value
    module.report(form(written, f'{call.name}("{argument.name}")'))
    return ""


# ── mocks ────────────────────────────────────────────────────────────────────


def _mock(module: Module, item: Item, recipe: r.Recipe) -> s.Mock | None:
    prompts = prompts_of(recipe)
    steps = [x.name for x in recipe.steps]
    names = list(dict.fromkeys([*prompts, *steps, *(p.name for p in prompts.values())]))
    name = known_name(module, item, names, "step or prompt")
    if name is None:
        return None
    if (made := _script(module, item.value)) is not None:
        return s.Mock(name, made)
    found = named(recipe, name)
    if not found:
        module.report(_nothing_to_mock(item, name))
        return None
    prompt = _asked(recipe, found[0]) or prompts[found[0]]
    scope = Scope(module)
    for p in prompt.params:
        scope.bind(p.name, Ref(p.name), r.Facts(p.type, number(p.max or 0), ONE))
    return s.Mock(name, expect(scope, item.value, prompt.result, f"the answer of `{name}`")[0])


def _asked(recipe: r.Recipe, predictor: str) -> r.Prompt | None:
    """The free-form prompt that a predictor is a part of."""
    from rlmlang.ir.walk import predictors

    asks = dict(predictors(recipe.steps))
    found = asks.get(predictor.split(".")[0])
    return found.prompt if found is not None and found.prompt.repl is not None else None


def _script(module: Module, written: t.Expr) -> s.Scripted | s.Replayed | s.Failing | None:
    kinds: dict[str, type[s.Scripted | s.Replayed | s.Failing]] = {
        "scripted": s.Scripted,
        "replay": s.Replayed,
        "fails": s.Failing,
    }
    if not isinstance(written, t.Call) or not isinstance(written.callee, t.Name):
        return None
    word = written.callee.text
    return kinds[word](_told(module, written, ANSWERS[word])) if word in kinds else None


# ── expectations ─────────────────────────────────────────────────────────────


def _expect(module: Module, item: Expect, recipe: r.Recipe) -> s.Expect:
    scope = Scope(module)
    scope.bind("result", Ref("result"), r.Facts(recipe.result))
    for name, type_ in MEASURES.items():
        scope.bind(name, Ref(name), _facts(type_))
    known = [*(p.name for p in recipe.params), *(x.name for x in recipe.sources)]
    asked = _with_coverage(scope, item.test, known)
    test = expect(scope, cast("t.Expr", asked), BOOL, "the expectation")[0]
    return s.Expect(test, words(item.test), item.span.line)


def _facts(type_: Type) -> r.Facts:
    return r.Facts(type_, number(14), ONE, number(14))


def _with_coverage(scope: Scope, written: object, known: list[str]) -> object:
    """`coverage(log)` as a name that stands for the part of a source that was read."""
    if isinstance(written, tuple):
        return tuple(_with_coverage(scope, x, known) for x in written)
    if not isinstance(written, t.Node):
        return written
    if isinstance(written, t.Call) and written.callee == _called("coverage", written):
        asked = written.args[0].value if len(written.args) == 1 else None
        if not isinstance(asked, t.Name) or asked.text not in known:
            scope.report(form(written, "coverage(source)"))
            return t.Number(value=1.0, span=written.span)
        name = f"coverage({asked.text})"
        scope.bind(name, Ref(name), _facts(FLOAT))
        return t.Name(text=name, span=written.span)
    changed = {
        f.name: _with_coverage(scope, getattr(written, f.name), known)
        for f in dataclasses.fields(written)
        if f.name != "span"
    }
    changing: Callable[..., t.Node] = dataclasses.replace
    return changing(written, **changed)


def _called(name: str, written: t.Call) -> t.Name:
    return t.Name(text=name, span=written.span)


def words(written: t.Node) -> str:
    """A piece of the source on one line."""
    span = written.span
    return " ".join(span.source.text[span.start : span.end].split())


def means(module: Module, item: Expect, names: list[str]) -> s.Expect:
    """A condition on the means of scores."""
    scope = Scope(module)
    for name in names:
        scope.bind(name, Ref(name), _facts(FLOAT))
    return s.Expect(infer(scope, item.test)[0], words(item.test), item.span.line)


# ── messages ─────────────────────────────────────────────────────────────────


def form(written: t.Node, words: str) -> Diagnostic:
    """The problem of a line that is not written as it should be."""
    return error("trial-form", "this cannot be read", written.span, hint=f"such as `{words}`")


def _no_expect(trial: Trial) -> Diagnostic:
    return error(
        "nothing-expected",
        f'test "{trial.name.text}" expects nothing, so it cannot fail',
        trial.name.span,
        hint="add `expect result == …`, `expect calls <= …` or `expect coverage(source) == 1.0`",
    )


def _nothing_to_mock(item: Item, name: str) -> Diagnostic:
    return error(
        "unknown-name",
        f"step `{name}` asks no model, so there is nothing to mock",
        item.key.span,
        hint="mock a step or prompt that asks one",
    )
