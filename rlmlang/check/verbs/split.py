"""`split x by strategy(…)`: a strategy that fits what it cuts."""

from __future__ import annotations

from rlmlang.check.infer import infer
from rlmlang.check.losses import lose
from rlmlang.check.resolve import partition_of, strategy_of
from rlmlang.check.say.declarations import too_small
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.check.settings import Settings
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.ir.types import AnyType, Type
from rlmlang.schema.partitions import STRATEGIES, Strategy
from rlmlang.syntax import verbs as v
from rlmlang.verbs.split import Split, family_of


def check(scope: Scope, name: str, e: v.Split) -> Inferred:
    """The step of a split."""
    subject, facts = infer(scope, e.subject)
    partition = partition_of(scope.module, e.how)
    Settings(scope.module, e.block, "split")
    unknown = isinstance(facts.type, AnyType) and scope.module.library.doubtful()
    if partition is None or unknown:
        return NOTHING
    strategy = strategy_of(scope.module, partition)
    family = family_of(facts.type)
    if not isinstance(facts.type, AnyType) and family not in strategy.of:
        scope.report(_cannot_split(e, facts.type, strategy))
        return NOTHING
    if family == "rows" and partition.before + partition.after:
        scope.report(_no_neighbours(e))
    options, grain = partition.options, scope.module.library.grain
    if why := strategy.refuse(options, grain, family == "tree"):
        scope.report(too_small(e.how, why))
        return NOTHING
    if strategy.coverage(options) != "exact":
        lose(scope, name, e.how.span, "pieces overlap here")
    return scope.add(name, Split(subject, partition), {subject: facts}, e)


def _cannot_split(e: v.Split, have: Type, strategy: Strategy) -> Diagnostic:
    family = family_of(have)
    fitting = [s.name for s in STRATEGIES.values() if family in s.of]
    hint = f"for {have}: {', '.join(fitting)}" if fitting else "only text, rows and trees split"
    if family == "tree" and "text" in strategy.of:
        hint += "; of each document: `map docs with PATTERN()`, which splits `doc.text`"
    return error(
        "cannot-split",
        f"`{strategy.name}` cuts {' or '.join(strategy.of)}, not {have}",
        Label(e.how.span, f"for {' or '.join(strategy.of)}"),
        Label(e.subject.span, str(have)),
        hint=hint,
    )


def _no_neighbours(e: v.Split) -> Diagnostic:
    return error(
        "cannot-split",
        "rows have no neighbours that a piece could show",
        Label(e.how.span, "gathers what lies around a piece"),
        hint="remove `.gather(…)`, or put more rows into a piece",
    )
