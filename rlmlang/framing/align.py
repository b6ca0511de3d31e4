"""What JSON says as a value of a type: a field in other letters, one for a list, a label in bold.

Where a value could be of the type in two ways, it is of neither: ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeAlias, assert_never

from rlmlang.context import Datum, fields_of, text_of
from rlmlang.framing import repairs as names
from rlmlang.framing import scalars
from rlmlang.framing.json_text import Bare, Loaded, loaded
from rlmlang.framing.repairs import Repairs
from rlmlang.framing.untyped import anything, encoded
from rlmlang.framing.untyped import same as same
from rlmlang.ir import types as ty
from rlmlang.ir.dates import dated, timed
from rlmlang.ir.kinds import labels_of
from rlmlang.ir.types import Type

Reading = Callable[[Repairs], Datum]
NEAR = 0.75
Lists: TypeAlias = ty.ListType | ty.TableType | ty.BatchType
Structure: TypeAlias = Lists | ty.Fielded | ty.MapType


def aligned(given: Loaded, type_: Type, done: Repairs) -> Datum:
    """The value. Raises ValueError."""
    if type_.optional and is_none(given, type_):
        if given is not None:
            done[names.NONE] = None
        return None
    match type_:
        case ty.TextType("Date" | "Time" as word):
            return (timed if word == "Time" else dated)(_text(_unpacked(given, done), done))
        case ty.TextType() | ty.TreeType() | ty.ImageType() | ty.PromptType() | ty.NoneType():
            return _text(_unpacked(given, done), done)
        case ty.AnyType() | ty.JsonType():
            return anything(given, done)
        case ty.IntType() | ty.FloatType() | ty.BoolType() | ty.EnumType():
            return _scalar(_unpacked(given, done), type_, done)
        case ty.ListType() | ty.TableType() | ty.BatchType():
            return _list(given, type_, done)
        case ty.RecordType() | ty.PairType():
            return _record(given, type_, done)
        case ty.MapType():
            return _map(given, type_, done)
    assert_never(type_)


def one_of(readings: Sequence[Reading], done: Repairs) -> Datum:
    """The value that all readings that succeed agree in. Raises ValueError."""
    found: list[tuple[Datum, Repairs]] = []
    problem = ValueError("there is no value")
    for reading in readings:
        repairs: Repairs = {}
        try:
            found.append((reading(repairs), repairs))
        except ValueError as mistake:
            problem = mistake
    if not found:
        raise problem
    if any(same(found[0][0]) != same(value) for value, _ in found):
        raise ValueError("it can be read in two ways")
    done |= found[0][1]
    return found[0][0]


def plain_key(key: str) -> str:
    """A field's name without dressing, blanks, hyphens and capitals."""
    return re.sub(r"[\W_]+", "", key).casefold()


# ── one value ────────────────────────────────────────────────────────────────


def is_none(given: Loaded, type_: Type) -> bool:
    """Whether a value says none, in a type that may be none; a label of that name is a label."""
    if given is None:
        return True
    text = given.text if isinstance(given, Bare) else given
    if not isinstance(text, str) or text in labels_of(type_):
        return False
    if scalars.plain_label(text) in map(scalars.plain_label, labels_of(type_)):
        return False
    return scalars.says_none(text, scalars.SURELY if type_.textual else scalars.NOTHING)


def _unpacked(given: Loaded, done: Repairs) -> Loaded:
    """The item of a list of one."""
    if isinstance(given, list) and len(given) == 1:
        done[names.UNPACKED] = None
        return _unpacked(given[0], done)
    return given


def _text(given: Loaded, done: Repairs) -> str:
    if isinstance(given, Bare):
        if not re.search(r"\d", given.text):
            raise ValueError(f"a text is wanted, and {given.text[:40]} has no quotes")
        done[names.NUMBER_AS_TEXT] = None
        return given.text
    if not isinstance(given, str):
        raise ValueError(f"a text is wanted, not {_kind(given)}")
    return encoded(given, done)


def _scalar(given: Loaded, type_: Type, done: Repairs) -> Datum:
    if isinstance(given, bool):
        given = _truth_for(given, type_)
        if isinstance(given, bool):
            return given
    if isinstance(given, Bare):
        return of_text(given.text, type_, done)
    if not isinstance(given, str):
        raise ValueError(f"{type_} is wanted, not {_kind(given)}")
    if isinstance(type_, ty.IntType | ty.FloatType):
        done[names.NUMBER] = None
    return of_text(given, type_, done)


