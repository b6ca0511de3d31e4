"""cross, recurse and ladder: what they are made of, checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce

from rlmlang.check.asks import Known, ask_of
from rlmlang.check.infer import expect, infer
from rlmlang.check.losses import lose, on_error_of
from rlmlang.check.prompts import prompt_of
from rlmlang.check.resolve import partition_of, search_of
from rlmlang.check.say import verbs as say
from rlmlang.check.scope import NOTHING, Scope
from rlmlang.check.settings import Settings
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.sizes import largest
from rlmlang.ir.types import ANY, BOOL, Type, fits
from rlmlang.schema.formula import ONE, number
from rlmlang.schema.partitions import around
from rlmlang.syntax import tree as t
from rlmlang.verbs.call import Call
from rlmlang.verbs.cross import Cross
from rlmlang.verbs.given import joined_facts, result_facts
from rlmlang.verbs.ladder import Ladder, Rung
from rlmlang.verbs.recurse import Recurse

Inferred = tuple[Expr, r.Facts]
Body = Callable[[Scope, tuple[t.BodyItem, ...], Type], Inferred]


def cross(scope: Scope, name: str, e: t.Verb) -> Inferred:
    """`cross xs, ys by bm25(top: 4)`: for each x the ys that fit it best."""
    assert e.second is not None and e.how is not None
    left, a = infer(scope, e.subject)
    right, b = infer(scope, e.second)
    found = search_of(scope.module, e.how)
    Settings(scope.module, e.block, "cross")
    for side, facts in ((e.subject, a), (e.second, b)):
        if facts.type.kind != "Any" and not facts.type.is_list:
            scope.report(say.not_a_list(replace(e, subject=side), facts.type))
            return NOTHING
    if found is None:
        return NOTHING
    search, options = found
    work = Cross(left, right, search.name, tuple(sorted(options.items())))
    return scope.add(name, work, {left: a, right: b}, e)


def recurse(scope: Scope, name: str, e: t.Recurse) -> Inferred:
    """`recurse x { leaf … branch … join … depth … }`: sizes fall because caps are hard."""
    subject, facts = infer(scope, e.subject)
    clauses = {c.word: c for c in e.clauses}
    missing = [w for w in ("leaf", "branch", "join", "depth") if w not in clauses]
    if missing or len(clauses) != len(e.clauses):
        scope.report(_clauses(e, missing))
        return NOTHING
    Settings(scope.module, e.block, "recurse")
    leaf_size = _amount(scope, clauses["leaf"], ("tok", "ch"))
    depth = _amount(scope, clauses["depth"], ("",))
    branch = partition_of(scope.module, clauses["branch"].how) if clauses["branch"].how else None
    if branch is None or "into" not in branch.options:
        scope.report(_branch(clauses["branch"]))
        return NOTHING
    shown = number(leaf_size + around(branch.before, branch.after))
    leaf_item = r.Facts(Type("Slice"), shown, ONE, shown, origins=facts.origins)
    leaf = _ask(scope, clauses["leaf"], leaf_item)
    if leaf is None:
        return NOTHING
    answer = result_facts(leaf[0].prompt, leaf_item)
    joined = Settings(scope.module, clauses["join"].block, "join")
    fanin = joined.find("fanin", int) or max(2, int(str(branch.options["into"])))
    prompt = _joins(scope, clauses["join"], leaf[0].prompt)
    join = _ask(scope, clauses["join"], joined_facts(prompt, answer, answer.size, fanin))
    prune, keep, see = _prune(scope, clauses.get("prune"))
    if join is None:
        return NOTHING
    on_error = _leaf_settings(scope, name, clauses["leaf"])
    if prune is not None:
        lose(scope, name, clauses["prune"].span, "parts are left out here")
    work = Recurse(subject, leaf_size, branch, depth, keep, fanin, see, on_error)
    needed = levels(work, facts)
    if needed is not None and needed > depth:
        scope.report(_too_deep(clauses["depth"], needed, depth))
    inner = scope.inside(name)
    for part, asked in (("leaf", leaf), ("prune", prune), ("join", join)):
        if asked is not None:
            inner.add(part, Call(asked[0]), asked[1], clauses[part])
    parts = {"leaf": inner.steps[0].facts}
    added = scope.add(name, work, {subject: facts}, e, parts)
    scope.steps += inner.steps
    return added


def _amount(scope: Scope, clause: t.Clause, units: tuple[str, ...]) -> int:
    """What stands behind `leaf <=` or `depth <=`: at least 1."""
    assert clause.amount is not None
    size = scope.module.size(clause.amount, units)
    if size is not None and size < 1:
        scope.report(_no_amount(clause))
    return max(1, size or 1)


def levels(work: Recurse, facts: r.Facts) -> int | None:
    """d = ⌈log_σ(n/τ)⌉ with σ = k/(1+2s), where n is known; the design's formula."""
    n = facts.size.value()
    if n is None or n <= work.leaf_size:
        return None if n is None else 0
    size, count = n, 0
    while size > work.leaf_size and count < 64:
        size = int(size * (1 + 2 * work.slack) / work.into) + 1
        count += 1
    return count


def _joins(scope: Scope, clause: t.Clause, default: r.Prompt) -> r.Prompt:
    assert clause.call is not None
    return prompt_of(scope.module, clause.call.callee.span.text) or default


