"""What `code` functions are called with: `from rlmlang.code import Doc, Model, Slice`.

Documents and pieces are text, a `str` with fields, and not an object that holds one: most functions
read them as text (`re`, `in`, `len`, `+`, `json`), and those that need no place need not know of
this module. What is made of one (`piece.strip()`) is plain text and has no place. The module
imports only the standard library, since the process that runs code imports it and nothing else of
rlmlang.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Slice(str):
    """A piece of a document, as the text that a model would be shown. Given back as it is, it is
    the same piece, with its place.

    `text` is its own text, without the heading and neighbours that it may be shown with. `path` is
    that of its document as the source names it, `part` which piece of it as `2 of 3` (empty for a
    whole one), `range` its first byte and the one behind its last, `line` the line it begins in,
    from 1, `size` its bytes. A piece of several documents has no path, range or line of its own:
    they are empty, (0, 0) and 0.

    A test may make one: `Slice("a text", path="a.md")`.
    """

    text: str
    path: str = ""
    part: str = ""
    range: tuple[int, int] = (0, 0)
    line: int = 0
    size: int = 0
    number: int = field(default=-1, init=False)
    """What it is given back as; -1 for one that code has made."""

    def __new__(cls, text: str, *_: object, **__: object) -> Self:
        """The text itself; the fields are set behind it."""
        return str.__new__(cls, text)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, schema: Callable[[type], object]
    ) -> object:
        """A text, to pydantic and to DSPy, which would show the fields of a data class."""
        return schema(str)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rstrip("/").rpartition("/")[2]


class Doc(Slice):
    """A document, or a part of one that is too large to be asked about whole; its fields are those
    of a piece."""

    __slots__ = ()


ROLES = ("user", "assistant")
MOST_HEAT = 2  # of a temperature, whose model may allow less


class NoAnswer(Exception):  # noqa: N818, it is what code catches by name
    """A model gave no answer that is whole: it was cut off, filtered or declined."""


class AskedTooMuch(BaseException):
    """No more is sent: the calls of the function or the budget are spent, or the model cannot be
    asked. No `except Exception` catches it, and the run says what it was."""


class Model:
    """A model of the recipe, whose calls are the run's: `ask("Who keeps the key?")` is an answer's
    text. A test may give its function any other callable in this one's place."""

    def __init__(self, sends: Callable[..., Mapping[str, object]]) -> None:
        self._sends = sends

    def __call__(
        self,
        text: str,
        *,
        system: str = "",
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> str:
        """The model's answer to a text. What is asked at a temperature is another draw each time;
        `max_tokens` may be less than the recipe allows, and never more.

        Raises NoAnswer for an answer that is not whole, and TypeError for what is no text.
        """
        return self.chat([("user", text)], system, temperature, max_tokens)

    def chat(
        self,
        messages: Sequence[tuple[str, str]],
        system: str = "",
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> str:
        """The same for messages of `user` and `assistant` in turn, the last of the user's."""
        texts = [(role, text) for role, text in messages]
        if not all(isinstance(x, str) for x in (system, *(text for _, text in texts))):
            raise TypeError("a model is asked with a text, and `system` is one")
        if not texts or any(role not in ROLES for role, _ in texts):
            raise ValueError(f"there is a message, and each is of {' or '.join(ROLES)}")
        if temperature is not None and not 0 <= temperature <= MOST_HEAT:
            raise ValueError(f"a temperature is a number from 0 to {MOST_HEAT}")
        if max_tokens is not None and (not isinstance(max_tokens, int) or max_tokens < 1):
            raise ValueError("`max_tokens` is a whole number, 1 or more")
        said = self._sends(
            messages=[[role, str(text)] for role, text in texts],
            system=str(system),
            temperature=temperature,
            max_tokens=max_tokens,
        )
        if said["text"] is not None:
            return str(said["text"])
        raise AskedTooMuch(said["words"]) if said["ends"] else NoAnswer(said["words"])
