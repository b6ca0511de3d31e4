"""A result as a type of the caller's, and whether a recipe's results can be of it.

pydantic makes the value. Before a run its JSON schema of the type is held against the recipe's:
what can be known to fail is refused before it is paid for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import pydantic
from pydantic.errors import PydanticUserError
from pydantic.json_schema import JsonSchemaValue as Schema

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir import types as ty
from rlmlang.value import Json

T = TypeVar("T")


def as_type(plain: Json, kind: type[T]) -> T:
    """A result, as JSON has it, as a data class, a pydantic model, an enum, or a list of them.

    Raises CodedError (wrong-input) for a result that is none."""
    try:
        found: T = _adapter(kind).validate_python(plain)
    except pydantic.ValidationError as mistake:
        first = mistake.errors(include_url=False)[0]
        where = "".join(f"{part}: " for part in first["loc"])
        raise _no_such(kind, where + first["msg"]) from None
    return found


def hold(kind: type[object], given: ty.Type) -> None:
    """Raises CodedError (wrong-input) for a type that results of a recipe's type are known not to
    be of, or that no value can be made of."""
    adapter = _adapter(kind)
    try:
        schema = adapter.json_schema()
    except PydanticUserError:  # it is known to pydantic alone
        return
    if words := _Schemas(schema.get("$defs", {})).misfit(schema, given):
        raise _no_such(kind, words, f"the recipe gives {given}")


def _adapter(kind: type[T]) -> pydantic.TypeAdapter[T]:
    if isinstance(kind, str):
        raise _no_such(kind, "that is the name of a type, and not a type")
    try:
        return pydantic.TypeAdapter(kind)
    except PydanticUserError as mistake:
        raise _no_such(kind, str(mistake).splitlines()[0]) from None


def _no_such(kind: object, words: str, reason: str = "") -> CodedError:
    name = getattr(kind, "__name__", str(kind))
    return failed(
        "wrong-input",
        f"the result is no {name}: {words}",
        reason=reason,
        hint="a result becomes a data class, a pydantic model, an enum, or a list of them, whose "
        "fields are those of the recipe's result",
    )


@dataclass(frozen=True)
class _Schemas:
    """A JSON schema's definitions, and what a type of the language has against a schema."""

    defs: Mapping[str, Schema]

    def misfit(self, schema: Schema, given: ty.Type) -> str:
        """Why not every value of a type fits; empty where all may."""
        branches = list(self._branches(schema))
        if given.optional and not any(self._takes(b, "null") for b in branches):
            return "it may be none"
        told = [self._against(b, given.required()) for b in branches if b.get("type") != "null"]
        return "" if not all(told) else next(iter(told), "it is always none")

    def _branches(self, schema: Schema) -> Iterator[Schema]:
        while "$ref" in schema:
            schema = self.defs[schema["$ref"].rpartition("/")[2]]
        choices = schema.get("anyOf") or schema.get("oneOf")
        if not choices:
            yield schema
        for choice in choices or ():
            yield from self._branches(choice)

    def _takes(self, schema: Schema, form: str) -> bool:
        found: bool = schema.get("type", form) == form
        return found

    def _against(self, schema: Schema, given: ty.Type) -> str:
        forms = _FORMS.get(type(given), ())
        if forms and schema.get("type") not in (None, *forms):
            return f"{given} is no {schema['type']}"
        match given:
            case ty.EnumType():
                known = schema.get("enum", given.names)
                return next((f"`{n}` is none of it" for n in given.names if n not in known), "")
            case ty.Listed(of):
                return self._inside("an item", schema.get("items", {}), of)
            case ty.MapType(of):
                return self._inside("a value", _others(schema), of)
            case ty.RecordType() | ty.PairType():
                return self._fields(schema, ty.fields_of(given))
        return ""

    def _fields(self, schema: Schema, fields: tuple[ty.Field, ...]) -> str:
        had, named = {f.name for f in fields}, schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in had:
                return f"the recipe's has no field `{name}`"
        for field in fields:
            if field.name not in named and schema.get("additionalProperties") is False:
                return f"`{field.name}` is no field of it"
            of = named.get(field.name, _others(schema))
            if words := self._inside(f"`{field.name}`", of, field.type):
                return words
        return ""

    def _inside(self, what: str, schema: Schema, given: ty.Type) -> str:
        words = self.misfit(schema, given)
        return f"{what}: {words}" if words else ""


def _others(schema: Schema) -> Schema:
    """The schema of fields that are not named."""
    found = schema.get("additionalProperties")
    return found if isinstance(found, dict) else {}


_FORMS: Mapping[type, tuple[str, ...]] = {
    ty.TextType: ("string",),
    ty.EnumType: ("string",),
    ty.IntType: ("integer", "number"),
    ty.FloatType: ("number", "integer"),
    ty.BoolType: ("boolean",),
    ty.TreeType: ("array",),
    ty.ListType: ("array",),
    ty.TableType: ("array",),
    ty.BatchType: ("array",),
    ty.RecordType: ("object",),
    ty.PairType: ("object",),
    ty.MapType: ("object",),
}