def _ask(scope: Scope, clause: t.Clause, item: r.Facts) -> tuple[r.Ask, Known] | None:
    assert clause.call is not None
    name = clause.call.callee.span.text
    prompt = prompt_of(scope.module, name)
    if prompt is None:
        scope.report(say.unknown_prompt(clause.call.callee, name, scope))
        return None
    return ask_of(scope, prompt, clause.call, item)


def _leaf_settings(scope: Scope, name: str, clause: t.Clause) -> r.OnError:
    """`leaf <= n with p() { on_error: skip(at_most: 1%) }`."""
    s = Settings(scope.module, clause.block, "leaf")
    on_error = on_error_of(scope, s)
    if on_error.skip:
        lose(scope, name, s.entries["on_error"].span, "items can be lost here")
    return on_error


def _prune(
    scope: Scope, clause: t.Clause | None
) -> tuple[tuple[r.Ask, Known] | None, tuple[int, int] | None, int]:
    """`prune with q(…) { see: 2ktok, keep: 1..3 }`: q says of a part's beginning how much it
    promises, as a Bool or a number."""
    s = Settings(scope.module, clause.block if clause is not None else None, "prune")
    keep, see = s.expr("keep"), s.get("see", int)
    if clause is None:
        return None, None, see
    item = r.Facts(Type("Slice"), number(see), ONE, number(see))
    ask = _ask(scope, clause, item)
    if ask is not None and ask[0].prompt.result.kind not in ("Bool", "Int", "Float"):
        scope.report(say.prune_prompt(clause, ask[0].prompt.result))
    if not isinstance(keep, t.Binary) or keep.op != "..":
        scope.report(_keep(clause))
        return ask, (1, 1), see
    least, most = (scope.module.size(x, ("",)) for x in (keep.left, keep.right))
    if least is None or most is None or not 1 <= least <= most:
        scope.report(_keep(clause))
        return ask, (1, 1), see
    return ask, (least, most), see


def ladder(scope: Scope, name: str, e: t.Ladder, body: Body) -> Inferred:
    """`ladder accept (…) { rung "cheap" { … } … }`: the first accepted rung wins."""
    inner = scope.inside(name)
    first: Type | None = None
    rungs: dict[str, r.Facts] = {}
    for rung in e.rungs:
        found = rungs[rung.name] = _rung(inner, rung, body)
        if first is not None and not fits(found.type.required(), first.required()):
            scope.report(_rung_type(rung, found.type, first))
        first = first or found.type
    if first is None:
        scope.report(_no_rungs(e))
        return NOTHING
    Settings(scope.module, e.block, "ladder")
    judged = replace(reduce(largest, rungs.values()), coverage="exact", fields=())
    test, known = expect(scope.inner(it=(Ref("it"), judged)), e.accept, BOOL, "the acceptance")
    added = scope.add(name, Ladder(test, tuple(rungs)), {test: known}, e, rungs)
    scope.steps += inner.steps
    return added


def _rung(scope: Scope, rung: t.Rung, body: Body) -> r.Facts:
    """The step of a rung, followed by those that it is made of; gives its facts."""
    inner = scope.inside(rung.name)
    value, facts = body(inner, rung.body.items, ANY)
    made = scope.add(rung.name, Rung(value), {value: facts}, rung)[1]
    scope.steps += inner.steps
    return made


def _rung_type(rung: t.Rung, found: Type, first: Type) -> Diagnostic:
    return error(
        "wrong-type",
        f'the rung "{rung.name}" gives {found}, the ones before it {first}',
        rung.span,
        hint="all rungs of a ladder give the same type",
    )


def _clauses(e: t.Recurse, missing: list[str]) -> Diagnostic:
    what = f"needs {', '.join(missing)}" if missing else "says something twice"
    return error(
        "recurse-clauses",
        f"this recursion {what}",
        e.span,
        reason="leaf, branch, join and depth stand once each; prune may stand once.",
        hint="leaf <= 20ktok with p()  branch by tree(into: 6)  join with q()  depth <= 4",
    )


def _branch(clause: t.Clause) -> Diagnostic:
    return error(
        "recurse-branch",
        "a branch is cut into a fixed number of parts",
        clause.span,
        reason="Each part must be smaller than the whole, or the recursion would not end.",
        hint="branch by tree(into: 6, slack: 10%)",
    )


def _keep(clause: t.Clause) -> Diagnostic:
    return error(
        "wrong-setting", "prune says how many parts it keeps: at least one, at most so many",
        clause.span, hint="{ keep: 1..3 }",
    )  # fmt: skip


def _no_amount(clause: t.Clause) -> Diagnostic:
    what = "a leaf holds at least 1tok" if clause.word == "leaf" else "a recursion has a level"
    return error("wrong-setting", what, clause.span, hint=f"{clause.word} <= 1 or more")


def _too_deep(clause: t.Clause, needed: int, allowed: int) -> Diagnostic:
    return error(
        "depth-too-short",
        f"{needed} levels are needed to come down to a leaf, {allowed} are allowed",
        Label(clause.span, f"allows {allowed}"),
        hint=f"depth <= {needed}, larger leaves, or more parts a branch",
    )


def _no_rungs(e: t.Ladder) -> Diagnostic:
    return error(
        "recurse-clauses", "a ladder needs at least one rung", e.span, hint='rung "a" { … }'
    )
