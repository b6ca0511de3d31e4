"""The run that goes over a batch, as its store keeps it: begun or gone on with, alone or with
workers elsewhere."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rlmlang.batch.history import History
from rlmlang.batch.items import items_of
from rlmlang.batch.result import Ended, Totals
from rlmlang.batch.turns import Alone, Among, Turns
from rlmlang.batch.way import Way
from rlmlang.batch.worker import Worker
from rlmlang.budget import Account, Limits
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir.suite import Batch
from rlmlang.leases import Amounts
from rlmlang.models.engines.budget_waiters import BudgetWaiters
from rlmlang.models.engines.providers import Providers
from rlmlang.runtime.beginning import new_run
from rlmlang.runtime.checking import home_of
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.redaction import redactor_for
from rlmlang.runtime.root import root_of
from rlmlang.runtime.stored import store_for
from rlmlang.stores.address import Server
from rlmlang.stores.queue.leases import open_queue
from rlmlang.stores.queue.tables import Queue
from rlmlang.stores.runs import FINISHED, PARKED, RunData, RunRow
from rlmlang.stores.store import Store


def known_as(batch: Batch, options: Options) -> str:
    """What a batch is known as in a store: its file and name, whatever it says. On a server, which
    machines share, by its path from the project's folder."""
    path = os.path.realpath(batch.base)
    if isinstance(options.store, Server):
        folder = root_of(home_of(batch.path, batch.base)).folder
        path = f"{folder.name}/{Path(os.path.relpath(path, folder)).as_posix()}"
    return f"{path} {batch.name}"


def title_of(name: str) -> str:
    """What runs that go over a batch of that name are called."""
    return f"batch {name}"


class Round:
    """A run of a batch. `totals` are told its name, `history` what was done before."""

    def __init__(self, batch: Batch, way: Way, totals: Totals) -> None:
        self.batch, self.way, self.totals = batch, way, totals
        self.known = known_as(batch, way.options)
        self.history = History(way.options, self.known)
        self.store: Store | None = None
        self.worker: Worker | None = None
        self.resumed = False

    def begin(self) -> None:
        """Goes on with the run that was not ended, begins one, or helps with that of another
        process. Raises CodedError (batch-running) where another process goes over it."""
        if self.way.dry:
            return
        self.store = store_for(self.way.options, redactor_for(self.way.options))
        if self.way.helps is not None:
            self.totals.round = self.way.helps.run
            return
        same = hashlib.sha256(self.known.encode("utf-8", "surrogatepass")).digest()
        title, about = title_of(self.batch.name), RunData(batch=self.known)
        row = RunRow(0, new_run(self.batch.name), same, title, path=self.batch.path, data=about)
        begun = self.store.begin(row)
        if begun.beside:
            self.store.end(FINISHED)
            self.store.close()
            raise failed(
                "batch-running",
                f"{begun.beside} goes over batch `{self.batch.name}` in another process",
                hint="wait for it, or stop it; the same command goes on then",
            )
        self.totals.round, self.resumed = begun.name, begun.resumed
        if begun.resumed:
            self.totals.before = self.history.spent(begun.name)

    def turns(
        self,
        account: Account,
        waiters: BudgetWaiters,
        providers: Providers,
        told: Callable[[Ended], None],
    ) -> Turns:
        """How its items come to this process, which spends from an account. Raises CodedError."""
        store, queue = self.store, self._queue(account.limits)
        if store is None or queue is None:
            account.spent = self.totals.before
            return Alone(items_of(self.batch), account, waiters)
        host = self.way.helps is None
        self.worker = Worker(store, queue, account, waiters, providers, self.way.lease)
        self.worker.join(host=host)
        all_items = partial(items_of, self.batch)
        return Among(all_items, self.worker, self.history, told if host else None)

    def _queue(self, limits: Limits) -> Queue | None:
        """The queue that it helps with, or opens; none where it goes over the items alone."""
        if self.way.helps is not None:
            return self.way.helps.queue
        store, listing = self.store, self.way.shared
        if store is None or listing is None:
            return None
        made = Queue(store.run.id, Amounts.most(limits), listing)
        before = Amounts.used(self.totals.before)
        again = self.resumed
        store.journal.wait(lambda c: open_queue(c, made, before, again=again))
        return made

    def end(self, account: Account) -> None:
        """Gives back what it holds. A run that is not done stays one to be gone on with. What was
        waited for again, in a batch of a provider's, is of this time and no longer of earlier
        ones."""
        self.history.close()
        if self.resumed and self.worker is None:
            self.totals.before = account.spent - self.totals.usage
        if self.store is None:
            return
        if self.worker is not None:
            self.worker.leave()
        if self.way.helps is None:
            done = self.totals.whole and not (self.resumed and self.totals.left)
            self.store.end(FINISHED if done else PARKED)
        self.store.close()
