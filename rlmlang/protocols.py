"""Every place where one implementation may stand for another: one Protocol each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from rlmlang.budget import Account, Usage
from rlmlang.context import Context, Datum, Measure
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.calls import CallId
from rlmlang.ir.expressions import Code
from rlmlang.ir.recipe import HostFunction, Prompt
from rlmlang.trajectory.events import Event, Exchange, ToolCalled
from rlmlang.trajectory.provider_batch import ProviderBatch
from rlmlang.value import Json


class Partition(Protocol):
    """A strategy with its arguments. Gives the pieces of a text, a tree or a list in order."""

    def split(self, subject: Any, measure: Measure) -> Iterator[Any]: ...


@runtime_checkable
class Refusing(Protocol):
    """A partition that does not cut everything."""

    def refuse(self, subject: object, measure: Measure) -> None:
        """Raises CodedError for what it does not cut, before it has given a piece."""


class Search(Protocol):
    """A look-up without a model."""

    def search(self, subject: Context, query: str, measure: Measure) -> list[Datum]: ...


@dataclass(frozen=True)
class Sending:
    """A request about to be sent: its key, whose it is, its parts as text, its worst case; `most`
    is how many tokens it may be, of which `images` are those of its images.

    `settings` is JSON of everything besides the text that may change the answer; `ranges` is JSON
    of [document, start, end] that the request shows; `key` is sha256 over settings, text and
    images, of which the text has a reference each. One that is `batched` is sent in a batch of its
    provider's.
    """

    key: bytes
    call: CallId
    prompt: str
    settings: str
    system: str
    asked: str
    worst: Usage
    priced: bool
    ranges: str = ""
    most: int = 0
    images: int = 0
    batched: bool = False


@dataclass(frozen=True)
class Settled:
    """What came of a request: the answer, or a code and reason; what it used; seconds it took;
    how the provider says that the answer ended (DSPy's finish reasons)."""

    answer: str
    usage: Usage
    seconds: float
    code: str = ""
    reason: str = ""
    finish: str = ""


@dataclass(frozen=True)
class StoredAnswer:
    """An answer from the store: its row, the model's words, what it used when it was asked, which
    call that was, and how it ended."""

    row: int
    answer: str
    usage: Usage
    call: CallId
    finish: str = "stop"


class Keeper(Protocol):
    """Keeps requests and answers. Raises CodedError when it can keep no more."""

    def find(self, sending: Sending) -> StoredAnswer | None: ...

    async def reserve(self, sending: Sending) -> StoredAnswer | int: ...

    async def settle(self, row: int, settled: Settled) -> None: ...

    def reuse(self, answer: StoredAnswer, sending: Sending) -> int: ...


class BatchKeeper(Protocol):
    """Keeps which calls wait in which batch. `left` is what is booked for a call of an earlier part
    of the run that waits in one, `batch_of` the batch of such a call's row. `open` keeps a batch
    with the rows of its calls before it is sent. Raises CodedError when it can keep no more."""

    def left(self, key: bytes) -> Usage | None: ...

    def batch_of(self, row: int) -> ProviderBatch | None: ...

    async def open(self, batch: ProviderBatch, rows: Sequence[int]) -> ProviderBatch: ...

    async def note(self, batch: ProviderBatch) -> None: ...


@dataclass(frozen=True)
class Chat:
    """A request of a function of the user's: its messages, each with its role, the last of them
    the user's; None leaves a setting as the recipe's model has it."""

    messages: Sequence[tuple[str, str]]
    system: str = ""
    temperature: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True)
class ChatReply:
    """What came of one: the answer's text, or the `words` that say why there is none; `ends` where
    nothing more is sent."""

    text: str | None = None
    words: str = ""
    ends: bool = False


@dataclass(frozen=True)
class BoundModel:
    """A model of the run for a function of the user's, which takes it at a `place` among its
    arguments. When `left` nobody waits for the function any more."""

    place: int
    ask: Callable[[Chat], ChatReply]
    left: Callable[[], bool]


class HostCode(Protocol):
    """Calls functions of the user's."""

    def __call__(self, code: Code, args: list[Datum], model: BoundModel | None = None) -> Datum:
        """What one gives, which is of its type. Raises CodedError."""


@dataclass(frozen=True)
class Host:
    """What a module that answers a prompt may ask of the run: why a value would not be taken, empty
    where it would; what a function of the user's gives; a sandbox for code that its model writes.
    `ran` takes what came of such code: the call that wrote it, the code, its seconds. It is `plain`
    where a function answers, which reads a model's own words."""

    problem: Callable[[Datum], str]
    code: HostCode
    sandbox: Callable[[], Sandbox]
    ran: Callable[[CallId, str, CellResult, float], None]
    plain: bool = False


