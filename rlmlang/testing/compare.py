"""Two evals of the same examples beside each other, and an eval as it was at a commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir import suite as s
from rlmlang.runtime.commits import at_commit, unknown
from rlmlang.runtime.prepared import BadRecipe, Options
from rlmlang.runtime.redaction import redactor_for
from rlmlang.runtime.stored import own_only_of, reader_for, store_for
from rlmlang.stores.databases import database_of
from rlmlang.stores.runs import FINISHED, RunRow
from rlmlang.testing.choosing import choose_eval
from rlmlang.testing.evals import EvalValues
from rlmlang.testing.interval import Interval, difference_of, verdict

PREFIX = "eval "


@dataclass(frozen=True)
class Compared:
    """What changed: the difference pair by pair, and the examples that changed, most first."""

    before: str
    difference: Interval
    words: str
    changed: tuple[tuple[int, float, float], ...]


def compare(before: EvalValues, after: EvalValues, name: str) -> Compared:
    """Two evals as JSON values. Raises CodedError (not-comparable-evals)."""
    if before["dataset"]["sha256"] != after["dataset"]["sha256"]:
        raise failed(
            "not-comparable-evals",
            f"{name} went over other examples",
            reason=f"before: {before['dataset']['sha256'][:16]}\n"
            f"now:    {after['dataset']['sha256'][:16]}",
            hint="evaluate both over the same file",
        )
    old = {x["number"]: x["score"] for x in before["rows"]}
    new = {x["number"]: x["score"] for x in after["rows"]}
    both = sorted(set(old) & set(new))
    found = difference_of([old[n] for n in both], [new[n] for n in both])
    changed = sorted(
        ((n, old[n], new[n]) for n in both if old[n] != new[n]),
        key=lambda x: (-abs(x[2] - x[1]), x[0]),
    )
    return Compared(name, found, verdict(found), tuple(changed))


def keep(options: Options, name: str, path: str, values: EvalValues, run: str) -> None:
    """Keeps an eval in the options' store as a run of its own, to be compared with later."""
    if options.store is None:
        return
    opened = store_for(options, redactor_for(options))
    row = RunRow(0, run, b"eval " + run.encode(), PREFIX + name, path=path, data={"eval": values})
    opened.begin(row)
    opened.end(FINISHED)
    opened.close()


def kept(options: Options, name: str) -> EvalValues | None:
    """An eval that the options' store keeps, by its run's name or beginning; None where there is
    none."""
    if options.store is None or not database_of(options.store).exists():
        return None
    reader = reader_for(options.store, own_only=own_only_of(options))
    try:
        evals = [x for x in reader.runs() if "eval" in x.data and x.recipe.startswith(PREFIX)]
    finally:
        reader.close()
    found = [x for x in evals if x.name == name or x.name.startswith(name)]
    # what `keep` has written
    return cast(EvalValues, found[-1].data["eval"]) if found else None


@contextmanager
def as_it_was(path: str, commit: str) -> Iterator[Path]:
    """The recipe's file as it was at a commit, with all that was beside it.

    Raises CodedError (unknown-comparison).
    """
    try:
        found = ExitStack()
        there = found.enter_context(at_commit(path, commit))
    except CodedError as problem:
        said = problem.diagnostic
        words = f"{commit} is no eval that is kept, and {said.reason or said.message}"
        hint = "--compare takes the name that an eval ends with, or a commit"
        raise unknown(words, "", hint) from None
    with found:
        yield there


def at_that_time(made: s.Eval, path: str) -> s.Eval:
    """An eval of a commit's recipe: its own binding, today's examples and scores."""
    try:
        then = choose_eval(path, made.name)
    except (CodedError, BadRecipe):
        return replace(made, path=path)
    over = replace(then.over, path=made.over.path, base=made.over.base, sha256=made.over.sha256)
    return replace(made, path=path, over=over)
