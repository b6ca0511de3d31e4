"""`recurse x { leaf … branch … join … depth … }`: sizes fall because caps are hard."""

from __future__ import annotations

from typing import TypeVar

from rlmlang.check.asks import Known, ask_of, prompt_named
from rlmlang.check.infer import infer
from rlmlang.check.losses import lose
from rlmlang.check.resolve import partition_of
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.check.settings import Settings, value_of
from rlmlang.check.verbs.items import prompt_behind, skips
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.ir import recipe as r
from rlmlang.ir.types import SLICE, Plain, Type
from rlmlang.schema.calls import DEPTH, LEAF
from rlmlang.schema.formula import ONE, number
from rlmlang.schema.partitions import around
from rlmlang.schema.setting import Setting
from rlmlang.syntax import tree as t
from rlmlang.syntax import verbs as v
from rlmlang.value import Frozen, value
from rlmlang.verbs.call import Call
from rlmlang.verbs.given import joined_facts, result_facts
from rlmlang.verbs.recurse import Recurse

C = TypeVar("C", bound=v.Clause)
Asked = tuple[r.Ask, Known]


@value
class Clauses(Frozen):
    """The clauses of a recursion, each of which stands once."""

    leaf: v.Leaf
    branch: v.Branch
    join: v.Join
    depth: v.Depth
    prune: v.Prune | None


def check(scope: Scope, name: str, e: v.Recurse) -> Inferred:
    """The step of a recursion, followed by those that it asks."""
    subject, facts = infer(scope, e.subject)
    clauses = _clauses(scope, e)
    if clauses is None:
        return NOTHING
    Settings(scope.module, e.block, "recurse")
    leaf_size = _amount(scope, LEAF, clauses.leaf.size)
    depth = _amount(scope, DEPTH, clauses.depth.most)
    branch = partition_of(scope.module, clauses.branch.how)
    if branch is None or "into" not in branch.options:
        scope.report(_branch(clauses.branch))
        return NOTHING
    shown = number(leaf_size + around(branch.before, branch.after))
    leaf_item = r.Facts(SLICE, shown, ONE, shown, origins=facts.origins)
    leaf = _ask(scope, clauses.leaf.call, leaf_item)
    if leaf is None:
        return NOTHING
    join, fanin = _join(scope, clauses.join, leaf[0].prompt, leaf_item, branch)
    prune, keep, see = _prune(scope, name, clauses.prune)
    if join is None:
        return NOTHING
    on_error = skips(scope, name, Settings(scope.module, clauses.leaf.block, "leaf"))
    work = Recurse(subject, leaf_size, branch, depth, keep, fanin, see, on_error)
    needed = levels(work, facts)
    if needed is not None and needed > depth:
        scope.report(_too_deep(clauses.depth, needed, depth))
    inner = scope.inside(name)
    for part, asked, clause in (
        ("leaf", leaf, clauses.leaf),
        ("prune", prune, clauses.prune),
        ("join", join, clauses.join),
    ):
        if asked is not None and clause is not None:
            inner.add(part, Call(asked[0]), asked[1], clause)
    added = scope.add(name, work, {subject: facts}, e, {"leaf": inner.steps[0].facts})
    scope.steps += inner.steps
    return added


def _clauses(scope: Scope, e: v.Recurse) -> Clauses | None:
    leaf, branch = _one(e, v.Leaf), _one(e, v.Branch)
    join, depth = _one(e, v.Join), _one(e, v.Depth)
    twice = len({type(c) for c in e.clauses}) != len(e.clauses)
    if leaf is None or branch is None or join is None or depth is None or twice:
        scope.report(_not_once(e))
        return None
    return Clauses(leaf, branch, join, depth, _one(e, v.Prune))


def _one(e: v.Recurse, kind: type[C]) -> C | None:
    return next((c for c in e.clauses if isinstance(c, kind)), None)


def _amount(scope: Scope, setting: Setting, written: t.Expr) -> int:
    """What stands behind `leaf <=` or `depth <=`; 1 where that is reported."""
    found = value_of(scope.module, setting, written)
    return found if isinstance(found, int) else 1


