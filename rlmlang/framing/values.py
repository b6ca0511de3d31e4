"""The text of a field as a value of its type, whatever JSON, table or words a model wrote it in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rlmlang.context import Datum, fields_of
from rlmlang.framing import repairs as names
from rlmlang.framing import scalars
from rlmlang.framing.align import (
    Lists,
    Reading,
    Structure,
    aligned,
    fields_in,
    is_none,
    lines_of,
    one_of,
    pairs_of,
    same,
)
from rlmlang.framing.json_text import Bare, Loaded, load_at, loaded
from rlmlang.framing.repairs import Repairs
from rlmlang.ir import types as ty
from rlmlang.ir.dates import dated, timed
from rlmlang.ir.types import Type
from rlmlang.unicode import encodable, trimmed

FENCED = re.compile(r"```[^\n`]*\n(.*?)\n?[^\S\n]*```", re.DOTALL)
FENCES = re.compile(r"```[\w+-]*")
RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
CELL = re.compile(r"(?<!\\)\|")
IN_FRONT = re.compile(
    r"[*_`\"]{0,3}([^\W\d]\w{0,40})[*_`\"]{0,3}\s*[:=][*_`]{0,3}\s*(\S.*)", re.DOTALL
)
SAID = re.compile(r"(?:the\s+)?(?:final\s+)?(answer|result|value)\s+is:?\s+(\S.*)", re.IGNORECASE)
BRACKET = re.compile(r"[\[{]")
ANSWERS = frozenset(("answer", "result", "value"))


def value_of(text: str, type_: Type, name: str = "") -> tuple[Datum, tuple[str, ...]]:
    """The value of the field `name`, and the names of the repairs it took. Raises ValueError."""
    done: Repairs = {} if trimmed(text) == text.strip() else {names.DRESSING: None}
    if is_text(type_):
        value: Datum = _text(text, type_, done)
    else:
        value = _valued(_unfenced(trimmed(text), done), type_, name, done)
    return value, tuple(done)


def object_of(text: str, types: Mapping[str, Type]) -> tuple[Mapping[str, Datum], tuple[str, ...]]:
    """The fields of an object in JSON; of one field that is text also a string alone. Raises
    ValueError."""
    done: Repairs = {}
    name, *more = types
    found = candidates(_unfenced(text, done), done)
    if not found:
        raise ValueError("there is no JSON")
    if not more and len(found) == 1 and (isinstance(found[0], str) or found[0] is None):
        return {name: aligned(found[0], types[name], done)}, tuple(done)
    whole = ty.record(*(ty.Field(n, type_) for n, type_ in types.items()))
    value = fields_of(_structure(text, whole, "", done))
    return value, tuple(done)


def wrapped(
    text: str, type_: Type, name: str
) -> tuple[Mapping[str, Datum], tuple[str, ...]] | None:
    """What an object of the field `name` alone holds; None for what is none, or holds no value of
    the type."""
    try:
        (given,) = candidates(_unfenced(text, {}), {})
        alone = isinstance(given, Mapping) and list(given) == [name]
        return object_of(text, {name: type_}) if alone else None
    except ValueError:
        return None


def is_text(type_: Type) -> bool:
    """Whether the whole text of a field is its value."""
    kinds = ty.TreeType | ty.AnyType | ty.JsonType | ty.PromptType | ty.NoneType
    return type_.textual or isinstance(type_, kinds)


def _text(text: str, type_: Type, done: Repairs) -> Datum:
    """Text as it stands; a date or time without dressing. Raises ValueError."""
    bare = trimmed(text)
    whole = encodable(bare)
    if whole != bare:
        done[names.HALVES] = None
    if type_.optional and scalars.says_none(whole):
        if whole not in ("", "null"):
            done[names.NONE] = None
        return None
    match type_.required():
        case ty.DATE:
            return dated(_bare(whole, "date", done))
        case ty.TIME:
            return timed(_bare(whole, "time", done))
    return whole


def _bare(text: str, name: str, done: Repairs) -> str:
    """A date or time without dressing, or words that say that it is the answer."""
    bare = scalars.undressed(_behind_name(text, name, done)).rstrip(".。")
    if bare != text:
        done[names.DRESSING] = None
    return bare


def _unfenced(text: str, done: Repairs) -> str:
    fenced = FENCED.fullmatch(text)
    if fenced is None or "```" in fenced[1]:
        return text
    done[names.FENCE] = None
    return fenced[1].strip()


def _valued(text: str, type_: Type, name: str, done: Repairs) -> Datum:
    """A number, truth, label, list or record."""
    if type_.optional and is_none(text, type_):
        if text != "null":
            done[names.NONE] = None
        return None
    if isinstance(type_, Structure):
        return _structure(text, type_, name, done)
    text = _behind_name(text, name, done)
    if BRACKET.search(text):
        return _structure(text, type_, name, done)
    bare = scalars.undressed(text)
    if isinstance(type_, ty.EnumType):
        return aligned(text, type_, done)
    if bare != text:
        done[names.DRESSING] = None
    return aligned(Bare(bare), type_, done)


def _behind_name(text: str, name: str, done: Repairs) -> str:
    """A value without the field's name in front, or the words that say that it is the answer."""
    for dressed in (text, scalars.undressed(text)):
        match = IN_FRONT.fullmatch(dressed)
        named = match is not None and match[1].casefold() in ANSWERS | {name.casefold()}
        match = match if named else SAID.fullmatch(dressed)
        if match is not None and match[2].count("**") % 2 == 0:
            done[names.NAME] = None
            return match[2].strip()
    return text