def _truth_for(given: bool, type_: Type) -> Loaded:
    if isinstance(type_, ty.BoolType):
        return given
    if isinstance(type_, ty.EnumType):
        return "true" if given else "false"
    raise ValueError("a number is wanted, not a truth")


def of_text(text: str, type_: Type, done: Repairs) -> Datum:
    """A number, truth or label in words. Raises ValueError."""
    if isinstance(type_, ty.EnumType):
        return scalars.label(text.strip(), type_.labels, done)
    if isinstance(type_, ty.BoolType):
        return scalars.truth(text, done)
    return scalars.number(text, done, whole=isinstance(type_, ty.IntType))


def _kind(given: Loaded) -> str:
    if given is None:
        return "none"
    if isinstance(given, bool):
        return "a truth"
    if isinstance(given, str | Bare):
        return "a text"
    return "an object" if isinstance(given, Mapping) else "a list"


# ── lists ────────────────────────────────────────────────────────────────────


def _list(given: Loaded, type_: Lists, done: Repairs) -> Datum:
    if isinstance(given, Mapping):
        return one_of((lambda r: _alone(given, type_, r), lambda r: _inside(given, type_, r)), done)
    if isinstance(given, list):
        return [aligned(v, type_.of, done) for v in given]
    if given is None:
        done[names.EMPTY] = None
        return []
    if isinstance(given, str):
        if given.lstrip()[:1] in ("[", "{"):
            return _in_string(given, type_, done)
        return lines_of(given, type_, done)
    return _alone(given, type_, done)


def _alone(given: Loaded, type_: Lists, done: Repairs) -> Datum:
    done[names.ALONE] = None
    return [aligned(given, type_.of, done)]


def _inside(given: Mapping[str, Loaded], type_: Structure, done: Repairs) -> Datum:
    """The value of an object that holds nothing else."""
    if len(given) != 1 or not isinstance(inner := next(iter(given.values())), list | dict):
        raise ValueError(f"{type_} is wanted, not an object")
    done[names.WRAPPED] = None
    return aligned(inner, type_, done)


def _in_string(given: str, type_: Structure, done: Repairs) -> Datum:
    inner = loaded(given, done)
    if isinstance(inner, str):
        raise ValueError("it is a text in a text")
    done[names.STRING] = None
    return aligned(inner, type_, done)


BULLET = re.compile(r"\s*(?:[-*•+–]|\(?\d{1,3}[.)])\s+(\S.*)")
QUOTES = "\"'“”‘’`"
SEVERAL = re.compile(r"[,;|\n\[\]{}\"/]|\band\b|\bor\b|&")


def lines_of(text: str, type_: Lists, done: Repairs) -> Datum:
    """A list in words: bullets, labels or numbers with commas between, or one item alone."""
    of, lines = type_.of, [line for line in text.strip().splitlines() if line.strip()]
    if scalars.says_none(text, scalars.SURELY) and text.strip():
        done[names.EMPTY] = None
        return []
    bullets = [BULLET.fullmatch(line) for line in lines]
    if lines and all(bullets):
        done[names.LINES] = None
        return [aligned(_unquoted(m[1].strip(), of), of, done) for m in bullets if m]
    if isinstance(of, Lists):
        raise ValueError(f"{type_} is wanted: a list of lists")
    if not of.textual and len(lines) > 1:
        done[names.LINES] = None
        return [aligned(_single(line), of, done) for line in lines]
    if not of.textual and re.search(r",\s|;", text):
        parts = re.split(r",\s+|;\s*", text.strip())
        done[names.LINES] = None
        return [aligned(_single(part), of, done) for part in parts]
    if not text.strip() or SEVERAL.search(undotted := text.strip()):
        raise ValueError(f"{type_} is wanted: a list")
    return _alone(undotted, type_, done)


def _single(part: str) -> str:
    if "," in part:
        raise ValueError("commas stand in numbers or between them")
    return part


def _unquoted(text: str, type_: Type) -> str:
    """A text in lines, which has no quotes around it: they may be its own."""
    if type_.textual and len(text) > 1 and text[0] in QUOTES and text[-1] in QUOTES:
        raise ValueError("quotes around a text in lines may be its own")
    return text


# ── maps ──────────────────────────────────────────────────────────────────────