def _ask(scope: Scope, call: t.Call, item: r.Facts) -> Asked | None:
    prompt = prompt_behind(scope, call)
    return ask_of(scope, prompt, call, item) if prompt is not None else None


def _join(
    scope: Scope, clause: v.Join, leaf: r.Prompt, item: r.Facts, branch: r.Partition
) -> tuple[Asked | None, int]:
    """What joins the answers of leaves, and how many of them at a time: all of a branch, where
    nothing is said."""
    written = Settings(scope.module, clause.block, "join").find("fanin", int)
    fanin = written or max(2, int(str(branch.options["into"])))
    answer = result_facts(leaf, item)
    prompt = prompt_named(scope, clause.call.callee.span.text) or leaf
    return _ask(scope, clause.call, joined_facts(prompt, answer, answer.size, fanin)), fanin


def _prune(
    scope: Scope, name: str, clause: v.Prune | None
) -> tuple[Asked | None, tuple[int, int] | None, int]:
    """`prune with q(…) { see: 2ktok, keep: 1..3 }`: q says of a part's beginning how much it
    promises, as a Bool or a number."""
    s = Settings(scope.module, clause.block if clause is not None else None, "prune")
    see = s.get("see", int)
    if clause is None:
        return None, None, see
    ask = _ask(scope, clause.call, r.Facts(SLICE, number(see), ONE, number(see)))
    if ask is not None and not isinstance(ask[0].prompt.result, Plain):
        scope.report(_no_measure(clause, ask[0].prompt.result))
    keep = _range(scope, s.expr("keep"))
    if keep is None:
        scope.report(_keep(clause))
    if ask is not None:
        lose(scope, name, clause.span, "parts are left out here")
    return ask, keep or (1, 1), see


def _range(scope: Scope, written: t.Expr | None) -> tuple[int, int] | None:
    """`1..3`: from at least 1."""
    if not isinstance(written, t.Binary) or written.op != "..":
        return None
    least, most = (scope.module.size(x, ("",)) for x in (written.left, written.right))
    if least is None or most is None or not 1 <= least <= most:
        return None
    return least, most


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


def _not_once(e: v.Recurse) -> Diagnostic:
    found = {type(c) for c in e.clauses}
    wanted = ("leaf", v.Leaf), ("branch", v.Branch), ("join", v.Join), ("depth", v.Depth)
    missing = [word for word, kind in wanted if kind not in found]
    what = f"needs {', '.join(missing)}" if missing else "says something twice"
    return error(
        "recurse-clauses",
        f"this recursion {what}",
        e.span,
        reason="leaf, branch, join and depth stand once each; prune may stand once.",
        hint="leaf <= 20ktok with p()  branch by tree(into: 6)  join with q()  depth <= 4",
    )


def _branch(clause: v.Branch) -> Diagnostic:
    return error(
        "recurse-branch",
        "a branch is cut into a fixed number of parts",
        clause.span,
        reason="Each part must be smaller than the whole, or the recursion would not end.",
        hint="branch by tree(into: 6, slack: 10%)",
    )


def _no_measure(clause: v.Prune, result: Type) -> Diagnostic:
    return error(
        "recurse-prune",
        f"a prune is a question whose answer is a Bool or a number, not {result}",
        clause.span,
        reason="The parts that promise most are gone into.",
        hint='prompt worth(part: Slice, question: Text) -> Int "How much, from 0 to 10?"',
    )


def _keep(clause: v.Prune) -> Diagnostic:
    return error(
        "wrong-setting",
        "prune says how many parts it keeps: at least one, at most so many",
        clause.span,
        hint="{ keep: 1..3 }",
    )


def _too_deep(clause: v.Depth, needed: int, allowed: int) -> Diagnostic:
    return error(
        "depth-too-short",
        f"{needed} levels are needed to come down to a leaf, {allowed} are allowed",
        Label(clause.span, f"allows {allowed}"),
        hint=f"depth <= {needed}, larger leaves, or more parts a branch",
    )
