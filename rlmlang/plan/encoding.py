"""Frozen values as JSON and back: `{"is": "Map", …}` with the fields that are not as by default.

Only classes of `ir/` and `verbs/` are made, and only from fields of the types that they declare, so
that a document can neither name code nor make a value that the checker could not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from rlmlang import ir, verbs
from rlmlang.ir.facts import Facts
from rlmlang.schema.formula import Unknown
from rlmlang.value import Json

MOST = 2**53  # what JSON and the store keep of a whole number
PLAIN = (bool, int, float, str, type(None))


def encode(value: object) -> Json:
    """A value as JSON."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, tuple | list):
        return [encode(v) for v in value]
    if isinstance(value, frozenset):
        return {"set": sorted(map(str, value))}
    if isinstance(value, Mapping):
        return {"map": {str(k): encode(v) for k, v in value.items()}}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kept = {f.name: encode(getattr(value, f.name)) for f in _written(value)}
        return {"is": type(value).__name__, **kept}
    raise TypeError(f"{type(value).__name__} is no part of a plan")


def _written(value: Any) -> Iterator[dataclasses.Field[Any]]:
    """The fields that must be written: not those that follow from others or are as by default."""
    for f in dataclasses.fields(value):
        default = f.default_factory() if callable(f.default_factory) else f.default
        if getattr(value, f.name) != default:
            yield f


def decode(written: Json, wanted: Any, where: str) -> Any:
    """The value that a document holds. Raises ValueError, in words, for what is not `wanted`."""
    value = _decoded(written, where)
    if Unknown in get_args(wanted) and isinstance(value, dict):
        value = {Unknown.read(k): v for k, v in value.items()}
    if not _is(value, wanted):
        raise ValueError(f"{where} is not {_name(wanted)}")
    return value


def _decoded(written: Json, where: str) -> object:
    if isinstance(written, list):
        return tuple(_decoded(v, f"{where}[{i}]") for i, v in enumerate(written))
    if not isinstance(written, dict):
        return written
    if isinstance(written.get("set"), list):
        return frozenset(map(str, written["set"]))
    if isinstance(written.get("map"), dict):
        return {k: _decoded(v, f"{where}.{k}") for k, v in written["map"].items()}
    kind = _kinds().get(str(written.get("is")))
    if kind is None:
        raise ValueError(f"{where} is of no known kind: {written.get('is')!r}")
    hints = _hints(kind)
    given = {k: v for k, v in written.items() if k != "is"}
    if unknown := sorted(given.keys() - hints.keys()):
        raise ValueError(f"{where}: {kind.__name__} has no `{unknown[0]}`")
    made = {k: decode(v, hints[k], f"{where}.{k}") for k, v in given.items()}
    lost = [f.name for f in dataclasses.fields(kind) if f.name not in made and _needed(f)]
    if lost:
        raise ValueError(f"{where}: {kind.__name__} needs `{lost[0]}`")
    return kind(**made)


def _needed(f: dataclasses.Field[Any]) -> bool:
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


@cache
def _kinds() -> Mapping[str, type]:
    """The classes that a document may hold, by name."""
    return {kind.__name__: kind for kind in declared() if kind is not Facts}


def declared() -> Iterator[type]:
    """The frozen classes of `ir/` and `verbs/`; a test holds that no two have one name."""
    for room in (ir, verbs):
        for module in iter_modules(room.__path__, f"{room.__name__}."):
            for kind in vars(import_module(module.name)).values():
                if dataclasses.is_dataclass(kind) and isinstance(kind, type):
                    if kind.__module__ == module.name:
                        yield kind


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    names = [f.name for f in dataclasses.fields(kind)]
    hints = get_type_hints(kind)
    return {n: hints[n] for n in names}


def _is(value: object, wanted: Any) -> bool:
    """Whether a value is of a declared type."""
    origin, args = get_origin(wanted), get_args(wanted)
    if wanted in (Any, object):
        return True
    if origin in (Union, UnionType):
        return any(_is(value, a) for a in args)
    if origin is Literal:
        return value in args
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        many = len(args) == 2 and args[1] is Ellipsis
        pairs = [(v, args[0]) for v in value] if many else list(zip(value, args, strict=False))
        return (many or len(value) == len(args)) and all(_is(v, a) for v, a in pairs)
    if origin is frozenset:
        return isinstance(value, frozenset)
    if origin is not None:
        return isinstance(value, dict) and all(_is(v, args[1]) for v in value.values())
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MOST
    return isinstance(value, wanted)


def _name(wanted: Any) -> str:
    return getattr(wanted, "__name__", str(wanted)).removeprefix("rlmlang.")
