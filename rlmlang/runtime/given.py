"""Values from outside, of the command line, `rlm.toml`, the environment, examples and programs, as
parameters take them: one reader, so that one mistake is told in one way wherever it was made."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import PurePath
from typing import cast

from rlmlang import plugins
from rlmlang.context import Datum, Rows, Slice, Tree, as_slice
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, Label, failed
from rlmlang.diagnostics.source import Place
from rlmlang.ir import types as ty
from rlmlang.ir.dates import with_dates
from rlmlang.ir.expressions import Param
from rlmlang.ir.kinds import is_images, labels_of
from rlmlang.ir.quotes import is_cut
from rlmlang.ir.types import Type
from rlmlang.runtime.python_images import images_given
from rlmlang.runtime.python_values import from_python
from rlmlang.runtime.values import misfit
from rlmlang.sources.place import Place as Location
from rlmlang.sources.place import kind_at
from rlmlang.sources.values import MismatchError, converter
from rlmlang.unicode import flaw

NOTHING = ("", "null", "none")
DATED = ("Date", "Time")
GROUPED = re.compile(r"[+-]?\d[\d_]*(?:\.\d[\d_]*)?")
SHOWN = 40


@dataclass(frozen=True)
class Origin:
    """Where a value comes from, in words, and where its parameter stands. One that may be a secret
    is not `shown`."""

    words: str
    place: Place | None = None
    shown: bool = True


def from_text(text: str, param: Param, origin: Origin) -> Datum:
    """A text as a value of a parameter's type: text as it is, lists and records as JSON, of an
    optional one `none`, `null` and nothing as none. Raises CodedError (wrong-input)."""
    refuse_halves(text, param.name)
    type_ = param.type
    if isinstance(type_, ty.TreeType):
        raise wrong(param, origin, "is a Tree", f"--source {param.name}=FOLDER")
    if is_images(type_):
        raise wrong(param, origin, f"is {type_}, which is read from files", of_files(param))
    if is_cut(type_):
        return as_slice(param.name, text)
    if isinstance(type_, ty.TextType) and type_.word not in DATED:
        return None if type_.optional and not text else text
    return from_plain(_read(text.strip(), param, origin), param, origin)


def open_path(path: str, type_: Type) -> Datum:
    """A path as what a parameter's type asks for."""
    return plugins.opened(kind_at(path, type_), Location(path, type_))


def of_files(param: Param) -> str:
    """How images are given on the command line."""
    where = "PHOTOS" if param.type.is_list else "PHOTO.png"
    return f"--source {param.name}={where}"


def from_program(value: object, name: str, type_: Type) -> Datum:
    """A value of a program, as the recipe takes it. Raises CodedError (wrong-input)."""
    if is_images(type_):
        return images_given(value, name, type_, open_path)
    found = from_python(value, name)
    if isinstance(found, PurePath):
        return open_path(str(found), type_)
    if isinstance(found, Slice | Tree | Rows):
        held: Datum = found  # type: ignore[assignment]
        return held
    refuse_halves(found, name)
    if words := misfit(found, type_):
        hint = f"Path({found!r:.40}) is a place to read from" if isinstance(found, str) else ""
        raise failed("wrong-input", f"`{name}` is no {type_}: {words}", hint=hint)
    if isinstance(found, list) and ty.is_documents(type_):
        return [as_slice(f"{name}[{n}]", text) for n, text in enumerate(found, 1)]
    if isinstance(found, str) and is_cut(type_):
        return as_slice(name, found)
    return _with_dates(found, Param(name, type_))


def from_value(value: Datum, name: str, type_: Type) -> Datum:
    """A value of an example or the command line's, as the recipe takes it. Raises CodedError
    (wrong-input)."""
    refuse_halves(value, name)
    if isinstance(value, list) and ty.is_documents(type_):
        texts = enumerate(value, 1)
        return [as_slice(f"{name}[{n}]", x) if isinstance(x, str) else x for n, x in texts]
    if value is None or not isinstance(value, str):
        return _with_dates(value, Param(name, type_))
    if isinstance(type_, ty.TreeType) or ty.is_documents(type_) or is_images(type_):
        return open_path(value, type_)
    if is_cut(type_):
        return as_slice(name, value)
    text = type_.textual and type_.required() not in (ty.DATE, ty.TIME)
    return value if text else from_text(value, Param(name, type_), Origin(f"`{name}`"))


