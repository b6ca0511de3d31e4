"""Two recipes, plans or runs compared, each a file, one at a commit, a saved plan or a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from rlmlang import compiler, plugins
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir.expressions import Code
from rlmlang.ir.recipe import Recipe
from rlmlang.ir.suite import Checked
from rlmlang.plan.diff.diff import Side, diff
from rlmlang.plan.plan import Plan
from rlmlang.report.diff.difference import Difference
from rlmlang.runtime.checking import importing
from rlmlang.runtime.code import code_hash
from rlmlang.runtime.commits import at_commit, unknown
from rlmlang.runtime.files import STD, read_source
from rlmlang.runtime.parts import parts_of
from rlmlang.runtime.prepare import plan_of_run, prepare
from rlmlang.runtime.prepared import BadRecipe, Options, sound
from rlmlang.runtime.recipe_files import ENDING
from rlmlang.runtime.trust import trusts
from rlmlang.stores.reader import StoreReader
from rlmlang.trajectory.diff import RunSide, run_side
from rlmlang.trajectory.diff import diff as run_diff

Runs = Callable[[], StoreReader]
KINDS = "FILE, FILE@COMMIT, PLAN.json, or the name of a run: rlm runs"
GONE = ("source-missing", "nothing-matches")


@dataclass(frozen=True)
class Compared:
    """One of two things: its plans by recipe, and the run that it is. What is `alone`, a plan or a
    run, has one recipe; `takes` are the names of all that may be given to a file's."""

    plans: Mapping[str, Side]
    alone: bool = False
    run: RunSide | None = None
    takes: frozenset[str] = field(default_factory=frozenset)


def difference(before: str, after: str, options: Options, runs: Runs) -> Difference:
    """What two things differ in, each planned with what the options give; `runs` opens the store
    that runs are looked for in. Sends nothing.

    Raises BadRecipe and CodedError (unknown-comparison, no-recipe, unknown-input and what planning
    raises).
    """
    old, new = _compared(before, options, runs), _compared(after, options, runs)
    _taken(options, old.takes | new.takes)
    pairs = list(_pairs(old, new))
    if not pairs:
        raise failed(
            "no-recipe",
            f"neither {before} nor {after} has "
            + (f"a recipe `{options.recipe}`" if options.recipe else "a recipe"),
            hint="compare files that declare one",
        )
    both = None if old.run is None or new.run is None else run_diff(old.run, new.run)
    return Difference(before, after, tuple(diff(a, b) for a, b in pairs), both)


def _pairs(old: Compared, new: Compared) -> Iterator[tuple[Side | None, Side | None]]:
    """The recipes that belong together: those of one name, and where there is one on each side,
    these. A plan or a run is compared with its own recipe alone."""
    if len(old.plans) == len(new.plans) == 1:
        yield next(iter(old.plans.values())), next(iter(new.plans.values()))
        return
    alone = old if old.alone else new if new.alone else None
    for name in alone.plans if alone is not None else dict.fromkeys((*new.plans, *old.plans)):
        yield old.plans.get(name), new.plans.get(name)


def _compared(text: str, options: Options, runs: Runs) -> Compared:
    path, at, commit = text.rpartition("@")
    if at and path and commit and not os.path.exists(text):
        return _at_commit(text, path, commit, options)
    if text.endswith((ENDING, ".json")) or text.startswith(STD) or os.path.isfile(text):
        return _of_file(text, options, text)
    return _of_run(text, options, runs)


def _at_commit(text: str, path: str, commit: str, options: Options) -> Compared:
    """A file as it was. It is trusted as its folder is now."""
    with at_commit(path, commit) as there:
        try:
            return _of_file(str(there), replace(options, trust=trusts(path, options)), path)
        except BadRecipe as bad:
            first = next(d for d in bad.diagnostics if d.severity == "error")
            line = f", line {first.place.line}" if first.place is not None else ""
            raise unknown(
                f"{text} has mistakes, so that nothing can be compared with it",
                f"{first.code}{line}: {first.message}",
                "name a commit at which `rlm check` found nothing",
            ) from None