def _unwrapped(given: Loaded, type_: Type, name: str, done: Repairs) -> Datum:
    """A value, or the object of one field that holds it."""
    if not isinstance(given, Mapping) or list(given) != [name]:
        return aligned(given, type_, done)

    def wrapped(repairs: Repairs) -> Datum:
        repairs[names.WRAPPED] = None
        return aligned(given[name], type_, repairs)

    return one_of((lambda r: aligned(given, type_, r), wrapped), done)


# ── lists and records ────────────────────────────────────────────────────────


def _structure(text: str, type_: Type, name: str, done: Repairs) -> Datum:
    """A value in JSON, or a list or record in words."""
    found = candidates(text, done)
    if not found and isinstance(type_, Structure):
        return _in_words(text, type_, done)
    if len(found) > 1 and isinstance(type_, Lists) and _only_objects(text, found):
        done[names.OBJECTS] = None
        return [aligned(given, type_.of, done) for given in found]
    readings: list[Reading] = [
        lambda r, g=given: _unwrapped(g, type_, name, r)  # type: ignore[misc]
        for given in found
        if len(found) == 1 or _may_be(given, type_)
    ]
    if len(readings) > 1:
        done[names.TWICE] = None
        _all_agree(readings)
    return one_of(readings, done)


def _may_be(given: Loaded, type_: Type) -> bool:
    """Whether a value beside others is of the kind that is wanted; what says nothing of a record,
    such as a mark `[1]`, is none."""
    inner = type_.of if isinstance(type_, Lists) else type_
    if not isinstance(inner, ty.Fielded):
        return True
    objects = given if isinstance(given, list) else [given]
    return any(isinstance(o, Mapping) and (fields_in(o, inner) or len(o) == 1) for o in objects)


def _all_agree(readings: list[Reading]) -> None:
    values = [same(reading({})) for reading in readings]
    if any(value != values[0] for value in values):
        raise ValueError("there are two values, and only one is wanted")


def candidates(text: str, done: Repairs) -> list[Loaded]:
    """The lists and objects of a text; a text that is JSON as a whole is one. Raises ValueError for
    what is not closed."""
    if text == "null" or text[:1] in ('"', "{", "["):
        try:
            repairs: Repairs = {}
            whole = loaded(text, repairs)
        except ValueError:
            if text[0] == '"':
                return []
        else:
            done |= repairs
            return [whole]
    found, in_words, around, at = [], 0, [], 0
    while (match := BRACKET.search(text, at)) is not None:
        around.append(text[at : match.start()])
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].rstrip()
        given, at = load_at(text, match.start(), done)
        found.append(given)
        in_words += _is_mark(given) and bool(line) and not line.endswith(":")
    around.append(text[at:])
    if found and re.search(r"[\]}]", "".join(around)):
        raise ValueError("the JSON is closed twice")
    if found and (left := " ".join(around).strip()):
        done[names.WORDS if FENCES.sub("", left).strip() else names.FENCE] = None
    return _without_marks(found) if in_words else found


def _without_marks(found: list[Loaded]) -> list[Loaded]:
    """What is more than a mark, where a mark stands in a sentence. Raises ValueError."""
    more = [given for given in found if not _is_mark(given)]
    if not more:
        raise ValueError("a list in a sentence may be a mark")
    return more


def _is_mark(given: Loaded) -> bool:
    """Whether a list could be a mark in a sentence, such as `[1]` or `[sic]`."""
    return isinstance(given, list) and len(given) == 1 and isinstance(given[0], Bare)


def _only_objects(text: str, found: list[Loaded]) -> bool:
    """Whether a text is objects one behind the other, and nothing else."""
    if not all(isinstance(given, Mapping) for given in found):
        return False
    at = 0
    for _ in found:
        start = text.index("{", at)
        if text[at:start].strip(" \t\r\n,"):
            return False
        _, at = load_at(text, start, {})
    return not text[at:].strip(" \t\r\n,")


def _in_words(text: str, type_: Structure, done: Repairs) -> Datum:
    """What is no JSON: a table, lines, or one item."""
    if not text.strip():
        raise ValueError("the field is empty")
    item = type_.of if isinstance(type_, Lists) else type_
    if isinstance(item, ty.Fielded) and "|" in text:
        rows = _table(text)
        done[names.TABLE] = None
        made = [aligned(row, item, done) for row in rows]
        if isinstance(type_, Lists):
            return made
        if len(made) != 1:
            raise ValueError("a table of one row is wanted")
        return made[0]
    if isinstance(type_, ty.Fielded):
        return pairs_of(text, type_, done)
    if isinstance(type_, ty.MapType):
        raise ValueError(f"{type_} is wanted: an object")
    return lines_of(text, type_, done)


def _table(text: str) -> list[Loaded]:
    """The rows of a table in Markdown. Raises ValueError."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if len(lines) < 3 or not RULE.fullmatch(lines[1]) or "|" not in lines[1]:
        raise ValueError("a list or an object is wanted")
    head, *rows = [_cells(line) for line in (lines[0], *lines[2:])]
    if any(len(row) != len(head) for row in rows) or len(set(head)) < len(head):
        raise ValueError("the rows of the table are not as long as its head")
    return [dict(zip(head, row, strict=True)) for row in rows]


def _cells(line: str) -> list[str]:
    bare = line.strip().removeprefix("|")
    if bare.endswith("|") and not bare.endswith("\\|"):
        bare = bare[:-1]
    return [cell.strip().replace("\\|", "|") for cell in CELL.split(bare)]