def _with_dates(value: Datum, param: Param) -> Datum:
    """A value whose dates and times are some. Raises CodedError (wrong-input)."""
    try:
        return cast("Datum", with_dates(value, param.type))
    except ValueError as mistake:
        raise wrong(param, Origin(f"`{param.name}`"), str(mistake)) from None


def from_plain(value: object, param: Param, origin: Origin) -> Datum:
    """A value of JSON or TOML as one of a parameter's type, with the rules for values of rows.
    Raises CodedError (wrong-input)."""
    refuse_halves(value, param.name)
    if isinstance(value, str) and is_cut(param.type):
        return as_slice(param.name, value)
    try:
        made = _converted(value, param)
    except MismatchError as mistake:
        raise wrong(param, origin, str(mistake)) from None
    except RecursionError:
        raise wrong(param, origin, "nests too deep") from None
    if words := misfit(made, param.type):
        raise wrong(param, origin, words.replace("it ", f"`{param.name}` ", 1))
    return made


def _converted(value: object, param: Param) -> Datum:
    """The value by the rules of rows; of a list, the item that has none is named."""
    if not isinstance(param.type, ty.Listed) or not isinstance(value, list):
        found: Datum = converter(param.type, param.name)(value)  # type: ignore[arg-type]
        return found
    of, made = converter(param.type.of), []
    for number, item in enumerate(value, 1):
        try:
            made.append(of(item))
        except MismatchError as mistake:
            colon = ":" if str(mistake).startswith("`") else ""
            raise MismatchError(f"item {number:,} of `{param.name}`{colon} {mistake}") from None
    return made


def _read(text: str, param: Param, origin: Origin) -> object:
    """What a text says, as JSON would have it."""
    match param.type:
        case _ if param.type.optional and text.lower() in NOTHING:
            return None
        case ty.IntType() | ty.FloatType() if GROUPED.fullmatch(text):
            return text.replace("_", "")
        case ty.EnumType() if not text.startswith('"'):
            return text
        case ty.IntType() | ty.FloatType() | ty.BoolType() | ty.TextType():
            return text
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as mistake:
        words = (
            "nests too deep"
            if isinstance(mistake, RecursionError)
            else f"that is no JSON: {mistake}"
        )
        raise wrong(param, origin, words) from None


def _finite(text: str) -> float:
    """A number. Raises ValueError for what is none, or too large to be one."""
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(f"{text} is no number")
    return found


def plain(value: object) -> object:
    """A value of TOML as JSON would have it: dates and times as text."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


def refuse_halves(value: object, name: str) -> None:
    """Raises CodedError (wrong-input) for text that UTF-8 cannot hold: it could be neither sent nor
    kept, and what was given is never changed unasked."""
    if words := flaw(value):
        raise CodedError(
            Diagnostic(
                "wrong-input",
                f"the text given for `{name}` {words}",
                hint="give it as UTF-8; in Python, text.encode('utf-16', 'surrogatepass')"
                ".decode('utf-16', 'replace') puts U+FFFD in place of halves",
            )
        )


def wrong(param: Param, origin: Origin, words: str, hint: str = "") -> CodedError:
    """The problem of a value that is not of its parameter's type. What may be a secret is not
    repeated."""
    said = f"{origin.words}: {words}" if origin.shown else f"{origin.words} is no {param.type}"
    return CodedError(
        Diagnostic(
            "wrong-input",
            said,
            (Label(origin.place, str(param.type)),) if origin.place is not None else (),
            hint=hint or how(param.type),
        )
    )


def how(type_: Type) -> str:
    """How a value of a type is written outside of a recipe."""
    match type_:
        case ty.EnumType():
            return f"one of: {', '.join(labels_of(type_))}"
        case ty.BoolType():
            return "true or false"
        case ty.IntType():
            return "a whole number, such as 12"
        case ty.FloatType():
            return "a number, such as 0.5"
        case ty.TextType("Date"):
            return "a day of the calendar, such as 2026-11-30"
    if is_images(type_):
        return "images are given as files, with --source"
    if isinstance(type_, ty.Listed | ty.Fielded):
        return "lists and records are given as JSON"
    return f"{type_} is given as text"
