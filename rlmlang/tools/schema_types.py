"""JSON Schema as types of the language: what a model is told, and what arguments are held against.

A schema comes from others, so nothing here believes its shape: what is not understood is anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from rlmlang.ir.expressions import Param
from rlmlang.ir.types import (
    ANY,
    BOOL,
    DATE,
    FLOAT,
    INT,
    NONE,
    TEXT,
    EnumType,
    Field,
    MapType,
    NoneType,
    Type,
    list_of,
    record,
)

DEEP = 12  # levels of a type; what is deeper, as what holds itself, is anything
MOST = 200  # fields, labels or alternatives that are looked at
PLAIN: dict[str, Type] = {"string": TEXT, "integer": INT, "number": FLOAT, "boolean": BOOL,
                          "null": NONE}  # fmt: skip


@dataclass(frozen=True)
class Schemas:
    """A schema's own definitions, by the names that it refers to them with."""

    defined: Mapping[str, object]

    def type_of(self, schema: object, depth: int = 0) -> Type:
        """The type of what a schema allows."""
        if not isinstance(schema, Mapping) or depth > DEEP:
            return ANY
        if isinstance(name := schema.get("$ref"), str):
            return self.type_of(self.defined.get(name.rpartition("/")[2]), depth + 1)
        for word in ("anyOf", "oneOf"):
            if isinstance(some := schema.get(word), list):
                return self._either([self.type_of(x, depth + 1) for x in some[:MOST]])
        labels = [schema["const"]] if "const" in schema else schema.get("enum")
        if isinstance(labels, list):
            return _labels(labels)
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._either([self._of_kind(schema, k, depth) for k in kind[:MOST]])
        return self._of_kind(schema, kind, depth)

    def _of_kind(self, schema: Mapping[str, object], kind: object, depth: int) -> Type:
        if kind == "array":
            return list_of(self.type_of(schema.get("items"), depth + 1))
        if kind == "object":
            return self._object(schema, depth)
        if kind == "string" and schema.get("format") == "date":
            return DATE
        return PLAIN.get(kind, ANY) if isinstance(kind, str) else ANY

    def _object(self, schema: Mapping[str, object], depth: int) -> Type:
        fields, needed = _properties(schema), _required(schema)
        if not fields:
            return MapType(self.type_of(schema.get("additionalProperties"), depth + 1))
        found = [(name, self.type_of(s, depth + 1)) for name, s in fields.items()]
        return record(*(Field(n, t if n in needed else t.maybe()) for n, t in found))

    def _either(self, types: list[Type]) -> Type:
        """One of some types: the one that is left beside null, else anything."""
        real = list(dict.fromkeys(t for t in types if not isinstance(t, NoneType)))
        if set(real) == {INT, FLOAT}:
            real = [FLOAT]
        one = real[0] if len(real) == 1 else ANY
        return one if len(real) == len(types) or one == ANY else one.maybe()


def parameters(schema: object) -> tuple[tuple[Param, ...], tuple[tuple[str, str], ...]]:
    """The parameters of a function whose arguments are an object of a schema, those that are needed
    first, and the defaults of those that may be left out, as they are shown."""
    if not isinstance(schema, Mapping):
        return (), ()
    schemas, needed = schemas_of(schema), _required(schema)
    fields = {n: s for n, s in _properties(schema).items() if n.isidentifier()}
    order = sorted(fields, key=lambda n: n not in needed)
    params = tuple(Param(n, schemas.type_of(fields[n])) for n in order)
    return params, tuple((n, _default(fields[n])) for n in order if n not in needed)


def schemas_of(schema: Mapping[str, object]) -> Schemas:
    """The definitions that a schema brings along."""
    found = schema.get("$defs", schema.get("definitions"))
    return Schemas(found if isinstance(found, Mapping) else {})


def _properties(schema: Mapping[str, object]) -> dict[str, object]:
    found = schema.get("properties")
    named = list(found.items())[:MOST] if isinstance(found, Mapping) else []
    return {str(k): v for k, v in named}


def _required(schema: Mapping[str, object]) -> set[object]:
    found = schema.get("required")
    return {x for x in found if isinstance(x, str)} if isinstance(found, list) else set()


def _labels(labels: list[object]) -> Type:
    """One of some texts; of other constants, their type where they have one."""
    if labels and all(isinstance(x, str) for x in labels):
        texts = [str(x) for x in labels[:MOST]]
        return EnumType(tuple((x, "") for x in texts), " | ".join(map(json.dumps, texts)))
    if labels and all(type(x) is int for x in labels):
        return INT
    return ANY


def _default(schema: object) -> str:
    """A default as code would write it."""
    if not isinstance(schema, Mapping) or schema.get("default") is None:
        return "None"
    found = repr(schema["default"])
    return found if len(found) <= 100 else "…"
