"""Every place where one implementation may stand for another: one Protocol each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rlmlang.budget import Usage
from rlmlang.context import Measure, Slice


class Partition(Protocol):
    """A strategy with its arguments. Gives the pieces of a text, a tree or a list in order."""

    def split(self, subject: Any, measure: Measure) -> Iterator[Any]: ...


class Search(Protocol):
    """A look-up without a model."""

    def search(self, subject: Any, query: str, measure: Measure) -> list[Slice]: ...


@dataclass(frozen=True)
class Reply:
    """A prompt's answer: the value, the model's own words, and what it used."""

    value: Any
    raw: str
    usage: Usage
    prompt_text: str = ""


@dataclass(frozen=True)
class Refused:
    """Why an earlier answer was not taken: the answer and the reason, shown to the model."""

    answer: str
    reason: str


class Asker(Protocol):
    """Calls models. Raises AnswerError for an answer that cannot be read; CodedError when the
    model cannot be reached or the budget is spent."""

    async def ask(
        self, step: str, prompt: Any, inputs: Mapping[str, Any], scope: Any, refused: Refused | None
    ) -> Reply: ...


class AnswerError(Exception):
    """A model's answer that could not be read as what was asked for."""

    def __init__(self, reason: str, raw: str) -> None:
        super().__init__(reason)
        self.reason, self.raw = reason, raw
