"""The reader of replies: a text, the types that were asked for, and how the text ended, to values
with the repairs they took, or a refusal.

A reply is asked for in one of three forms: `fields`, each below its header; `json`, an object of
the fields, or the value itself where there is one; `plain`, in which the whole reply is the answer.
A reply in another form than was asked for is read where it can mean only one thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rlmlang.context import Datum
from rlmlang.framing import repairs as names
from rlmlang.framing.markers import Escapes
from rlmlang.framing.replies import HeadlessError, Read, UnreadableError, alone, read
from rlmlang.framing.values import is_text, object_of, value_of, wrapped
from rlmlang.ir.answer_forms import Form as Form
from rlmlang.ir.types import Type
from rlmlang.unicode import INVISIBLE
from rlmlang.value import Frozen, value

FIELDS: Form = "fields"
WHOLE = "stop"
NOT_WHOLE = frozenset(("length", "content_filter", "tool_call", "error"))
NO_ESCAPES = Escapes()


@value
class Answer(Frozen):
    """The values of the fields, and the names of the repairs they took."""

    values: Mapping[str, Datum]
    repairs: tuple[str, ...] = ()


class ValueUnreadableError(UnreadableError):
    """A field whose text is no value of its type."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(f"`{name}`: {cause}")
        self.cause = cause


def read_reply(
    reply: str,
    types: Mapping[str, Type],
    form: Form = FIELDS,
    *,
    finish: str = WHOLE,
    data: Sequence[str] = (),
    escapes: Escapes = NO_ESCAPES,
) -> Answer:
    """The values of the fields of a reply that ended with `finish`.

    `form` is what the request asked for, `data` what it showed, in which `escapes` were made.
    Raises UnreadableError for a reply that is not whole, has no value or could have two.
    """
    if finish in NOT_WHOLE:
        raise UnreadableError(f"the answer is not whole: it ended with {finish}")
    reply = reply.lstrip(INVISIBLE)
    texts = {name: is_text(type_) for name, type_ in types.items()}
    if form == "plain" and len(types) == 1:
        return _valued(_plain(reply, texts, data), types, data, escapes)
    if form == "json":
        return _as_json(reply, types, texts, data, escapes)
    return _as_fields(reply, types, texts, data, escapes)


def _valued(
    found: Read, types: Mapping[str, Type], data: Sequence[str], escapes: Escapes
) -> Answer:
    values, repairs = {}, list(found.repairs)
    for name, type_ in types.items():
        text = escapes.restore(found.fields[name], data)
        try:
            values[name], more = value_of(text, type_, name)
        except (ValueError, RecursionError) as mistake:
            raise ValueUnreadableError(name, str(mistake)) from None
        repairs += more
    return Answer(values, tuple(dict.fromkeys(repairs)))


def _plain(reply: str, texts: Mapping[str, bool], data: Sequence[str]) -> Read:
    """A reply that is the answer as a whole; markers that stand around it are taken off."""
    try:
        found = read(reply, texts, data)
    except HeadlessError:
        return alone(reply, texts, data)
    return Read(found.fields, (*found.repairs, names.MARKERS))


def _as_fields(
    reply: str,
    types: Mapping[str, Type],
    texts: Mapping[str, bool],
    data: Sequence[str],
    escapes: Escapes,
) -> Answer:
    """Fields below headers; without any header JSON, or the value of the one field alone."""
    try:
        found = read(reply, texts, data)
    except HeadlessError as mistake:
        try:
            bare = _without_headers(reply, types, data, escapes)
        except UnreadableError:
            raise mistake from None
        return Answer(bare.values, (names.HEADER, *bare.repairs))
    return _valued(found, types, data, escapes)


def _as_json(
    reply: str,
    types: Mapping[str, Type],
    texts: Mapping[str, bool],
    data: Sequence[str],
    escapes: Escapes,
) -> Answer:
    """An object of the fields, or the value itself; fields, where there are headers."""
    try:
        found = read(reply, texts, data)
    except HeadlessError:
        bare = _without_headers(reply, types, data, escapes, asked=True)
        return Answer(bare.values, tuple(r for r in bare.repairs if r != names.WRAPPED))
    framed = _valued(found, types, data, escapes)
    return Answer(framed.values, (*framed.repairs, names.MARKERS))


def _without_headers(
    reply: str,
    types: Mapping[str, Type],
    data: Sequence[str],
    escapes: Escapes,
    *,
    asked: bool = False,
) -> Answer:
    """The values of a reply that has no headers; where an object of the fields was `asked` for, one
    that is that and can be read is nothing else. Raises UnreadableError."""
    name, *more = types
    found = alone(reply, (name,), data)
    text = escapes.restore(found.fields[name], data)
    try:
        if more or is_text(types[name]):
            values, repairs = object_of(text, types)
        elif asked and (whole := wrapped(text, types[name], name)) is not None:
            values, repairs = whole
        else:
            made, repairs = value_of(text, types[name], name)
            values = {name: made}
    except (ValueError, RecursionError) as mistake:
        raise ValueUnreadableError(name, str(mistake)) from None
    return Answer(values, (*found.repairs, *repairs))
