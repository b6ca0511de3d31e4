"""One batch from its making to its last line, or from where an earlier process left it.

Its states are on disk before anything depends on them: NEW with the rows of its calls before it is
made, SENT with the provider's name before it is looked at, READ when every line was given on. One
that was made in the moment of a kill is found among the provider's by its token.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from dspy import lm15

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.models.engines.call_context import Stopped
from rlmlang.models.engines.not_in_batch import (
    CANCELLED,
    EXPIRED,
    MISSING,
    BatchRefusedError,
)
from rlmlang.models.engines.retry import coded
from rlmlang.models.provider_batches.batch_api import (
    BatchApi,
    BatchLine,
    BatchStatus,
    LineProblem,
)
from rlmlang.models.provider_batches.clock import Clock, Pace
from rlmlang.models.provider_batches.waiting import Waiting, error_of, left_behind
from rlmlang.protocols import BatchKeeper
from rlmlang.trajectory.events import NOT_TAKEN, BatchChanged
from rlmlang.trajectory.provider_batch import LOST, READ, SENT, ProviderBatch

AGAIN = (lm15.ServerError, lm15.TimeoutError, lm15.TransportError, lm15.RateLimitError)
FULL = ("token_limit", "enqueued", "queue_full")
"""What is in the code of a refusal for the tokens that an account has queued already."""
TURN = 256


class Engine(Protocol):
    """What a batch asks of the engine that follows it."""

    api: BatchApi
    pace: Pace
    clock: Clock
    max_wait: float
    most: int

    def add(self, waiting: Waiting) -> None:
        """Puts a call into the next batch."""

    def forget(self, number: int) -> None:
        """Follows a batch no more."""


@dataclass
class Followed:
    """A batch and the calls that wait for it, by their keys. One that was `found` in the store has
    calls that come one after another, as the run that goes on asks them."""

    engine: Engine
    batch: ProviderBatch
    keeper: BatchKeeper
    calls: dict[str, Waiting]
    found: bool = False
    added: float = 0.0
    order: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.order = list(self.calls)

    def take(self, waiting: Waiting) -> None:
        """A call that an earlier process has put into it."""
        waiting.put()
        self.calls[waiting.key] = waiting
        self.added = self.engine.clock.now()

    async def run(self) -> None:
        """All that is to be done. What goes wrong is told to the calls."""
        try:
            if self.batch.state == LOST or not await self._made():
                await self._again()
                return
            await self._read(await self._ended())
        except lm15.LM15Error as mistake:
            self._fail(Stopped(left_behind(self.batch, coded(mistake))))
        except CodedError as problem:
            self._fail(Stopped(problem))
        except Exception as mistake:
            self._fail(mistake)
        finally:
            self.engine.forget(self.batch.id)

    # ── making ───────────────────────────────────────────────────────────────

    async def _made(self) -> bool:
        """Has it made unless it was. Not for one that an earlier process wrote down and the
        provider does not know."""
        if self.batch.name:
            return True
        name = await self._sought() if self.found else await self._created()
        if name:
            await self._note(replace(self.batch, name=name, state=SENT))
        return bool(name)

    async def _sought(self) -> str:
        """The name of one that was made in the moment of a kill, looked for twice: what was sent in
        that moment may be known a little later."""
        await self._settled_down()
        for last in (False, True):
            if (name := await self._patient_find()) or last:
                return name
            await self.engine.clock.sleep(self.engine.pace.poll)
        return ""

    async def _patient_find(self) -> str:
        for pause in self._pauses():
            try:
                return await self.engine.api.find(self.batch.token, list(self.calls))
            except AGAIN:
                await self.engine.clock.sleep(pause)
        raise lm15.TransportError("the provider does not say which batches it has")

    async def _created(self) -> str:
        """The name of the batch that is made. One whose answer was lost is looked for first."""
        api, pauses = self.engine.api, self._pauses()
        lines = self._lines
        while True:
            try:
                return await api.create(self.batch.token, self.batch.model, lines())
            except AGAIN as mistake:
                problem = mistake
            except lm15.LM15Error as mistake:
                await self._refuse(mistake)
                return ""
            pause = next(pauses, None)
            if pause is None:
                raise problem
            await self.engine.clock.sleep(pause)
            if name := await self._patient_find():
                return name

    def _lines(self) -> Iterator[bytes]:
        for key in self.order:
            yield self.calls[key].call.data()

    def _pauses(self) -> Iterator[float]:
        """Pauses until a provider that does not answer is given up."""
        until = self.engine.clock.now() + self.engine.max_wait
        for pause in self.engine.pace.pauses():
            if self.engine.clock.now() >= until:
                return
            yield pause

    async def _refuse(self, mistake: lm15.LM15Error) -> None:
        """The provider takes no batch of these calls: nothing was made, nothing is paid."""
        await self._note(replace(self.batch, state=LOST, said="refused"))
        problem = coded(mistake).diagnostic
        for waiting in self.calls.values():
            key = isinstance(mistake, lm15.AuthError | lm15.BillingError)
            made = type(mistake)(str(mistake), code=NOT_TAKEN) if key else None
            waiting.fail(made or BatchRefusedError(problem.message))
        self.calls.clear()

    # ── waiting ──────────────────────────────────────────────────────────────

    async def _ended(self) -> BatchStatus:
        """The last state. Nothing that passes over makes it give up: what waits is paid for."""
        for pause in self.engine.pace.pauses():
            try:
                status = await self.engine.api.look(self.batch.name)
            except AGAIN:
                await self.engine.clock.sleep(pause)
                continue
            if status.counts != (self.batch.said, self.batch.done, self.batch.failed):
                said, done, failed = status.counts
                await self._note(replace(self.batch, said=said, done=done, failed=failed))
            if status.ended:
                return status
            await self.engine.clock.sleep(pause)
        raise AssertionError("pauses have no end")

    async def _settled_down(self) -> None:
        """Waits until no more calls of an earlier process come."""
        wait = self.engine.pace.wait if self.found else 0.0
        while (rest := self.added + wait - self.engine.clock.now()) > 0:
            await self.engine.clock.sleep(rest)

    # ── reading ──────────────────────────────────────────────────────────────

    async def _read(self, status: BatchStatus) -> None:
        """Gives each call its line, and says of those that have none why."""
        await self._settled_down()
        if status.said == "failed" and status.problems and not status.files:
            await self._rejected(status.problems)
            return
        while True:
            before = list(self.calls)
            lines = await self._all_lines(status)
            self._without_line(status, lines, [k for k in before if k in self.calls])
            if not self.calls:  # nobody came while it was read
                break
        self.engine.forget(self.batch.id)
        await self._note(replace(self.batch, state=READ))

    async def _all_lines(self, status: BatchStatus) -> int:
        """Gives on what the results hold; gives how many lines there were. What breaks off is read
        again from its beginning."""
        for pause in self._pauses():
            count = 0
            try:
                async for line in self.engine.api.results(status):
                    count += 1
                    if (waiting := self.calls.pop(line.key, None)) is not None:
                        waiting.give(line)
                    if count % TURN == 0:
                        await asyncio.sleep(0)
                return count
            except AGAIN:
                await self.engine.clock.sleep(pause)
        raise lm15.TransportError(f"the results of {self.batch.name} cannot be read")

    def _without_line(self, status: BatchStatus, lines: int, keys: list[str]) -> None:
        """A call of which no result tells is free where the provider says that it was not done;
        else nobody knows, and its worst case is charged."""
        why = {"expired": EXPIRED, "cancelled": CANCELLED}.get(status.said, MISSING)
        free = status.unpaid or status.done + status.failed <= lines
        words = f"{self.batch.name} is {status.said}, and has no line of this call"
        for waiting in map(self.calls.pop, keys):
            if free:
                waiting.give(BatchLine(waiting.key, why=why, words=words))
            else:
                waiting.fail(lm15.ServerError(words))

    async def _rejected(self, problems: tuple[LineProblem, ...]) -> None:
        """The whole file was refused: for what some lines say, for what is queued, or for good."""
        if any(word in p.code for p in problems for word in FULL):
            await self._later()
            return
        await self._note(replace(self.batch, state=LOST))
        at = {self.order[p.line - 1]: p for p in problems if 0 < p.line <= len(self.order)}
        words = "; ".join(dict.fromkeys(p.words or p.code for p in problems))[:300]
        for key, waiting in self.calls.items():
            if key in at:
                waiting.give(BatchLine(key, 400, error_of(at[key])))
            elif at or any(p.line for p in problems):
                others = f"another line was refused: {words}"
                waiting.give(BatchLine(key, why=MISSING, words=others))
            else:
                waiting.fail(BatchRefusedError(f"the provider refuses the batch: {words}"))
        self.calls.clear()

    async def _later(self) -> None:
        """As many tokens are queued as the account may have: half as many calls go, after a pause.
        One call by itself is sent again and again, as others may take what there is."""
        await self._note(replace(self.batch, state=LOST))
        self.engine.most = max(1, min(self.engine.most, len(self.calls)) // 2)
        await self.engine.clock.sleep(self.engine.pace.poll * 4)
        await self._again()

    async def _again(self) -> None:
        """Puts the calls into other batches; their rows stay theirs."""
        await self._settled_down()
        if self.batch.state != LOST:
            await self._note(replace(self.batch, state=LOST))
        calls, self.calls = list(self.calls.values()), {}
        for waiting in calls:
            waiting.sent = False
            self.engine.add(waiting)

    # ── telling ──────────────────────────────────────────────────────────────

    async def _note(self, batch: ProviderBatch) -> None:
        """Keeps a change, then tells it to the runs that have calls in it."""
        self.batch = replace(batch, changed=time.time())
        heard = dict.fromkeys(w.tell for w in self.calls.values())
        await self.keeper.note(self.batch)
        for tell in heard:
            tell(self._event())

    def _event(self) -> BatchChanged:
        b = self.batch
        return BatchChanged(
            batch=b.name,
            model=b.model,
            state=b.state,
            said=b.said,
            calls=b.calls,
            done=b.done,
            failed=b.failed,
        )

    def _fail(self, mistake: Exception) -> None:
        for waiting in self.calls.values():
            waiting.fail(mistake)
        self.calls.clear()
