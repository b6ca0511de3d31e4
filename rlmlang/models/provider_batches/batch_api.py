"""What an engine of batches asks of a provider's format."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from dspy.lm15 import Request, Response

from rlmlang.schema.provider_batches import BatchLimits


@dataclass(frozen=True)
class LineProblem:
    """Why a batch was refused: the number of the line from 1, 0 for all; a code, words."""

    line: int
    code: str
    words: str


@dataclass(frozen=True)
class BatchStatus:
    """A batch as its provider shows it: its word for the state, whether it has ended, so many calls
    done and failed; where results are, and why it was refused. What no result tells of was not done
    where `unpaid`."""

    said: str
    ended: bool
    done: int = 0
    failed: int = 0
    files: tuple[str, ...] = ()
    problems: tuple[LineProblem, ...] = ()
    unpaid: bool = False

    @property
    def counts(self) -> tuple[str, int, int]:
        """What may change of it."""
        return self.said, self.done, self.failed


@dataclass(frozen=True)
class BatchLine:
    """What came of one call: the status and body of the answer, or why there is none."""

    key: str
    status: int = 0
    body: bytes = b""
    why: str = ""
    words: str = ""


class WrittenCall(Protocol):
    """A request in a provider's format, and how its answer is read."""

    def data(self) -> bytes:
        """The request as it stands in a batch."""

    def read(self, line: BatchLine) -> Response:
        """The answer in a line. Raises lm15 errors as an endpoint does."""


class BatchApi(Protocol):
    """A provider's batches in its format. Raises lm15 errors as an endpoint does."""

    @property
    def name(self) -> str:
        """The name of the format."""

    @property
    def endpoint(self) -> str:
        """Where it is reached."""

    @property
    def limits(self) -> BatchLimits:
        """What a batch may hold."""

    def call(self, key: str, request: Request) -> WrittenCall:
        """A request under its key."""

    async def create(self, token: str, model: str, lines: Iterable[bytes]) -> str:
        """Makes a batch; gives the provider's name for it."""

    async def find(self, token: str, keys: Sequence[str]) -> str:
        """The name of the batch that was made with a token; empty where there is none."""

    async def look(self, name: str) -> BatchStatus:
        """How far a batch is."""

    def results(self, status: BatchStatus) -> AsyncIterator[BatchLine]:
        """All that a batch has brought, in any order."""

    async def cancel(self, name: str) -> None:
        """Asks for no more of a batch to be done."""

    async def close(self) -> None:
        """Closes the connections."""