def _map(given: Loaded, type_: ty.MapType, done: Repairs) -> Datum:
    """An object, or a list of objects with `key` and `value`, as a schema asks for it."""
    if isinstance(given, str) and given.lstrip()[:1] in ("[", "{"):
        return _in_string(given, type_, done)
    if isinstance(given, Mapping):
        return {encoded(k, done): aligned(v, type_.of, done) for k, v in given.items()}
    if not isinstance(given, list):
        raise ValueError(f"{type_} is wanted, not {_kind(given)}")
    entry = ty.record(ty.Field("key", ty.TEXT), ty.Field("value", type_.of))
    found: dict[str, Datum] = {}
    for each in (fields_of(_record(x, entry, done)) for x in given):
        if (key := text_of(each["key"])) in found:
            raise ValueError(f"`{key}` stands there twice")
        found[key] = each["value"]
    return found


# ── records ──────────────────────────────────────────────────────────────────


def _record(given: Loaded, type_: ty.Fielded, done: Repairs) -> Datum:
    given = _unpacked(given, done)
    if isinstance(given, str):
        if given.lstrip()[:1] in ("[", "{"):
            return _in_string(given, type_, done)
        return pairs_of(given, type_, done)
    if not isinstance(given, Mapping):
        raise ValueError(f"{type_} is wanted, not {_kind(given)}")
    if not fields_in(given, type_) and (given or not _all_optional(type_)):
        return _inside(given, type_, done)
    return _fields(given, type_, done)


def fields_in(given: Mapping[str, object], type_: ty.Fielded) -> dict[str, list[str]]:
    """The keys of an object that mean a field, by field."""
    known = {f.name for f in type_.fields}
    found: dict[str, list[str]] = {}
    for key in given:
        meant = [key] if key in known else _meant(key, type_)
        for name in meant:
            found.setdefault(name, []).append(key)
    return found


def _meant(key: str, type_: ty.Fielded) -> list[str]:
    return [f.name for f in type_.fields if plain_key(key) and plain_key(f.name) == plain_key(key)]


def _all_optional(type_: ty.Fielded) -> bool:
    return all(f.type.optional for f in type_.fields)


def _fields(given: Mapping[str, Loaded], type_: ty.Fielded, done: Repairs) -> Datum:
    keys = fields_in(given, type_)
    for f in type_.fields:
        own = keys.get(f.name, [])
        if len(own) > 1 or any(
            k in keys.get(g.name, ()) for k in own for g in type_.fields if g != f
        ):
            raise ValueError(f"`{f.name}` can be read in two ways: it stands there twice")
        if own and own[0] != f.name:
            done[names.KEY] = None
    others = [k for k in given if all(k not in own for own in keys.values())]
    if others:
        done[names.EXTRA] = None
    return {f.name: _field(given, f, keys, others, done) for f in type_.fields}


def _field(
    given: Mapping[str, Loaded],
    f: ty.Field,
    keys: Mapping[str, Sequence[str]],
    others: Sequence[str],
    done: Repairs,
) -> Datum:
    if f.name in keys:
        try:
            return aligned(given[keys[f.name][0]], f.type, done)
        except ValueError as mistake:
            raise ValueError(f"`{f.name}`: {mistake}") from None
    if not f.type.optional:
        raise ValueError(f"`{f.name}` is missing")
    near = get_close_matches(plain_key(f.name), map(plain_key, others), 1, NEAR)
    if near:
        raise ValueError(f"`{f.name}` is missing, or it is `{near[0]}`")
    return None


PAIR = re.compile(
    r"\s*(?:[-*•+]\s+)?[*_`\"]{0,3}([^\W\d][\w -]{0,60}?)[*_`\"]{0,3}\s*[:=][*_]{0,3}\s*(.*)"
)


def pairs_of(text: str, type_: ty.Fielded, done: Repairs) -> Datum:
    """A record in lines, each `name: value`. Raises ValueError."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    found: dict[str, Loaded] = {}
    for line in lines:
        match = PAIR.fullmatch(line)
        if match is None or not fields_in({match[1]: ""}, type_):
            raise ValueError(f"{type_} is wanted: an object of its fields")
        if match[1] in found:
            raise ValueError(f"`{match[1]}` stands there twice")
        meant = fields_in({match[1]: ""}, type_)
        of = next(f.type for f in type_.fields if f.name in meant)
        found[match[1]] = _unquoted(match[2].strip(), of)
    done[names.PAIRS] = None
    return _fields(found, type_, done)
