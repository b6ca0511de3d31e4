"""What a run reaches models through. A recipe that asks none gets by with `Models` itself, which
does nothing; `asking.AskedModels` is imported, and DSPy with it, for those that do."""

from __future__ import annotations

from collections.abc import Sequence

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.protocols import Question, Reply, Sending


class Models:
    """The models of a run, of which there are none."""

    @property
    def problem(self) -> CodedError | None:
        """Why nothing more is sent."""
        return None

    @property
    def missed(self) -> Sequence[Sending]:
        """Requests that had no kept answer where only those may be used."""
        return ()

    @property
    def sent(self) -> int:
        """How many requests are on their way."""
        return 0

    @property
    def in_batches(self) -> int:
        """How many wait in batches of their provider's, which go on without the run."""
        return 0

    @property
    def unanswered(self) -> int:
        """How many requests were sent and brought no answer."""
        return 0

    def open(self) -> None:
        """Finds the ways to them. Raises CodedError where one is missing."""

    async def ask(self, question: Question) -> Reply:
        """An answer, as `Asker` has it. Raises LookupError: nothing in the plan asks."""
        raise LookupError(f"{question.call} asks a model that the plan does not know")

    def stop(self, problem: CodedError) -> None:
        """Sends nothing new."""

    async def drain(self, seconds: float) -> None:
        """Lets what is on its way finish, so long at most."""

    async def close(self) -> None:
        """Closes the connections."""
