"""The reader of replies: a text, the types that were asked for, and how the text ended, to values
with the repairs they took, or a refusal.

A reply is asked for in one of three forms: `fields`, each below its header; `json`, an object of
the fields, or the value itself where there is one; `plain`, in which the whole reply is the answer.
A reply in another form than was asked for is read where it can mean only one thing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Literal

from rlmlang.framing.replies import Read, UnreadableError, read, unframed

Form = Literal["fields", "json", "plain"]
FIELDS: Form = "fields"


def texts_of(
    reply: str, texts: Mapping[str, bool], data: Sequence[str] = (), form: Form = FIELDS
) -> Read:
    """The text of each field of a reply in the form that was asked for. Raises UnreadableError."""
    if form == "fields":
        return read(reply, texts, data)
    if form == "plain" and len(texts) == 1:
        return Read(dict.fromkeys(texts, unframed(reply, texts)))
    return _object(reply, texts)


def _object(reply: str, texts: Mapping[str, bool]) -> Read:
    try:
        found = json.loads(reply)
    except (ValueError, RecursionError) as mistake:
        raise UnreadableError(f"the answer is no JSON: {mistake}") from None
    if not isinstance(found, dict) or not set(texts) <= set(found):
        if len(texts) > 1:
            raise UnreadableError(f"the answer has no field `{next(iter(texts))}`")
        found = dict.fromkeys(texts, found)
    return Read({n: v if isinstance(v := found[n], str) else json.dumps(v) for n in texts})
