"""JSON as models write it: with comments, other quotes, bare names, commas too many or too few.

What is not closed is never closed here, and a quote inside a string that could end it ends nothing:
both are refused. Numbers keep their text, since a version `1.10` is no number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rlmlang.framing import repairs as names
from rlmlang.framing.backslashes import kept
from rlmlang.framing.repairs import Repairs

DEEPEST = 64
CLOSERS = {'"': '"', "'": "'", "“": "”", "”": "”", "„": "“”", "‘": "’", "’": "’"}
SPACE = re.compile(r"(?:\s|\ufeff|//[^\n]*|\#[^\n]*|/\*.*?\*/)*", re.DOTALL)
BEHIND = re.compile(r"\s*(?:[,:}\]]|//|\#|/\*|$)")
BARE = re.compile(r"[+\-−]?\.?\w(?:[\w.+\-]*\w)?\.?(?![\w.])")
WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
PYTHON_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\(?:x[0-9a-fA-F]{2}|U[0-9a-fA-F]{8})")


@dataclass(frozen=True, slots=True)
class Bare:
    """A number, or a word without quotes, as it was written."""

    text: str


Loaded: TypeAlias = "str | Bare | bool | Sequence[Loaded] | Mapping[str, Loaded] | None"
"""What JSON says, its numbers as text."""


def loaded(text: str, done: Repairs) -> Loaded:
    """The one value of a text. Raises ValueError for none, for more, and for what is not closed."""
    try:
        return _strict(text, done)
    except ValueError:
        found, end = load_at(text, 0, done)
    if text[space_end(text, end) :]:
        raise ValueError("there is more than one value, or words behind it")
    return found


def load_at(text: str, start: int, done: Repairs) -> tuple[Loaded, int]:
    """The value that begins at a place, and where it ends. Raises ValueError."""
    reader = _Reader(text, start, done)
    found = reader.value(0)
    return found, reader.at


def space_end(text: str, at: int) -> int:
    """Where white space and comments end."""
    match = SPACE.match(text, at)
    return match.end() if match else at


def _strict(text: str, done: Repairs) -> Loaded:
    if PYTHON_ESCAPE.search(text):
        raise ValueError("an escape of another language")
    whole = kept(text)
    try:
        found: Loaded = json.loads(
            whole,
            parse_int=Bare,
            parse_float=Bare,
            parse_constant=Bare,
            object_pairs_hook=_pairs,
        )
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None
    if whole != text:
        done[names.BACKSLASHES] = None
    return found


def _pairs(found: Sequence[tuple[str, Loaded]]) -> dict[str, Loaded]:
    out: dict[str, Loaded] = {}
    for key, inner in found:
        if out.setdefault(key, inner) != inner:
            raise ValueError(f"`{key[:40]}` stands there twice, with two values")
    return out


@dataclass
class _Reader:
    """A text being read."""

    text: str
    at: int
    done: Repairs

    def value(self, depth: int) -> Loaded:
        self._skip()
        sign = self.text[self.at : self.at + 1]
        if depth > DEEPEST:
            raise ValueError("the JSON is nested too deep")
        if sign == "{":
            return self._object(depth)
        if sign == "[":
            return self._list(depth)
        return self._string() if sign in CLOSERS else self._bare()

    def _object(self, depth: int) -> Loaded:
        found: list[tuple[str, Loaded]] = []
        self.at += 1
        while not self._closed("}"):
            key = self._key()
            self._skip()
            self._expect(":")
            found.append((key, self.value(depth + 1)))
            self._comma("}", apart=True)
        return _pairs(found)

    def _list(self, depth: int) -> Loaded:
        found: list[Loaded] = []
        self.at += 1
        while not self._closed("]"):
            found.append(self.value(depth + 1))
            self._comma("]", apart=False)
        return found

    def _closed(self, sign: str) -> bool:
        self._skip()
        if self.at >= len(self.text):
            raise ValueError("the JSON is not closed")
        if self.text[self.at] != sign:
            return False
        self.at += 1
        return True

    def _comma(self, sign: str, *, apart: bool) -> None:
        """A comma, the end, or, between the fields of an object, the end of a line."""
        before = self.at
        self._skip()
        now = self.text[self.at : self.at + 1]
        if now == ",":
            self.at += 1
            self._skip()
            if self.text[self.at : self.at + 1] == sign:
                self._mended()
        elif now != sign:
            if not now:
                raise ValueError("the JSON is not closed")
            if not apart or "\n" not in self.text[before : self.at]:
                raise ValueError(f"a comma is missing before {self.text[self.at :][:20]!r}")
            self._mended()

    def _key(self) -> str:
        if self.text[self.at : self.at + 1] in CLOSERS:
            return self._string()
        found = BARE.match(self.text, self.at)
        if found is None:
            raise ValueError(f"no field begins at {self.text[self.at :][:20]!r}")
        self.at = found.end()
        self._mended()
        return found.group()

    def _string(self) -> str:
        """A string; one that is not in plain quotes ends only where something may follow."""
        opening, start = self.text[self.at], self.at + 1
        at = start
        while at < len(self.text):
            sign = self.text[at]
            if sign == "\\":
                at += 1
            elif sign in CLOSERS[opening] and (opening == '"' or BEHIND.match(self.text, at + 1)):
                self.at = at + 1
                return self._unescaped(self.text[start:at], opening)
            at += 1
        raise ValueError("a string is not closed")

    def _unescaped(self, inner: str, opening: str) -> str:
        if PYTHON_ESCAPE.search(inner):
            raise ValueError(r"an escape \x may be one or text: write \\ for a backslash")
        plain = re.sub(r"\\(.)|(\")", _plain_quotes, inner, flags=re.DOTALL)
        whole = kept(f'"{plain}"')
        if whole != f'"{plain}"':
            self.done[names.BACKSLASHES] = None
        if opening != '"' or plain != inner or "\n" in inner:
            self._mended()
        found: str = json.loads(whole, strict=False)
        return found

    def _bare(self) -> Loaded:
        found = BARE.match(self.text, self.at)
        if found is None:
            raise ValueError(f"no value begins at {self.text[self.at :][:20]!r}")
        self.at, word = found.end(), found.group()
        if word not in ("true", "false", "null") and not word[-1].isdigit():
            self._mended()
        return WORDS[word] if word in WORDS else Bare(word)

    def _skip(self) -> None:
        end = space_end(self.text, self.at)
        if self.text[self.at : end].strip():
            self._mended()
        self.at = end

    def _expect(self, sign: str) -> None:
        if self.text[self.at : self.at + 1] != sign:
            raise ValueError(f"`{sign}` is missing before {self.text[self.at :][:20]!r}")
        self.at += 1

    def _mended(self) -> None:
        self.done[names.JSON] = None


def _plain_quotes(match: re.Match[str]) -> str:
    """An escape of JSON; an escaped apostrophe as it is, a plain quote escaped."""
    if match[2]:
        return '\\"'
    return "'" if match[1] == "'" else match.group()
