"""What one call brings along through the engines, and what it takes back.

An engine is DSPy 3.4's contract: `complete(Request) -> Response`, one attempt, no cache, no retry.
They stand on each other: CacheEngine, RetryEngine, RateLimited, LedgerEngine, then what
answers. Everything that is paid passes through them, whoever asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

import dspy
from dspy.lm15 import ImagePart, Message, Request, Response, TextPart

from rlmlang.budget import Account
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.images import Image, from_bytes, not_local
from rlmlang.ir.calls import CallId
from rlmlang.protocols import BatchKeeper, Question, Sending
from rlmlang.trajectory.events import NOTHING, CallFailed, CallStarted, Event, Exchange

SETTING = "rlm_call"
SENT = "an image of a request"


class Engine(Protocol):
    """What answers a request."""

    async def complete(self, request: Request) -> Response:
        """One attempt."""


@dataclass(frozen=True)
class InBatch:
    """A call that goes in a batch: the key of its request, what keeps in which one it is; it is
    told `on_sent` when it is put into one, and is put into none unless it is still `wanted`."""

    key: bytes
    keeper: BatchKeeper
    on_sent: Callable[[], None]
    wanted: Callable[[], bool]


@dataclass
class CallContext:
    """One call: whose it is, its account, and what came of it. `on_response` is called when the
    provider has answered, before the answer is kept; `within` with the tokens of a request before
    it is sent, and raises CodedError for too many. `row` is where its request is kept; `in_batch`
    is there for one that goes in a batch."""

    account: Account
    declared_output: int
    call: CallId
    prompt: str = ""
    ranges: str = ""
    exchange: Exchange = NOTHING
    sending: Sending | None = None
    question: Question | None = None
    on_response: Callable[[], None] | None = None
    tell: Callable[[Event], None] = lambda event: None
    within: Callable[[int], None] = lambda tokens: None
    row: int = 0
    in_batch: InBatch | None = None

    def started(self, row: int) -> None:
        """Tells that its request is being sent."""
        self.row = row
        self.tell(CallStarted(call=self.call, prompt=self.prompt, row=row))

    def failed(self, code: str, reason: str = "") -> None:
        """Tells that its last request failed, and is not the last word."""
        self.tell(
            CallFailed(
                call=self.call, prompt=self.prompt, code=code, reason=reason, **vars(self.exchange)
            )
        )


class Stopped(dspy.LMError):  # type: ignore[misc]
    """A coded problem on its way through DSPy, which passes it on unretried."""

    default_code = "stopped"

    def __init__(self, problem: CodedError) -> None:
        super().__init__(str(problem))
        self.problem = problem


_CURRENT: ContextVar[CallContext | None] = ContextVar(SETTING, default=None)


def set_context(context: CallContext | None) -> None:
    """Makes a context the one of this task."""
    _CURRENT.set(context)


def get_context() -> CallContext | None:
    """The context of the call that is being made: this task's, or the one in DSPy's settings, which
    its own threads inherit."""
    found: CallContext | None = _CURRENT.get() or dspy.settings.get(SETTING)
    return found


def system_text(request: Request) -> str:
    """The instructions of a request."""
    system = request.system
    return system if isinstance(system, str) else "".join(p.text for p in system or ())


def words_of(response: Response) -> str:
    """What a model said, without its thinking."""
    return "".join(p.text for p in response.message.parts_of(TextPart))


def asked_text(request: Request, images: Sequence[Image] | None = None) -> str:
    """Everything a request says besides its instructions, with a reference for each image;
    `images` are those of the request where they are known. Raises CodedError as `images_in`."""
    left = iter(images_in(request) if images is None else images)
    return "\n\n".join(f"{m.role}: {_written(m, left)}" for m in request.messages)


def _written(message: Message, images: Iterator[Image]) -> str:
    if (text := message.text) is not None:
        return str(text)
    kinds = TextPart | ImagePart
    parts = (p for p in message.parts if isinstance(p, kinds))
    return "".join(p.text if isinstance(p, TextPart) else str(next(images)) for p in parts)


def text_of(message: Message) -> str:
    """The text of a message, without its images."""
    text = message.text
    return "".join(p.text for p in message.parts_of(TextPart)) if text is None else str(text)


def images_in(request: Request) -> list[Image]:
    """The images of a request. Raises CodedError (image-not-local, image-too-large,
    image-unreadable) for one that nobody here could count."""
    parts = (p for m in request.messages if m.text is None for p in m.parts_of(ImagePart))
    return [_image(part) for part in parts]


def _image(part: ImagePart) -> Image:
    if part.data is None:
        raise not_local(str(part.url or part.file_id or part.path), SENT)
    return from_bytes(part.bytes, SENT)


def request_text(request: Request) -> str:
    """Everything a request says, as text."""
    return said(system_text(request), asked_text(request))


def said(system: str, asked: str) -> str:
    """Instructions and the rest as one text."""
    return f"{system}\n\n{asked}" if system else asked
