"""The form that an answer is asked for in, and its type as a JSON schema.

The form is decided before a call, from what is written and what is known of the model: it is a part
of the request, and never another try. `auto` asks for a text as it is, which is what models do by
themselves; for everything else by a schema where the model is held to one, else below headers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, assert_never

from rlmlang.ir import types as ty
from rlmlang.ir.binding import BoundModel
from rlmlang.ir.recipe import Prompt
from rlmlang.ir.types import Field, Type
from rlmlang.value import Json

Form = Literal["plain", "fields", "json"]
Schema = dict[str, Json]
RESULT, REASONING = "result", "reasoning"
ALONE = "Answer with {0} alone: no header, and nothing before or after it."
"""What a request says at its end where a plain answer is wanted."""
HELD = 400
"""What a provider that holds a model to a schema says of it, in tokens, besides the schema."""


def form_of(prompt: Prompt, bound: BoundModel) -> Form:
    """The form of a prompt's answers, by a model. The embedded reader knows fields alone."""
    if bound.name.startswith("offline/"):
        return "fields"
    text = prompt.result.textual and not prompt.think
    match prompt.answer if prompt.answer != "auto" else prompt.model.answer:
        case "plain":
            return "plain" if text or prompt.answer == "plain" else "fields"
        case "fields":
            return "fields"
        case "json":
            return "json"
    if text and not prompt.result.optional:
        return "plain"
    return "json" if bound.takes.structured == "json_schema" else "fields"


def schema_for(prompt: Prompt, bound: BoundModel) -> Schema | None:
    """The schema that a request carries: of an answer in JSON, unless it is known that the model
    takes none."""
    sent = form_of(prompt, bound) == "json" and bound.takes.structured != "none"
    return answer_schema(prompt) if sent else None


def schema_size(prompt: Prompt, bound: BoundModel) -> int:
    """The most tok that a provider counts for the schema of a request."""
    schema = schema_for(prompt, bound)
    return 0 if schema is None else len(json.dumps(schema).encode()) // 2 + 1 + HELD


@lru_cache(256)
def answer_schema(prompt: Prompt) -> Schema:
    """What a whole answer is: an object with the result, and with the reasons before it where they
    are asked for."""
    result = _described(_schema(prompt.result), prompt.result, "", prompt.result_max)
    fields: dict[str, Json] = {REASONING: {"type": "string"}} if prompt.think else {}
    return _object({**fields, RESULT: result})


def _schema(type_: Type) -> Schema:
    """A type as a JSON schema, in the words that all providers take."""
    made = _required(type_)
    return {"anyOf": [made, {"type": "null"}]} if type_.optional else made


def _required(type_: Type) -> Schema:
    match type_:
        case ty.BoolType():
            return {"type": "boolean"}
        case ty.IntType():
            return {"type": "integer"}
        case ty.FloatType():
            return {"type": "number"}
        case ty.EnumType(names=names):
            return {"type": "string", "enum": list(names)}
        case ty.Listed(of, most=most):
            return {"type": "array", "items": _described(_schema(of), of, "", most)}
        case ty.MapType(of, most=(key, most)):
            name = _described({"type": "string"}, ty.TEXT, "", key)
            entry = _object({"key": name, "value": _described(_schema(of), of, "", most)})
            return {"type": "array", "items": entry}
        case ty.RecordType() | ty.PairType():
            return _object({f.name: _field(f) for f in type_.fields})
        case ty.TextType() | ty.TreeType() | ty.PromptType() | ty.ImageType():
            return {"type": "string"}
        case ty.AnyType() | ty.JsonType() | ty.NoneType():
            return {"type": "string"}
    assert_never(type_)


def _object(fields: Mapping[str, Json]) -> Schema:
    """An object of these fields in their order, all of them, and no others."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": list(fields),
        "additionalProperties": False,
    }


def _field(field: Field) -> Schema:
    return _described(_schema(field.type), field.type, field.doc, field.max)


def _described(schema: Schema, type_: Type, doc: str, most: int | None) -> Schema:
    """A schema with what a person said of it, and with a limit that not all servers could hold a
    model to."""
    unit = "items" if type_.is_list else "tokens" if type_.textual else ""
    limit = f"At most {most} {unit}." if most is not None and unit else ""
    words = " ".join(x for x in (" ".join(doc.split()), limit) if x)
    return {**schema, "description": words} if words else schema
