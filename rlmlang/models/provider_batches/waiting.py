"""A call that waits for its batch, and what is said to it."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.models.engines.call_context import InBatch
from rlmlang.models.engines.not_in_batch import NotInBatchError
from rlmlang.models.provider_batches.batch_api import BatchApi, BatchLine, LineProblem, WrittenCall
from rlmlang.trajectory.events import Event
from rlmlang.trajectory.provider_batch import ProviderBatch


@dataclass(eq=False)
class Waiting:
    """A call of a run that waits for its line; its request is kept in a `row`, and what becomes of
    its batch is told to `tell`."""

    call: WrittenCall
    model: str
    mine: InBatch
    row: int
    tell: Callable[[Event], None]
    future: asyncio.Future[BatchLine]
    sent: bool = False

    @property
    def key(self) -> str:
        """Its name in a batch."""
        return self.mine.key.hex()

    def put(self) -> None:
        """It is in a batch from now on."""
        self.sent = True
        self.mine.on_sent()

    def give(self, line: BatchLine) -> None:
        """Its line has come."""
        if not self.future.done():
            self.future.set_result(line)

    def fail(self, mistake: Exception) -> None:
        """None will come."""
        if not self.future.done():
            self.future.set_exception(mistake)


def new_batch(api: BatchApi, calls: list[Waiting]) -> ProviderBatch:
    """A batch of these calls, with a token of our own."""
    now, model = time.time(), calls[0].model
    return ProviderBatch(
        0,
        secrets.token_hex(16),
        api.name,
        api.endpoint,
        model,
        calls=len(calls),
        made=now,
        changed=now,
    )


def never_sent() -> NotInBatchError:
    """What is said to a call that no batch has."""
    return NotInBatchError("stopped", "the run was stopped before it was sent")


def left_behind(batch: ProviderBatch, why: CodedError) -> CodedError:
    """The problem of calls whose batch goes on, while it cannot be asked."""
    return failed(
        "batch-unreachable",
        f"batch {batch.name or batch.token} cannot be asked for: {why.diagnostic.message}",
        reason="It goes on at the provider, and what it brings is kept for a day at least.",
        hint="mend that, and run the same command again: it is waited for, and not paid twice",
    )


def error_of(problem: LineProblem) -> bytes:
    """A reason as the body of a refusal."""
    said = {"error": {"code": problem.code, "message": problem.words}}
    return json.dumps(said).encode()
