"""An item that its recipe does not take, kept as a run that failed before its first step: so the
table, `--select failed` and `rlm show` know of it and why."""

from __future__ import annotations

import hashlib
import time

from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.ir.suite import Batch
from rlmlang.runtime.beginning import new_run
from rlmlang.stores.runs import FAILED, ItemData, RunData, RunRow
from rlmlang.stores.store import Store
from rlmlang.trajectory.events import Event, RunFinished, RunStarted, stamped


def keep_unfit(
    store: Store, batch: Batch, within: str, item: ItemData, problem: Diagnostic
) -> RunRow:
    """Keeps it, in the place of an earlier such run of the round. Raises CodedError."""
    text = f"unfit {item['round']} {item['name']}"
    same = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    data: RunData = {"within": within, "item": item}
    row = RunRow(0, new_run(batch.recipe), same, batch.recipe, path=batch.path, data=data)
    begun = store.begin(row)
    place = problem.place.where if problem.place else ""
    message = store.redact(problem.message)
    events: tuple[Event, ...] = (
        RunStarted(recipe=batch.recipe, plan="", path=batch.path),
        RunFinished(outcome="failed", code=problem.code, message=message, place=place),
    )
    for event in events:
        at = (begun.name, store.next(), time.time(), batch.recipe, batch.recipe)
        store.append(stamped(event, *at))
    store.end(FAILED)
    made = store.run
    store.close()
    return made
