"""The fields of a reply: the last complete value after any thinking.

A field begins at its header and ends at the next header or the end marker. Headers and the end
marker may be written as models write them: indented, bold, with other letters, spaces or brackets,
inside a fence. Each such repair is named. A header of a field that was not asked for is a part of a
text. Where two readings are possible, nothing is read: a wrong value is worse than a second call.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rlmlang.framing.markers import names_in, plain_name
from rlmlang.unicode import INVISIBLE

DONE = "completed"
_BLANK = rf"(?:[^\S\n]|[{INVISIBLE}])*+"
_MARK = (
    rf"\[{{1,2}}{_BLANK}\#{{1,3}}{_BLANK}[*_`]{{0,3}}(%s)[*_`]{{0,3}}{_BLANK}\#{{1,3}}"
    rf"{_BLANK}\]{{1,2}}"
)
_ANY = re.compile(_MARK % r"\w+")
_DRESS = re.compile(r":?[*_`]{1,3}:?(?=\s|$)|[*_`]{1,3}|:(?=\s|$)")
_TAG = re.compile(
    r"(?:<(/?)(?:\w+:)?(?:think|thinking|thoughts?|reasoning|antthinking)\s*>|\[(/?)THINK\]"
    r"|◁(/?)think▷|<\|channel\|>(?:analysis|commentary)\s*<\|message\|>"
    r"|(?:<\|end\|>)?(?:<\|start\|>assistant)?<\|channel\|>(final)\s*<\|message\|>"
    r"|<unused94>(?:thought\b)?|<unused(95)>)",
    re.IGNORECASE,
)
_ENDS = frozenset(("/", "final", "95"))
_ABOVE = re.compile(
    rf"(?:^|{_TAG.pattern}){_BLANK}(?P<mark>(?:\#{{1,6}}|[-•]|\d{{1,2}}[.)])[^\S\n]+)?"
    r"(?P<dress>[*_`]{1,3})?$",
    re.IGNORECASE,
)
_AMBIGUOUS = re.compile(r"[#<`◁]|\[/?THINK", re.IGNORECASE)  # in a marker, a tag or a fence
_FENCE = re.compile(r"^[^\S\n]*```[^\n`]*$", re.MULTILINE)


class UnreadableError(ValueError):
    """A reply that does not have the form, or that could be read in two ways."""


class HeadlessError(UnreadableError):
    """A reply that has none of the headers."""


@dataclass(frozen=True)
class Read:
    """The text of each field, and the names of the repairs it took."""

    fields: dict[str, str]
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Mark:
    """A header or an end marker in a reply: where it stands, and whether as it should."""

    name: str
    start: int
    end: int
    exact: bool
    inline: bool = False


def header(name: str) -> str:
    """The header of a field."""
    return f"[[ ## {name} ## ]]"


def read(reply: str, texts: Mapping[str, bool], data: Sequence[str] = ()) -> Read:
    """The fields of a reply. `texts` says of each field whether it is plain text, which may quote
    anything; `data` is what the request showed. Raises UnreadableError."""
    return as_asked(reply, texts) or closely(reply, texts, data)


def closely(reply: str, texts: Mapping[str, bool], data: Sequence[str]) -> Read:
    """The fields of a reply of any form. Raises UnreadableError."""
    return _Reading(reply, texts, data).read()


def as_asked(reply: str, texts: Collection[str]) -> Read | None:
    """The field of a reply in the very form that was asked for, in which nothing can mean anything
    else; None for every other. Most are such, and reading them closely is a tenth of a call."""
    name = next(iter(texts))
    begin, end = header(name), f"\n{header(DONE)}"
    whole = reply.rstrip(" \t\r\n")
    if len(texts) > 1 or name.lower() == DONE:
        return None
    if not (whole.startswith(begin) and whole.endswith(end)):
        return None
    value = whole[len(begin) : -len(end)]
    unsure = _AMBIGUOUS.search(value) or value.startswith((":", "*", "_"))
    return None if unsure else Read({name: value.strip()})


def unframed(reply: str, names: Collection[str]) -> str:
    """A reply without the header it begins with and the end marker it ends with."""
    marks = _marks(reply, tuple(names))
    if marks and marks[0].name != DONE and not reply[: marks[0].start].strip():
        reply = reply[marks[0].end :]
        marks = _marks(reply, tuple(names))
    if marks and marks[-1].name == DONE and not reply[marks[-1].end :].strip():
        reply = reply[: marks[-1].start]
    return reply.strip()


def alone(reply: str, names: Collection[str], data: Sequence[str]) -> Read:
    """A reply without headers as the one field of `names`, its thinking and an end marker left out.
    Raises UnreadableError."""
    return _Reading(reply, dict.fromkeys(names, True), data).alone()


@dataclass
class _Reading:
    """One reply being read."""

    reply: str
    texts: Mapping[str, bool]
    data: Sequence[str]
    repairs: dict[str, None] = field(default_factory=dict)

    def read(self) -> Read:
        marks = _marks(self.reply, tuple(self.texts))
        start = self._after_thinking([m for m in marks if m.name != DONE])
        marks = [m for m in marks if m.start >= start]
        first = next((i for i, m in enumerate(marks) if m.name != DONE), len(marks))
        marks = marks[first:]
        missing = [n for n in self.texts if all(m.name != n for m in marks)]
        if missing:
            words = f"the answer has no field {header(missing[0])}"
            raise (UnreadableError if marks else HeadlessError)(words)
        fenced = _opens_fence(self.reply[start : marks[0].start].rstrip())
        found = {}
        for name, plain in self.texts.items():
            text = self._text_of(name, marks) if plain else self._value_of(name, marks)
            text = self._without_fence(text) if fenced else text.strip()
            found[name] = self._without_thinking(text, plain)
        return Read(found, tuple(self.repairs))

    def alone(self) -> Read:
        tags = [tag for tag in _TAG.finditer(self.reply) if not self._shown(tag.group())]
        text = self.reply.strip()
        if len(tags) == 1 and _closes(tags[0]):
            self._repair("thinking left out")
            text = self.reply[tags[0].end() :].strip()
        elif tags:
            text = self._without_thinking(text, plain=True)
        bare = unframed(text, self.texts)
        if bare != text:
            self._repair("end marker left out")
        unsure = any(not self._shown(tag.group()) for tag in _TAG.finditer(bare))
        if unsure or not bare or self._has_marks(bare):
            raise UnreadableError("the answer cannot be told from what stands around it")
        return Read(dict.fromkeys(self.texts, bare), tuple(self.repairs))

    def _has_marks(self, text: str) -> bool:
        """Whether a marker begins a line, or stands in a text that was shown none of its name."""
        if _marks(text, tuple(self.texts)):
            return True
        found = _pattern(tuple(self.texts)).finditer(text)
        return any(plain_name(m[1]) not in self._named() for m in found)

    # ── thinking ─────────────────────────────────────────────────────────────

    def _after_thinking(self, headers: list[_Mark]) -> int:
        """Where the answer begins: behind the last thinking that all fields follow."""
        start = 0
        for tag in _TAG.finditer(self.reply):
            behind = {m.name for m in headers if m.start >= tag.end()}
            if _closes(tag) and behind >= set(self.texts):
                if any(m.start < tag.start() for m in headers) and self._shown(tag.group()):
                    raise UnreadableError("a field may stand in thinking or in a quotation")
                start = tag.end()
                self._repair("thinking left out")
        first = next((m.start for m in headers if m.start >= start), start)
        for tag in _TAG.finditer(self.reply, start, first):
            if not _closes(tag) and not self.reply[start : tag.start()].rpartition("\n")[2].strip():
                self._refuse_thinking(tag, headers)
        return start

    def _refuse_thinking(self, tag: re.Match[str], headers: list[_Mark]) -> None:
        """Refuses headers in thinking; behind its end may be an answer without any."""
        close = next((t for t in _TAG.finditer(self.reply, tag.end()) if _closes(t)), None)
        if close and not self._shown(close.group()) and headers[-1].end <= close.start():
            raise HeadlessError("the headers stand in the answer's thinking")
        raise UnreadableError("the answer's thinking has no end")

    def _without_thinking(self, text: str, plain: bool) -> str:
        """A field without thinking at its beginning."""
        tag = _TAG.match(text)
        while tag is not None and not _closes(tag):
            close = next((t for t in _TAG.finditer(text, tag.end()) if _closes(t)), None)
            if close is None or (plain and self._shown(close.group())):
                raise UnreadableError("thinking and answer cannot be told apart in the field")
            self._repair("thinking left out")
            text = text[close.end() :].strip()
            tag = _TAG.match(text)
            if not text:
                raise UnreadableError("the field has thinking and no answer")
        left = next((t for t in _TAG.finditer(text)), None)
        if left is not None and _closes(left) and not self._shown(left.group()):
            raise UnreadableError("thinking and answer cannot be told apart in the field")
        return text

    # ── fields ───────────────────────────────────────────────────────────────

    def _text_of(self, name: str, marks: list[_Mark]) -> str:
        """A text: it may quote markers, so it is read whole, or not at all."""
        own = next(m for m in marks if m.name == name)
        later = marks[marks.index(own) + 1 :]
        ends = [m for m in marks if m.name == DONE]
        twice = len({m.name for m in marks}) < len(marks)
        if twice and self._wraps(marks) and len(self.texts) == 1 and self._quotes(later[:-1]):
            self._repair("markers quoted in the text")
            return self._between(own, later[-1])
        if twice and not self._goes_on(marks):
            raise UnreadableError(f"`{name}` can be read in two ways: markers stand there twice")
        if ends and self.reply[ends[0].end :].strip(" \t\r\n`"):
            if DONE in self._named():
                raise UnreadableError(f"`{name}` may quote the end marker or end there")
            self._repair("words behind the end left out")
        return self._between(own, later[0] if later else None)

    def _value_of(self, name: str, marks: list[_Mark]) -> str:
        """A value that is no text, in which no marker can stand: the last one before the end."""
        end = next((i for i, m in enumerate(marks) if m.name == DONE), len(marks))
        found = [self._section(marks, i) for i, m in enumerate(marks) if m.name == name]
        before = [s for i, s in zip(_places(name, marks), found, strict=True) if i < end]
        if not before or (set(found[len(before) :]) - {before[-1]} and not self._goes_on(marks)):
            raise UnreadableError(f"`{name}` stands there twice, with two values")
        if len(set(before)) > 1:
            self._repair("earlier values left out")
        return before[-1]

    def _section(self, marks: list[_Mark], i: int) -> str:
        text = self._between(marks[i], marks[i + 1] if i + 1 < len(marks) else None)
        others = (m.start() for m in _ANY.finditer(text) if _begins_line(text, m.start()))
        return text[: next(others, len(text))].strip()

    def _between(self, own: _Mark, after: _Mark | None) -> str:
        if not own.exact:
            self._repair("header written otherwise")
        if after is None:
            return self.reply[own.end :]
        if after.inline:
            self._repair("end marker on the value's line")
        elif not after.exact:
            self._repair("end marker written otherwise")
        return self.reply[own.end : after.start]

    def _without_fence(self, text: str) -> str:
        """A field without the end of a fence that was opened above its header."""
        text = text.strip()
        fences = list(_FENCE.finditer(text))
        if len(fences) % 2 and text[fences[-1].start() :].strip() == "```":
            text = text[: fences[-1].start()].strip()
        self._repair("fence left out")
        return text

    # ── what speaks for a reading ────────────────────────────────────────────

    def _wraps(self, marks: list[_Mark]) -> bool:
        """Whether a reply is nothing but a header, a value and the end marker."""
        around = self.reply[: marks[0].start] + self.reply[marks[-1].end :]
        return marks[-1].name == DONE and not around.strip()

    def _goes_on(self, marks: list[_Mark]) -> bool:
        """Whether a model, behind its answer, went on with a request and an answer of its own."""
        end = next((i for i, m in enumerate(marks) if m.name == DONE), None)
        if end is None or end + 1 == len(marks) or DONE in self._named():
            return False
        behind = _ANY.match(self.reply[marks[end].end :].lstrip())
        asked = {n.lower() for n in (*self.texts, DONE)}
        once = len({m.name for m in marks[:end]}) == end
        return behind is not None and behind[1].lower() not in asked and once

    def _quotes(self, marks: list[_Mark]) -> bool:
        return {plain_name(m.name) for m in marks} <= self._named()

    def _named(self) -> frozenset[str]:
        return names_in(self.data)

    def _shown(self, tag: str) -> bool:
        return any(tag.lower() in text.lower() for text in self.data)

    def _repair(self, name: str) -> None:
        self.repairs[name] = None


def _closes(tag: re.Match[str]) -> bool:
    return any(sign and sign.lower() in _ENDS for sign in tag.groups())


def _opens_fence(above: str) -> bool:
    """Whether a text ends with the beginning of a fence."""
    fences = list(_FENCE.finditer(above))
    return len(fences) % 2 == 1 and fences[-1].end() == len(above)


def _places(name: str, marks: list[_Mark]) -> list[int]:
    return [i for i, m in enumerate(marks) if m.name == name]


def _begins_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip("*_`# \t\r")


def _marks(reply: str, names: tuple[str, ...]) -> list[_Mark]:
    """The headers of the named fields at the beginning of a line or behind thinking, and the end
    markers there or at the end of a line, in order."""
    found = (_mark(reply, match, names) for match in _pattern(names).finditer(reply))
    return [mark for mark in found if mark is not None]


def _mark(reply: str, match: re.Match[str], names: tuple[str, ...]) -> _Mark | None:
    name = next(n for n in (*names, DONE) if n.lower() == match[1].lower())
    line = reply.rfind("\n", 0, match.start()) + 1
    above = _ABOVE.search(reply[line : match.start()])
    exact = match.group() == header(name)
    if above is not None:
        before = (above["mark"] or "") + (above["dress"] or "")
        dress = _DRESS.match(reply, match.end())
        dress = dress if above["dress"] or (dress and dress.group() == ":") else None
        start = match.start() - len(before)
        return _Mark(
            name, start, dress.end() if dress else match.end(), exact and match.start() == line
        )
    rest = reply[match.end() :].partition("\n")[0].strip("*_` \t\r" + INVISIBLE)
    if name != DONE or rest:
        return None
    dressed = reply[line : match.start()]
    if not dressed.strip("> \t*_`"):
        return _Mark(name, line, match.end(), exact=False)
    return _Mark(name, line + len(dressed.rstrip("*_`")), match.end(), exact, inline=True)


@lru_cache(64)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(_MARK % "|".join(map(re.escape, (*names, DONE))), re.IGNORECASE)
