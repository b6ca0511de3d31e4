"""The text of a field as a value of its type.

What DSPy reads is read as DSPy does. Before that come repairs with one possible meaning (a label in
other letters, a number in bold), and refusals of what would be read as something else: JSON that is
not closed, and backslashes that JSON takes for line feeds and form feeds.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

import pydantic
from dspy.adapters.utils import parse_value

from rlmlang.context import Datum
from rlmlang.program.backslashes import kept

FENCED = re.compile(r"```[^\n`]*\n(.*?)\n?[^\S\n]*```", re.DOTALL)
DRESSED = re.compile(r"(\*{1,3}|_{1,3}|`|\"|')(.+)\1", re.DOTALL)
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
LABEL = "label written otherwise"
DRESSING = 200  # characters of a label or number with all that may stand around it
PAIRS = {"[": "]", "{": "}"}
Made: TypeAlias = "Datum | pydantic.BaseModel | Sequence[Made]"
"""What pydantic makes of an answer."""


def value_of(text: str, annotation: object) -> tuple[Made, tuple[str, ...]]:
    """The value, and the names of the repairs it took. Raises ValueError."""
    if annotation is str:
        return text, ()
    wanted = _required(annotation)
    if get_origin(wanted) is Literal:
        label = _label(text, wanted)
        return parse_value(label, annotation), () if label == text else (LABEL,)
    if wanted in (bool, int, float):
        bare = _bare(text, wanted)
        return parse_value(bare, annotation), () if bare == text else ("dressing left out",)
    return _structure(text, annotation)


def _structure(text: str, annotation: object) -> tuple[Made, tuple[str, ...]]:
    """A list or a record."""
    fenced = FENCED.fullmatch(text.strip())
    given = fenced.group(1) if fenced else text
    bare = kept(given)
    try:
        found = _loaded(bare)
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None
    made = aligned(found, annotation)
    value = _validator(annotation).validate_python(made)
    repairs = {"backslashes kept": bare != given, LABEL: made != found}
    return value, tuple(name for name, done in repairs.items() if done)


def _loaded(text: str) -> object:
    """What JSON says; what is nearly JSON, but whole, is repaired."""
    try:
        return json.loads(text)
    except ValueError:
        if not _closed(text):
            raise ValueError("the JSON is not closed, or there is more than one value") from None
        return parse_value(text, Any)


@lru_cache(256)
def _validator(annotation: Any) -> pydantic.TypeAdapter[Made]:
    return pydantic.TypeAdapter(annotation)


def aligned(value: object, annotation: object) -> object:
    """A value whose labels are written as the type has them, where only one can be meant."""
    wanted = _required(annotation)
    if get_origin(wanted) is Literal:
        return _label(value, wanted) if isinstance(value, str) else value
    if get_origin(wanted) is list and isinstance(value, list):
        return [aligned(v, get_args(wanted)[0]) for v in value]
    if isinstance(value, dict) and isinstance(wanted, type):
        if issubclass(wanted, pydantic.BaseModel):
            known = {f.alias or n: f.annotation for n, f in wanted.model_fields.items()}
            return {k: aligned(v, known[k]) if k in known else v for k, v in value.items()}
    return value


def _required(annotation: object) -> object:
    """A type without its none."""
    if get_origin(annotation) in (Union, types.UnionType):
        left = [a for a in get_args(annotation) if a is not type(None)]
        return left[0] if len(left) == 1 else annotation
    return annotation


def _label(text: str, wanted: object) -> str:
    """The one label that a text means: letters, dressing, a period, spaces and hyphens aside."""
    if get_origin(wanted) is not Literal or text in get_args(wanted):
        return text
    meant = [a for a in get_args(wanted) if _plain(a) and _plain(a) == _plain(text)]
    return meant[0] if len(meant) == 1 else text


def _plain(label: str) -> str:
    return re.sub(r"[\s_-]+", "_", _undressed(label).rstrip(".!").casefold()).strip("_")


def _bare(text: str, wanted: object) -> str:
    """A number or truth without what it is dressed with. Raises ValueError for a truth where a
    number is wanted, which would be read as 0 or 1."""
    bare = _undressed(text)
    if wanted is bool:
        return bare.rstrip(".!")
    if bare.casefold() in ("true", "false"):
        raise ValueError("a number is wanted")
    return bare


def _undressed(text: str) -> str:
    """Without bold, quotes and code marks around it, and the period behind them."""
    text = text.strip()
    while len(text) < DRESSING and (match := DRESSED.fullmatch(text.rstrip(".!"))):
        text = match.group(2).strip()
    return text


def _closed(text: str) -> bool:
    """Whether a text holds one JSON value that is closed, or none."""
    plain = QUOTED.sub('""', text)
    first = re.search(r"[\[{]", plain)
    if first is None:
        return True
    open_, at = [], first.start()
    for at, sign in enumerate(plain[first.start() :], first.start()):
        if sign in PAIRS:
            open_.append(PAIRS[sign])
        elif sign in PAIRS.values():
            if not open_ or open_.pop() != sign:
                return False
            if not open_:
                break
        elif sign == '"' and plain[at - 1 : at + 1] != '""' and plain[at : at + 2] != '""':
            return False
    return not open_ and not re.search(r"[\[{\]}]", plain[at + 1 :])
