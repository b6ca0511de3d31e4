"""Calls that an earlier part of a run has left in batches of their providers'."""

from __future__ import annotations

from rlmlang.budget import Usage
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.runtime.batching import at_once
from rlmlang.runtime.prepared import Prepared
from rlmlang.stores.runs import PARKED, RunStart
from rlmlang.stores.store import Store


def hold_waiting(store: Store, ready: Prepared) -> None:
    """Raises CodedError (batch-waiting) where calls of a run wait in batches and would be asked
    live: they would be paid twice."""
    if not store.batches.waiting or at_once(ready):
        return
    store.end(PARKED)
    raise failed(
        "batch-waiting",
        f"{store.batches.waiting:,} calls of {store.run.name} wait in batches of their provider's",
        reason="Asked live, they would be paid twice.",
        hint="go on with --engine batch; --fresh begins anew, and pays anew",
    )


def spent_before(begun: RunStart, store: Store) -> Usage:
    """What earlier parts of a run have spent; what was booked for calls that were left, and are
    waited for again, is spent now."""
    return sum((s.usage for s in begun.spent), Usage()) - store.batches.taken_over
