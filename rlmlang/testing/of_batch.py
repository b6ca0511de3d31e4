"""What tests of a batch may speak of: its items and its price. Nothing is run."""

from __future__ import annotations

from rlmlang.batch.items import items_of, survey
from rlmlang.batch.price import price_of
from rlmlang.batch.way import Way
from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.suite import Batch
from rlmlang.runtime.prepared import Options


def of_batch(batch: Batch, home: str, trust: bool) -> dict[str, Datum]:
    """The names and outputs of all items, and what they may take at worst; `home` is the file whose
    project they would be run in. Raises CodedError for items that cannot be gone over, or run."""
    options = Options(store=None, unattended=True, alone=True, trust=trust, home=home)
    count = survey(batch).count
    price = price_of(batch, Way(options, batch.at_once), count)
    for _, problem in price.unfit:
        raise CodedError(problem)
    items, worst = list(items_of(batch)), price.totals.worst
    usd = worst.usd.exact() if worst.usd is not None else None
    return {
        "items": count,
        "names": [item.name for item in items],
        "outputs": [item.output for item in items],
        "calls": worst.calls.value() or 0,
        "tokens": (worst.tokens_in + worst.tokens_out).value() or 0,
        "usd": float(usd or 0),
    }