def _of_file(path: str, options: Options, working: str) -> Compared:
    """A file's recipes, or a saved plan. Files beside it that it does not have, since git does not
    keep them, are those beside the `working` one."""
    if path.endswith(".json"):
        plan = Plan.from_json(read_source(path).text, plugins.find)
        return Compared({plan.recipe.name: Side(plan)}, alone=True)
    load = importing(path, trust=options.trust, locked=options.locked)
    found = sound(compiler.check(read_source(path), load, plugins=plugins))
    chosen = {n: r for n, r in found.recipes.items() if options.recipe in ("", n)}
    own = {n: _own(r, found, options, path, working) for n, r in chosen.items()}
    takes = frozenset(name for r in chosen.values() for name in _takes(r, found))
    return Compared({n: _planned(path, mine) for n, mine in own.items()}, takes=takes)


def _takes(recipe: Recipe, found: Checked) -> set[str]:
    """The names of what may be given to a recipe."""
    return {*(p.name for p in recipe.params), *(s.name for s in recipe.sources), *found.settable}


def _own(recipe: Recipe, found: Checked, options: Options, path: str, working: str) -> Options:
    """The options for one of several recipes, which do not all take the same."""
    takes = _takes(recipe, found)
    sets = {k: v for k, v in options.sets.items() if k in takes or k.startswith("budget.")}
    given = {k: v for k, v in options.sources.items() if k in takes}
    sources = {**_unkept(recipe, path, working), **given}
    return replace(options, recipe=recipe.name, sets=sets, sources=sources)


def _unkept(recipe: Recipe, path: str, working: str) -> dict[str, str]:
    """The sources that a commit does not have, from where they lie now."""
    found: dict[str, str] = {}
    if path == working:
        return found
    for source in recipe.sources:
        folder = os.path.dirname(source.base)
        now = os.path.join(os.path.dirname(working), os.path.relpath(folder, os.path.dirname(path)))
        there = os.path.join(now, source.location)
        if not os.path.exists(os.path.join(folder, source.location)) and os.path.exists(there):
            found[source.name] = there
    return found


def _planned(path: str, options: Options) -> Side:
    """A plan. Where a source that is declared is not there, as in CI, sizes stay unknown."""
    try:
        plan = prepare(path, options, need_all=False).plan
    except CodedError as problem:
        if problem.diagnostic.code not in GONE:
            raise
        plan = prepare(path, replace(options, unopened=True), need_all=False).plan
    codes = {c.path: code_hash(c) for c in parts_of(plan.steps, set()) if isinstance(c, Code)}
    return Side(plan, codes)


def _of_run(text: str, options: Options, runs: Runs) -> Compared:
    """A kept run, with the plan that it ran. Raises CodedError (unknown-comparison)."""
    try:
        reader = runs()
        row = reader.choose(text)
    except CodedError as problem:
        if problem.diagnostic.code != "unknown-run":
            raise
        words = f"{text} is neither a recipe file, a saved plan nor a run that is kept"
        raise unknown(words, problem.diagnostic.message, KINDS) from None
    plan = plan_of_run(reader, row.name)
    state, usage = reader.state(row), reader.usage(row)
    run = run_side(row.name, state, usage, reader.ended(row), reader.events(row))
    return Compared({plan.recipe.name: Side(plan)}, alone=True, run=run)


def _taken(options: Options, takes: Collection[str]) -> None:
    """Raises CodedError (unknown-input) for what was given and neither side takes."""
    for name in (*options.sets, *options.sources):
        if name not in takes and not name.startswith("budget."):
            words = f"neither side takes `{name}`"
            raise failed("unknown-input", words, hint=did_you_mean(name, takes))
