"""Why a call of a batch has no answer."""

from __future__ import annotations

from dspy import lm15

from rlmlang.trajectory.events import NOT_TAKEN

EXPIRED, CANCELLED, MISSING = "expired", "cancelled", "missing"


class NotInBatchError(lm15.ServerError):  # type: ignore[misc]
    """A call of a batch that brought no answer, and is free: it may be sent again."""

    def __init__(self, why: str, words: str) -> None:
        super().__init__(words, code=NOT_TAKEN)
        self.why = why


class BatchRefusedError(lm15.InvalidRequestError):  # type: ignore[misc]
    """A provider that takes no batch of these calls, however often it is sent."""

    def __init__(self, words: str) -> None:
        super().__init__(words, code=NOT_TAKEN)
