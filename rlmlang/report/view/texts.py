"""The texts of a page, up to a limit: answers before requests, problems before the rest; what all
requests of a prompt have in common stands there once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from rlmlang.report.evidence import REMEMBERED
from rlmlang.report.view.calls import CallTable
from rlmlang.trajectory.events import CallFailed, CallFinished
from rlmlang.value import Json

LONGEST = 20_000
"""Characters of a text on a page that has a limit."""
IN_A_BLOCK = 250
LEAST_COMMON = 80


@dataclass(frozen=True)
class Limit:
    """How many characters of requests and answers a page holds; None for all of them."""

    most: int | None

    @property
    def none(self) -> bool:
        """Whether it holds no text at all."""
        return self.most == 0

    def of_each(self, several: int) -> Limit:
        """The part of each of several runs."""
        return self if self.most is None else Limit(self.most // max(1, several))


@dataclass
class Common:
    """What the requests of a prompt begin and end with, by the first two of them."""

    first: str
    told: tuple[str, str] | None = None

    def of(self, text: str) -> tuple[str, str]:
        """The common beginning and end of all requests, once there is a second one."""
        if self.told is None:
            same = _shared(self.first, text)
            head = same[: same.rfind("\n") + 1]
            self.told = head, _shared(self.first[len(head) :][::-1], text[len(head) :][::-1])[::-1]
        return self.told


def _shared(one: str, other: str) -> str:
    """What two texts begin with alike."""
    both = enumerate(zip(one, other, strict=False))
    return one[: next((at for at, (a, b) in both if a != b), min(len(one), len(other)))]


@dataclass
class Texts:
    """The texts of a run's attempts, by their numbers: answers, requests, and why an answer was not
    taken. `answered` are all that were looked at, also those for which there was no room."""

    limit: Limit
    redact: Callable[[str], str]
    read: Callable[[int], tuple[str, str]]
    left: int = 0
    answers: dict[int, Json] = field(default_factory=dict)
    requests: dict[int, Json] = field(default_factory=dict)
    reasons: dict[int, Json] = field(default_factory=dict)
    templates: list[Json] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    whole: bool = True
    _common: dict[str, Common] = field(default_factory=dict)
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(
        self,
        table: CallTable,
        seen: Callable[[CallFinished, str], None],
        empty: Callable[[str], bool],
    ) -> None:
        """Takes what there is room for. `seen` is told of each answer that was looked at, `empty`
        says whether an answer says nothing."""
        attempts = [a for _, a in table.attempts]
        of_call = [c for c, _ in table.attempts]
        self.left = self.limit.most or 0
        self.whole = self.limit.most is None
        for number, attempt in enumerate(attempts[: None if self.whole else REMEMBERED]):
            answer = self.read(attempt.row)[1] if attempt.row else attempt.answer
            if isinstance(attempt, CallFinished):
                seen(attempt, answer)
                if empty(answer):
                    self.empty.append(of_call[number])
            self._answer(number, attempt, answer)
        for number in self._order(attempts):
            if not self.whole and self.left <= 0:
                return
            attempt = attempts[number]
            request = self.read(attempt.row)[0] if attempt.row else attempt.request
            self._request(number, attempt.prompt, request)

    @staticmethod
    def _order(attempts: Sequence[CallFinished | CallFailed]) -> Iterator[int]:
        """Attempts that failed first, the others as they were made."""
        failed = [isinstance(a, CallFailed) for a in attempts]
        yield from (n for n, bad in enumerate(failed) if bad)
        yield from (n for n, bad in enumerate(failed) if not bad)

    def _answer(self, number: int, attempt: CallFinished | CallFailed, answer: str) -> None:
        reason = attempt.reason if isinstance(attempt, CallFailed) else ""
        for text, place in ((answer, self.answers), (reason, self.reasons)):
            if text and self._room(len(text), (self.limit.most or 0) // 2):
                place[number] = self._short(self.redact(text))

    def _request(self, number: int, prompt: str, request: str) -> None:
        request = self.redact(request)
        known = self._common.setdefault(prompt, Common(request))
        head, tail = known.of(request) if known.first is not request else ("", "")
        shared = len(head) + len(tail)
        fits = shared <= len(request) and request.startswith(head) and request.endswith(tail)
        if not fits or shared < LEAST_COMMON:
            head = tail = ""
        middle = request[len(head) : len(request) - len(tail)]
        if self._room(len(middle)):
            self.requests[number] = [self._template(head, tail), self._short(middle)]

    def _template(self, head: str, tail: str) -> int:
        if (head, tail) not in self._numbers:
            self._numbers[head, tail] = len(self.templates)
            self.templates.append([head, tail])
        return self._numbers[head, tail]

    def _room(self, size: int, kept_free: int = 0) -> bool:
        """Takes room for a text, if there is some beyond what is kept free for others."""
        size = size if self.whole else min(size, LONGEST)
        if not self.whole and self.left - size < kept_free:
            return False
        self.left -= size
        return True

    def _short(self, text: str) -> str:
        """A text as the page has it."""
        if self.whole or len(text) <= LONGEST:
            return text
        return f"{text[:LONGEST]}\n… and {len(text) - LONGEST:,} more characters"

    def blocks(self) -> dict[str, Json]:
        """The texts by the block that they stand in: answers are wanted together, requests one by
        one."""
        answers: dict[str, Json] = {
            "answers": {str(n): text for n, text in self.answers.items()},
            "reasons": {str(n): text for n, text in self.reasons.items()},
            "templates": self.templates,
        }
        found: dict[str, Json] = {"texts": answers}
        for block in sorted({n // IN_A_BLOCK for n in self.requests}):
            mine = {n: t for n, t in self.requests.items() if n // IN_A_BLOCK == block}
            found[f"requests-{block}"] = {str(n): text for n, text in mine.items()}
        return found
