"""A run that goes on from a point of another: what is checked, and which answers it takes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.framing.reminders import framed
from rlmlang.ir.answer_forms import RESULT
from rlmlang.ir.calls import CallId
from rlmlang.plan.plan import Plan
from rlmlang.plan.point import Point, point_of
from rlmlang.protocols import Keeper
from rlmlang.runtime.kept import StoredRecord
from rlmlang.runtime.prepared import Fork, Options, Prepared
from rlmlang.runtime.stored import reader_of
from rlmlang.stores.forked import ForkedKeeper
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.runs import RUNNING, RunRow
from rlmlang.stores.store import Store
from rlmlang.trajectory.parts import Call, Part, Step
from rlmlang.trajectory.trajectory import Trajectory


def given_as(options: Options, row: RunRow, file: str) -> Options:
    """The options of a run of a file that goes on from another: what they do not give themselves is
    given as it was."""
    data = row.data
    named = {m.partition("=")[0] if "=" in m else "" for m in options.models}
    known = data.get("models", {}).items() if "" not in named else ()
    models = [name if of == "default" else f"{of}={name}" for of, name in known if of not in named]
    given = {*options.sets, *options.sources, *options.values}
    return replace(
        options,
        recipe=options.recipe or (row.recipe if _same(file, row.path) else ""),
        models=(*models, *options.models),
        sets={**_other(data.get("sets", {}), given), **options.sets},
        sources={**_other(data.get("sources", {}), given), **options.sources},
    )


def _same(file: str, other: str) -> bool:
    return os.path.realpath(file) == os.path.realpath(other)


def _other(known: Mapping[str, str], given: set[str]) -> dict[str, str]:
    return {name: value for name, value in known.items() if name not in given}


def keeper_for(ready: Prepared, store: Store) -> Keeper:
    """What knows which calls of a run are answered already: its store, and for one that goes on
    from another the answers of that. Raises what `forked` raises, and then closes the store."""
    if (fork := ready.options.fork) is None:
        return store
    try:
        return forked(ready, fork, store, reader_of(store, ready.options))
    except CodedError:
        store.close()
        raise


def forked(ready: Prepared, fork: Fork, store: Store, reader: StoreReader) -> ForkedKeeper:
    """The answers of a run that goes on from another one of the same store.

    Raises CodedError (unknown-run, unknown-node, fork-running, fork-other-recipe, fork-no-call)."""
    row = reader.choose(fork.run)
    if reader.state(row) == RUNNING:
        raise _running(row)
    if row.recipe != ready.recipe.name:
        raise _of_another(row, ready.recipe.name)
    found = Trajectory(row.name, StoredRecord(lambda: reader, row.name))
    at = _point(ready.plan, fork.at, found)
    given = {at: framed(RESULT, fork.answer)} if fork.answer is not None else {}
    if given and not isinstance(_part(found, at), Call):
        raise _no_call(at, found)
    ended = [a.event for call in found.calls for a in call.attempts]
    rows = {event.call: event.row for event in ended if event.row}

    def above(call: CallId) -> Sequence[str]:
        return lineage(found, call)

    return ForkedKeeper(store, rows, Point(ready.plan, at, above).before, given)


def lineage(found: Trajectory, call: CallId) -> list[str]:
    """The ids of what a call or session stands below in its step, the outermost first, its own
    last; none for one that was not recorded."""
    ids: list[str] = []
    part = _part(found, call)
    while part is not None and not isinstance(part, Step):
        ids.insert(0, part.id)
        part = found[part.parent] if part.parent != found.run else None
    return ids


def _part(found: Trajectory, call: CallId) -> Part | None:
    try:
        return found[str(call)]
    except KeyError:
        return None


def _point(plan: Plan, text: str, found: Trajectory) -> CallId:
    """The point that a text names, in the plan and in the run. Raises CodedError (unknown-node)."""
    at = point_of(plan, text)
    asked = {call.step for call in found.calls}
    if at is not None and (at.step in asked if not at.place else _part(found, at) is not None):
        return at
    known = [*asked, *(call.id for call in found.calls)]
    hint = did_you_mean(text, known)
    raise failed("unknown-node", f"{found.run} has no calls in `{text}`", hint=hint)


def _running(row: RunRow) -> CodedError:
    return failed(
        "fork-running",
        f"{row.name} is still going on: what comes before a point is not all there",
        hint="wait until it has ended, or stop it",
    )


def _of_another(row: RunRow, recipe: str) -> CodedError:
    return failed(
        "fork-other-recipe",
        f"{row.name} is a run of `{row.recipe}`, not of `{recipe}`",
        hint=f"name its file and recipe: {row.path} --recipe {row.recipe}",
    )


def _no_call(at: CallId, found: Trajectory) -> CodedError:
    calls = [call.id for call in found.calls if call.step == at.step]
    return failed(
        "fork-no-call",
        f"`{at}` is no single call that an answer could be given to",
        hint=f"name one of its {len(calls):,}: {', '.join(calls[:3])}",
    )
