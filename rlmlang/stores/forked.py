"""The answers of a run that goes on from a point of another: before the point those of that run,
call by call, at it perhaps one that a person gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rlmlang.ir.calls import CallId
from rlmlang.protocols import Sending, Settled, StoredAnswer
from rlmlang.stores.store import Store


@dataclass(frozen=True)
class ForkedKeeper:
    """A store in which calls `before` the point have the answers of the other run, whose rows are
    in `rows`, also where the model or the prompt has changed since; what they show must be what it
    was. `given` are answers by hand."""

    store: Store
    rows: Mapping[CallId, int]
    before: Callable[[CallId], bool]
    given: Mapping[CallId, str]

    def find(self, sending: Sending) -> StoredAnswer | None:
        """The answer that a call is to have, if it is not to be asked. Raises CodedError."""
        call = sending.call
        if (text := self.given.get(call.again(0))) is not None:
            return self.store.give(sending, text)
        if call in self.rows and self.before(call.again(0)):
            found = self.store.answer_in(self.rows[call], sending)
            if found is not None:
                return found
        return self.store.find(sending)

    async def reserve(self, sending: Sending) -> StoredAnswer | int:
        """As the store's."""
        return await self.store.reserve(sending)

    async def settle(self, row: int, settled: Settled) -> None:
        """As the store's."""
        await self.store.settle(row, settled)

    def reuse(self, answer: StoredAnswer, sending: Sending) -> int:
        """As the store's."""
        return self.store.reuse(answer, sending)
