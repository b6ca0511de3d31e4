"""What one call brings along through the engines, and what it takes back.

An engine is DSPy 3.4's contract: `complete(Request) -> Response`, one attempt, no cache, no retry.
They stand on each other: Reuse, Retry, Gate, Pay, then whatever answers. Everything that is paid
passes through them, whoever asked for it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

import dspy
from dspy.lm15 import Request, Response, TextPart

from rlmlang.budget import Account, Usage
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.protocols import Question, Sending

SETTING = "rlm_slip"


class Engine(Protocol):
    """What answers a request."""

    async def complete(self, request: Request) -> Response:
        """One attempt."""


@dataclass(frozen=True)
class ModelUsage(Usage):
    """Usage with the name of the model, and whether its price is known."""

    model: str = ""
    priced: bool = False


@dataclass
class Slip:
    """One call: whose it is, its account, and what came of it. `row` is where it is kept; `landed`
    is called when the provider has answered, before the answer is kept."""

    account: Account
    role_output: int
    step: str = ""
    item: str = ""
    prompt: str = ""
    attempt: int = 0
    ranges: str = ""
    request: str = ""
    answer: str = ""
    usage: ModelUsage = field(default_factory=ModelUsage)
    row: int = 0
    reused: bool = False
    sending: Sending | None = None
    question: Question | None = None
    landed: Callable[[], None] | None = None


class Stopped(dspy.LMError):  # type: ignore[misc]
    """A coded problem on its way through DSPy, which passes it on unretried."""

    default_code = "stopped"

    def __init__(self, problem: CodedError) -> None:
        super().__init__(str(problem))
        self.problem = problem


_CURRENT: ContextVar[Slip | None] = ContextVar(SETTING, default=None)


def carry(note: Slip | None) -> None:
    """Makes a slip the one of this task."""
    _CURRENT.set(note)


def slip() -> Slip | None:
    """The slip of the call that is being made: this task's, or the one in DSPy's settings, which
    its own threads inherit."""
    found: Slip | None = _CURRENT.get() or dspy.settings.get(SETTING)
    return found


def system_text(request: Request) -> str:
    """The instructions of a request."""
    system = request.system
    return system if isinstance(system, str) else "".join(p.text for p in system or ())


def words_of(response: Response) -> str:
    """What a model said, without its thinking."""
    return "".join(p.text for p in response.message.parts_of(TextPart))


def asked_text(request: Request) -> str:
    """Everything a request says besides its instructions."""
    return "\n\n".join(f"{m.role}: {m.text or ''}" for m in request.messages)


def request_text(request: Request) -> str:
    """Everything a request says, as text."""
    return said(system_text(request), asked_text(request))


def said(system: str, asked: str) -> str:
    """Instructions and the rest as one text."""
    return f"{system}\n\n{asked}" if system else asked