@dataclass(frozen=True)
class Question:
    """One prompt put to one item, in one attempt, with what inputs; `tell` takes the events of its
    requests, `within` the tokens of each before it is sent. It raises NoAnswerError for more than
    the plan allows. `host` is there where a module answers."""

    call: CallId
    prompt: Prompt
    inputs: Mapping[str, Datum]
    account: Account
    refused: Refused | None = None
    ranges: str = ""
    part: str = ""
    tell: Callable[[Event], None] = lambda event: None
    within: Callable[[int], None] = lambda tokens: None
    host: Host | None = None

    @property
    def predictor(self) -> str:
        """The name of the predictor that is asked."""
        return f"{self.call.step}.{self.part}" if self.part else self.call.step


@dataclass(frozen=True)
class Reply:
    """A prompt's answer: the value, the model's own words, and the exchange that brought it; how
    many field markers its request showed escaped, and the repairs that reading it took. `shown` are
    the inputs that a module's requests held as a whole."""

    value: Datum
    raw: str
    exchange: Exchange
    escaped: int = 0
    repairs: tuple[str, ...] = ()
    shown: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Refused:
    """Why an earlier answer was not taken: the answer and the reason, shown to the model; the code
    of an answer that is not whole, about which the model cannot be told anything."""

    answer: str
    reason: str
    code: str = ""


Submit = Callable[[Sequence[Datum], Mapping[str, Datum]], Datum]
"""Takes what a cell submits; gives the value, or raises ValueError with words for the model."""


class GoesOn(Exception):  # noqa: N818, it is no mistake
    """A submission was taken, and its cell is run to the end: what it leaves is wanted."""


@dataclass(frozen=True)
class CellResult:
    """What came of a cell: what it printed, the error it ended with and its kind (syntax,
    unsupported, python, resource, crash), or the value it submitted; `fresh` when its sandbox was
    lost and another stands in its place, as it was before the cell. `tier` is where it ran,
    `ranges` are the bytes that it read through handles."""

    output: str = ""
    error: str = ""
    kind: str = ""
    submitted: bool = False
    value: Datum = None
    fresh: bool = False
    tier: str = ""
    ranges: tuple[tuple[str, int, int], ...] = ()


class Sandbox(Protocol):
    """Runs code that a model wrote, cell after cell.

    `open` takes values of any size, of which large ones become handles, and gives what a model is
    told of each. Nothing that others could wait for is held while a
    host function runs. `missing_features` tells a model what this Python has not.
    """

    @property
    def missing_features(self) -> str: ...

    async def open(
        self,
        values: Mapping[str, Datum],
        host: Mapping[str, object],
        submit: Submit,
    ) -> Mapping[str, str]: ...

    async def run(self, code: str) -> CellResult: ...

    async def close(self) -> None: ...


class ToolError(Exception):
    """A function outside of the sandbox has failed: its words are for the model, `frames` are the
    lines of it that led there, for the user."""

    def __init__(self, words: str, frames: Sequence[str] = ()) -> None:
        super().__init__(words)
        self.frames = tuple(frames)


class ToolHost(Protocol):
    """Functions that code of a sandbox may call and that run outside of it, and what they gave in
    an earlier part of the run.

    `described` is a function as its server describes it; `version` says what it is made of, where
    that can be known. `check` raises TypeError, with words for the model, for arguments that are
    not of their types, `call` ToolError. When `keep` returns, the events so far are on disk.
    """

    def described(self, function: HostFunction) -> HostFunction: ...

    def version(self, function: HostFunction) -> str: ...

    def check(self, function: HostFunction, arguments: Mapping[str, Datum]) -> None: ...

    async def call(self, function: HostFunction, arguments: Mapping[str, Datum]) -> Json: ...

    def kept(self, key: str) -> ToolCalled | None: ...

    async def keep(self) -> None: ...


class NoAnswerError(CodedError):
    """A request that brings no answer however often it is sent, while others do."""


class Asker(Protocol):
    """Calls models. Raises AnswerError for an answer that cannot be read, NoAnswerError when this
    one request brings none, CodedError when no model can be asked or the budget is spent."""

    async def ask(self, question: Question) -> Reply: ...


class AnswerError(Exception):
    """A model's answer that could not be read as what was asked for. `reply` has what it cost;
    `code` says which kind of answer it is where it is not whole."""

    def __init__(self, reason: str, reply: Reply, code: str = "") -> None:
        super().__init__(reason, reply, code)
        self.reason, self.reply, self.code = reason, reply, code

    def __str__(self) -> str:
        return self.reason
