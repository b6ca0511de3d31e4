"""A recipe's file as a Python module that a checker of types knows: a data class a record, an enum
an enum, a function a recipe."""

from __future__ import annotations

import json
import keyword
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import assert_never

from rlmlang.ir import recipe as r
from rlmlang.ir import types as ty

HEAD = '''"""The recipes of {name}, typed; made by `rlm stub {name}`."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Unpack

import rlmlang

RECIPE = Path(__file__).with_name("{name}")
'''
RECORD = """

@dataclass(frozen=True)
class {name}:
{doc}{fields}
"""
ENUM = """

class {name}(enum.Enum):
{doc}{labels}
"""
FUNCTION = '''

def {name}(
{params}    **settings: Unpack[rlmlang.Settings],
) -> {result}:
    """{doc}"""
    given: dict[str, object] = {{{given}}}
    said = {{k: v for k, v in given.items() if v is not None}}
    found = rlmlang.load(RECIPE, recipe="{name}", **settings)(**said)
    result: {result} = {made}
    return result
'''
ANYTHING = "object"
LOCAL = ("settings", "given", "said", "found", "result", "rlmlang")
"""Names of the functions themselves."""


def stub(name: str, recipes: Mapping[str, r.Interface], settings: Collection[str]) -> str:
    """The module's text, for the recipes of the file `name`, beside which it is to stand. A
    parameter that is called like one of the `settings` of a run gets an underscore."""
    kept = {*settings, *LOCAL}
    types = list(_named(recipes.values()))
    parts = [HEAD.format(name=name)]
    parts += [_record(t) if isinstance(t, ty.RecordType) else _enum(t) for t in types]
    parts += [_function(recipe, kept) for recipe in recipes.values() if _is_name(recipe.name)]
    return "".join(parts)


def _named(recipes: Iterable[r.Interface]) -> Iterator[ty.RecordType | ty.EnumType]:
    """The records and enums that become classes, each behind those that it is made of."""
    seen: set[str] = set()

    def below(type_: ty.Type) -> Iterator[ty.RecordType | ty.EnumType]:
        for part in ty.parts_of(type_):
            yield from below(part)
        if isinstance(type_, ty.RecordType | ty.EnumType) and _has_class(type_):
            if type_.name not in seen:
                yield type_
            seen.add(type_.name)

    for recipe in recipes:
        for type_ in (*(p.type for p in recipe.params), recipe.result):
            yield from below(type_)


def _has_class(type_: ty.RecordType | ty.EnumType) -> bool:
    """Whether its names may be written in Python; a record or enum without a name has none."""
    if isinstance(type_, ty.RecordType):
        names = [f.name for f in type_.fields]
    else:
        names = [label.upper() for label in type_.names]
    return all(map(_is_name, [type_.name, *names])) and len(set(names)) == len(names) > 0


def _is_name(word: str) -> bool:
    return word.isidentifier() and not keyword.iskeyword(word) and not word.startswith("_")


def _record(type_: ty.RecordType) -> str:
    """Fields that may be none are last, as data classes want it."""
    fields = sorted(type_.fields, key=lambda f: f.type.optional)
    said = [f"    {f.name}: {_given(f.type)}{' = None' * f.type.optional}" for f in fields]
    return RECORD.format(name=type_.name, doc=_doc(type_.doc), fields="\n".join(said))


def _enum(type_: ty.EnumType) -> str:
    said = [f"    {label.upper()} = {json.dumps(label)}" for label in type_.names]
    return ENUM.format(name=type_.name, doc=_doc(type_.doc), labels="\n".join(said))


def _doc(words: str) -> str:
    return f'    """{_plain(words)}"""\n\n' if words else ""


def _plain(words: str) -> str:
    """Words as they may stand in a docstring of one line."""
    return " ".join(words.replace("\\", "\\\\").replace('"', "'").split())


def _function(recipe: r.Interface, kept: Collection[str]) -> str:
    open_ = {name for name, _ in recipe.defaults}
    params = sorted(recipe.params, key=lambda p: p.name in open_ or p.type.optional)
    names = {p.name: _param_name(p.name, kept) for p in params}
    said = [_param(names[p.name], p.type, open_=p.name in open_) for p in params]
    result = _given(recipe.result.required())
    made = f"found.to({result})"
    return FUNCTION.format(
        name=recipe.name,
        params="".join(f"    {each},\n" for each in ["*", *said]) if said else "",
        result=_given(recipe.result),
        doc=_plain(recipe.doc) or f"A run of `{recipe.name}`.",
        given=", ".join(f'"{name}": {python}' for name, python in names.items()),
        made=f"None if found.result is None else {made}" if recipe.result.optional else made,
    )


def _param_name(name: str, kept: Collection[str]) -> str:
    return name if _is_name(name) and name not in kept else f"{name}_"


def _param(name: str, type_: ty.Type, *, open_: bool) -> str:
    taken = _taken(type_.required())
    return f"{name}: {taken} | None = None" if open_ or type_.optional else f"{name}: {taken}"


def _taken(type_: ty.Type) -> str:
    """What a parameter takes: a Path stands for what is read from it."""
    match type_:
        case ty.TextType():
            return "str | bytes | Path"
        case ty.TreeType():
            return "Path"
        case ty.ImageType():
            return "bytes | Path"
        case ty.Listed(of):
            return f"Sequence[{_taken(of)}] | Path"
        case _:
            return _given(type_)


def _given(type_: ty.Type) -> str:
    """What a value of a type is in Python."""
    return _form(type_) + " | None" * type_.optional


def _form(type_: ty.Type) -> str:
    match type_:
        case ty.TextType():
            return "str"
        case ty.IntType() | ty.FloatType() | ty.BoolType():
            return str(type_.required()).lower()
        case ty.Listed(of):
            return f"list[{_given(of)}]"
        case ty.MapType(of):
            return f"dict[str, {_given(of)}]"
        case ty.TreeType():
            return "list[str]"
        case ty.ImageType():
            return "bytes"
        case ty.RecordType():
            return type_.name if _has_class(type_) else f"Mapping[str, {ANYTHING}]"
        case ty.EnumType():
            labels = ", ".join(map(repr, type_.names))
            return type_.name if _has_class(type_) else f"Literal[{labels}]"
        case ty.PairType(left, right):
            return f"Mapping[str, {_given(left)} | {_given(right)}]"
        case ty.PromptType() | ty.AnyType() | ty.JsonType():
            return ANYTHING
        case ty.NoneType():
            return "None"
    assert_never(type_)
