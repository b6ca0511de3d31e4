"""JSON Schema of what a recipe takes and gives, as the clients of tools read it."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from rlmlang.ir import types as ty
from rlmlang.ir.expressions import Param
from rlmlang.ir.kinds import is_images
from rlmlang.ir.recipe import Interface
from rlmlang.ir.types import Type
from rlmlang.value import Json

Schema: TypeAlias = dict[str, Json]
PATH = "path"
PLACE: Schema = {
    "type": "object",
    "properties": {PATH: {"type": "string"}},
    "required": [PATH],
    "additionalProperties": False,
    "description": "A file or folder to read it from, of any size: it is never put into a prompt "
    "whole.",
}
TEXT: Schema = {"type": "string"}


def opens(type_: Type) -> bool:
    """Whether a value of a type may be given as a file or folder."""
    return type_.textual or type_.is_list or only_opens(type_)


def only_opens(type_: Type) -> bool:
    """Whether it can be given in no other way."""
    return isinstance(type_, ty.TreeType) or is_images(type_)


def arguments_schema(interface: Interface) -> Schema:
    """The arguments of a recipe: those that may be left out are not required."""
    defaults = {name for name, _ in interface.defaults}
    needed = [p.name for p in interface.params if not p.type.optional and p.name not in defaults]
    return {
        "type": "object",
        "properties": {p.name: _argument(p) for p in interface.params},
        "required": list(needed),
        "additionalProperties": False,
    }


def _argument(param: Param) -> Schema:
    schema = value_schema(param.type)
    if opens(param.type):
        schema = PLACE if only_opens(param.type) else {"anyOf": [schema, PLACE]}
    unit = "items" if param.type.is_list else "tok"
    limit = f"At most {param.max:,} {unit}." if param.max is not None else ""
    words = " ".join(x for x in (" ".join(param.doc.split()), limit) if x)
    return {**schema, "description": words} if words else schema


def value_schema(type_: Type) -> Schema:
    """Values of a type, as JSON."""
    made = _required(type_)
    return {"anyOf": [made, {"type": "null"}]} if type_.optional and made else made


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
        case ty.Listed(of):
            return {"type": "array", "items": value_schema(of)}
        case ty.TreeType():
            return {"type": "array", "items": TEXT}
        case ty.MapType(of):
            return {"type": "object", "additionalProperties": value_schema(of)}
        case ty.RecordType() | ty.PairType():
            return _record(type_)
        case ty.TextType() | ty.PromptType():
            return TEXT
        case ty.ImageType():
            return PLACE
        case ty.AnyType() | ty.JsonType() | ty.NoneType():
            return {}
    assert_never(type_)


def _record(type_: ty.RecordType | ty.PairType) -> Schema:
    fields: dict[str, Json] = {}
    for field in type_.fields:
        words = " ".join(field.doc.split())
        schema = value_schema(field.type)
        fields[field.name] = {**schema, "description": words} if words else schema
    needed: list[Json] = [f.name for f in type_.fields if not f.type.optional]
    return {"type": "object", "properties": fields, "required": needed}
