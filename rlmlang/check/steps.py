"""The verbs: each `let` becomes one or more named steps with their types, sizes and coverage."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.check.asks import Known, ask_of
from rlmlang.check.branching import cross, ladder, recurse
from rlmlang.check.infer import either_of, expect, infer, sure
from rlmlang.check.losses import lose, on_error_of
from rlmlang.check.patterns import inline, is_callable
from rlmlang.check.prompts import prompt_of
from rlmlang.check.resolve import partition_of, search_of, strategy_of
from rlmlang.check.say import verbs as say
from rlmlang.check.say.declarations import too_small
from rlmlang.check.scope import NOTHING, Scope
from rlmlang.check.settings import Settings
from rlmlang.diagnostics.source import Span
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Choose, Expr, Not, Op, Ref
from rlmlang.ir.types import ANY, BOOL, TEXT, Type, fits
from rlmlang.ir.walk import names
from rlmlang.schema.formula import maximum
from rlmlang.syntax import tree as t
from rlmlang.verbs.call import Call
from rlmlang.verbs.compute import Compute
from rlmlang.verbs.filter import Filter
from rlmlang.verbs.given import item_facts, joined_facts, result_facts
from rlmlang.verbs.inference import tested
from rlmlang.verbs.map import Map
from rlmlang.verbs.reduce import Reduce
from rlmlang.verbs.require import Require
from rlmlang.verbs.search import Search, searchable
from rlmlang.verbs.split import Split, family_of

Inferred = tuple[Expr, r.Facts]


def step(scope: Scope, name: str, e: t.Expr, docs: str = "", want: Type = ANY) -> Inferred:
    """Adds the steps of `let name = e` to the body; gives the reference later lines use."""
    before = len(scope.steps)
    value, facts = _step(scope, name, e, docs, want)
    entries = e.block.entries if isinstance(e, t.BLOCKED) and e.block is not None else ()
    written = next((x for x in entries if isinstance(x, t.Assume)), None)
    if written is not None and len(scope.steps) > before:
        facts = _assume(scope, written, before)
    return value, facts


def _step(scope: Scope, name: str, e: t.Expr, docs: str, want: Type) -> Inferred:
    scope.current = name
    match e:
        case t.Plain(value=inner, block=block):
            Settings(scope.module, block, "step")
            return step(scope, name, inner, docs)
        case t.Verb(verb="split"):
            return _split(scope, name, e)
        case t.Verb(verb="map"):
            return _map(scope, name, e)
        case t.Verb(verb="filter"):
            return _filter(scope, name, e)
        case t.Verb(verb="reduce"):
            return _reduce(scope, name, e)
        case t.Verb(verb="search"):
            return _search(scope, name, e)
        case t.Verb():
            return cross(scope, name, e)
        case t.Recurse():
            return recurse(scope, name, e)
        case t.Ladder():
            return ladder(scope, name, e, body)
        case t.If() if _pays(scope, e.yes) or _pays(scope, e.no):
            return _branch(scope, name, e)
        case t.Call(callee=t.Name(text=word)) if _prompt(scope, word) is not None:
            return _call(scope, name, e)
        case t.Call(callee=t.Name(text=word)) if is_callable(scope, word):
            return inline(scope, name, e, body)
    return _compute(scope, name, e, want)


def word_span(node: t.Node, word: str) -> Span:
    """The place of the verb at the beginning of a step."""
    return Span(node.span.source, node.span.start, node.span.start + len(word))


def hoist(scope: Scope, e: t.Verb) -> Inferred:
    """A split or search inside an expression, made a step of its own named after the step."""
    name = f"{scope.current}.{e.verb}"
    taken = sum(s.name.startswith(scope.prefix + name) for s in scope.steps)
    before = scope.current
    made = step(scope, f"{name}{taken + 1}" if taken else name, e)
    scope.current = before
    return made


def body(scope: Scope, items: tuple[t.BodyItem, ...], want: Type) -> Inferred:
    """Every line of a body in order; gives what it returns."""
    returned: Inferred | None = None
    seen: dict[str, t.Name] = {}
    for item in items:
        if returned is not None and not isinstance(item, t.BudgetUse):
            scope.report(say.after_return(item))
        if isinstance(item, t.Let):
            _let(scope, item, seen)
        elif isinstance(item, t.Require):
            test, known = expect(scope, item.value, BOOL, "the condition")
            number = sum(isinstance(x.work, Require) for x in scope.steps) + 1
            scope.add(f"require{number}", Require(test, item.value.span.text), {test: known}, item)
        elif isinstance(item, t.Return):
            returned = _return(scope, item, want)
    return returned if returned is not None else NOTHING


def _let(scope: Scope, item: t.Let, seen: dict[str, t.Name]) -> None:
    name = item.name.text
    taken = scope.names.get(name)
    if name in ("it", "result"):
        scope.report(say.reserved_name(item.name))
    elif name in seen or (taken is not None and taken.span is not None):
        first = seen[name].span if name in seen else taken.span if taken else None
        scope.report(say.declared_twice(item.name, first))
    seen[name] = item.name
    value, facts = step(scope, name, item.value, item.docs)
    scope.bind(name, value, facts, item.name.span)


def _return(scope: Scope, item: t.Return, want: Type) -> Inferred:
    value, facts = step(scope, "result", item.value, want=want)
    if not fits(facts.type, want):
        scope.report(say.wrong_result(item.value, facts.type, want))
    return value, facts


def _compute(scope: Scope, name: str, e: t.Expr, want: Type) -> Inferred:
    value, facts = infer(scope, e, want)
    return scope.add(name, Compute(value), {value: facts}, e)


def _assume(scope: Scope, written: t.Assume, since: int) -> r.Facts:
    """The last step of this body, taken to be exact for the reason given."""
    at = max(i for i, s in enumerate(scope.steps) if i >= since and s.within == scope.within)
    facts = replace(scope.steps[at].facts, coverage="exact", fields=())
    scope.steps[at] = replace(scope.steps[at], facts=facts, assumed=written.because)
    return facts


def _branch(scope: Scope, name: str, e: t.If) -> Inferred:
    """A choice between steps: both are planned, one runs."""
    test, _ = expect(scope, e.test, BOOL, "the condition")
    sides = []
    for word, side, truth in (("then", e.yes, True), ("else", e.no, False)):
        before = len(scope.steps)
        inner = sure(scope, tested(test, holds=truth))
        sides.append(step(inner, f"{name}.{word}", side))
        for at in range(before, len(scope.steps)):
            each = scope.steps[at]
            if each.within != scope.within:
                continue
            needs = tuple(dict.fromkeys([*each.needs, *names(test)]))
            scope.steps[at] = replace(each, when=_both((test, truth), each.when), needs=needs)
    facts = either_of(scope, e, sides[0][1], sides[1][1])
    value = Choose(test, sides[0][0], sides[1][0])
    return scope.add(name, Compute(value), {value: facts}, e)


def _both(outer: tuple[Expr, bool], inner: tuple[Expr, bool] | None) -> tuple[Expr, bool]:
    """The condition of a step that runs where two hold, one inside the other."""
    if inner is None:
        return outer
    first, second = (test if holds else Not(test) for test, holds in (outer, inner))
    return Op("and", first, second), True


def _pays(scope: Scope, e: t.Expr) -> bool:
    if isinstance(e, t.Verb | t.Recurse | t.Ladder):
        return True
    if isinstance(e, t.Call) and isinstance(e.callee, t.Name):
        name = e.callee.text
        return _prompt(scope, name) is not None or is_callable(scope, name)
    return isinstance(e, t.If) and (_pays(scope, e.yes) or _pays(scope, e.no))


def _prompt(scope: Scope, name: str) -> r.Prompt | None:
    bound = scope.names.get(name)
    if bound is not None and bound.prompt is not None:
        return bound.prompt
    return prompt_of(scope.module, name)


# ── split and search ─────────────────────────────────────────────────────────


def _split(scope: Scope, name: str, e: t.Verb) -> Inferred:
    assert e.how is not None
    subject, facts = infer(scope, e.subject)
    found = partition_of(scope.module, e.how)
    Settings(scope.module, e.block, "split")
    if found is None:
        return NOTHING
    partition = found
    strategy = strategy_of(scope.module, partition)
    family = family_of(facts.type)
    if facts.type.kind != "Any" and family not in strategy.of:
        scope.report(say.cannot_split(e, facts.type, strategy))
        return NOTHING
    if family == "rows" and partition.before + partition.after:
        scope.report(say.no_neighbours(e))
    options, grain = partition.options, scope.module.library.grain
    if why := strategy.refuse(options, grain, family == "tree"):
        scope.report(too_small(e.how, why))
        return NOTHING
    if strategy.coverage(options) != "exact":
        lose(scope, name, e.how.span, "pieces overlap here")
    return scope.add(name, Split(subject, partition), {subject: facts}, e)


def _search(scope: Scope, name: str, e: t.Verb) -> Inferred:
    assert e.how is not None and e.second is not None
    subject, facts = infer(scope, e.subject)
    query, words = expect(scope, e.second, TEXT, "the query")
    found = search_of(scope.module, e.how)
    Settings(scope.module, e.block, "search")
    if found is None:
        return NOTHING
    if not searchable(facts.type):
        scope.report(say.cannot_search(e, facts.type))
        return NOTHING
    work = Search(subject, query, found[0].name, tuple(sorted(found[1].items())))
    lose(scope, name, word_span(e, "search"), "a search finds only some")
    return scope.add(name, work, {subject: facts, query: words}, e)


# ── calls ────────────────────────────────────────────────────────────────────


def _call(scope: Scope, name: str, e: t.Call) -> Inferred:
    assert isinstance(e.callee, t.Name)
    prompt = _prompt(scope, e.callee.text)
    assert prompt is not None
    ask, known = ask_of(scope, prompt, e, None)
    return scope.add(name, Call(ask), known, e)


def _called(scope: Scope, e: t.Verb) -> r.Prompt | None:
    assert e.call is not None
    name = e.call.callee.text if isinstance(e.call.callee, t.Name) else e.call.callee.span.text
    prompt = _prompt(scope, name)
    if prompt is None:
        scope.report(say.unknown_prompt(e.call.callee, name, scope))
    return prompt


def _items(scope: Scope, e: t.Verb) -> tuple[Expr, r.Facts, r.Facts] | None:
    """The list a verb goes over, and the facts of one item of it."""
    subject, facts = infer(scope, e.subject)
    if facts.type.kind != "Any" and not facts.type.is_list:
        scope.report(say.not_a_list(e, facts.type))
        return None
    return subject, facts, item_facts(facts)


def _map(scope: Scope, name: str, e: t.Verb) -> Inferred:
    prompt = _called(scope, e)
    found = _items(scope, e)
    if prompt is None or found is None:
        return NOTHING
    subject, facts, item = found
    assert e.call is not None
    ask, known = ask_of(scope, prompt, e.call, item)
    s = Settings(scope.module, e.block, "map")
    answer = result_facts(prompt, item, *known.values())
    stop = s.expr("stop")
    it = scope.inner(it=(Ref("it"), replace(answer, coverage="exact")))
    test, tested = expect(it, stop, BOOL, "stop") if stop is not None else (None, r.Facts())
    on_error = on_error_of(scope, s)
    for key in ("stop", "on_error") if on_error.skip or test is not None else ():
        if key in s.entries:
            lose(scope, name, s.entries[key].span, "items can be lost here")
    work = Map(subject, ask, s.find("parallel", int), on_error, test)
    known |= {subject: facts} | ({test: tested} if test is not None else {})
    return scope.add(name, work, known, e)


def _filter(scope: Scope, name: str, e: t.Verb) -> Inferred:
    found = _items(scope, e)
    prompt = _called(scope, e) if e.call is not None else None
    if found is None or (e.call is not None and prompt is None):
        return NOTHING
    subject, facts, item = found
    s = Settings(scope.module, e.block, "filter")
    ask: r.Ask | None = None
    where: Expr | None = None
    known: Known = {}
    if prompt is not None and e.call is not None:
        ask, known = ask_of(scope, prompt, e.call, item)
        if not fits(prompt.result, BOOL):
            scope.report(say.filter_prompt(e.call, prompt.result))
    elif e.how is not None:
        where, known[where] = expect(
            scope.inner(it=(Ref("it"), item)), e.how, BOOL, "the condition"
        )
    keep = s.get("keep_rest", bool)
    work = Filter(subject, ask, where, keep, s.find("parallel", int), on_error_of(scope, s))
    if not keep:
        lose(scope, name, word_span(e, "filter"), "a filter keeps only some")
    elif work.on_error.skip:
        lose(scope, name, s.entries["on_error"].span, "items can be lost here")
    return scope.add(name, work, {**known, subject: facts}, e)


def _reduce(scope: Scope, name: str, e: t.Verb) -> Inferred:
    prompt = _called(scope, e)
    found = _items(scope, e)
    if prompt is None or found is None:
        return NOTHING
    subject, facts, item = found
    assert e.call is not None
    s = Settings(scope.module, e.block, "reduce")
    fanin = s.get("fanin", int)
    size = maximum(item.size, result_facts(prompt, item).size)
    ask, known = ask_of(scope, prompt, e.call, joined_facts(prompt, item, size, fanin))
    if not fits(prompt.result.required(), item.type.required()):
        scope.report(say.reduce_types(e.call, prompt, item.type))
    work = Reduce(subject, ask, fanin, s.find("parallel", int))
    return scope.add(name, work, {**known, subject: facts}, e)
