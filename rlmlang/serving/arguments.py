"""The arguments of a call as inputs of a recipe: values of their types, and files inside the roots.

They are an agent's, and may be anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from rlmlang.context import Datum, as_slice
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir.expressions import Param
from rlmlang.ir.kinds import is_images
from rlmlang.ir.recipe import Interface
from rlmlang.ir.types import is_documents
from rlmlang.runtime.given import Origin, from_plain, how
from rlmlang.runtime.values import misfit
from rlmlang.serving.roots import Roots
from rlmlang.serving.schemas import PATH, only_opens, opens
from rlmlang.value import Json

SHOWN = 1_000  # characters of what is wrong
MOST = 1 << 20
"""Characters of an argument as JSON: what is longer is given as a file."""


@dataclass(frozen=True)
class Inputs:
    """What was given by value, and the absolute paths of what was given as a file or folder."""

    values: Mapping[str, Datum] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


def inputs_of(interface: Interface, arguments: Mapping[str, Json], roots: Roots) -> Inputs:
    """The inputs that arguments stand for. Raises CodedError (unknown-input, wrong-input,
    input-too-large, outside-roots, source-missing)."""
    params = {param.name: param for param in interface.params}
    values: dict[str, Datum] = {}
    sources: dict[str, str] = {}
    for name, given in arguments.items():
        if name not in params:
            words = f"{interface.name} takes no `{name}`"[:200]
            raise failed("unknown-input", words, hint=did_you_mean(name, params))
        if isinstance(given, dict) and set(given) == {PATH} and opens(params[name].type):
            sources[name] = roots.admitted(_path(given[PATH], name))
        else:
            values[name] = _value(given, params[name])
    return Inputs(values, sources)


def _path(given: Json, name: str) -> str:
    if not isinstance(given, str):
        raise failed("wrong-input", f"the path of `{name}` is no text", hint='{"path": "book.txt"}')
    return given


def _value(given: Json, param: Param) -> Datum:
    """A value of its parameter's type: no text of it is ever taken for a path."""
    _hold_size(given, param)
    if only_opens(param.type) and not (given is None and param.type.optional):
        what = "read from files" if is_images(param.type) else "a folder"
        words, hint = f"`{param.name}` is {what}", f'"{param.name}": {{"path": "docs"}}'
        raise failed("wrong-input", words, hint=hint)
    if is_documents(param.type):
        if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
            hint = f'a list of texts, or "{param.name}": {{"path": "docs"}}'
            raise failed("wrong-input", f"`{param.name}` is no list of documents", hint=hint)
        texts = enumerate(map(str, given), 1)
        return [as_slice(f"{param.name}[{number}]", text) for number, text in texts]
    if words := misfit(given, param.type):
        shown = f"argument `{param.name}` is no {param.type}: {words}"
        raise failed("wrong-input", shown[:SHOWN], hint=how(param.type))
    return from_plain(given, param, Origin(f"argument `{param.name}`"))


def _hold_size(given: Json, param: Param) -> None:
    try:
        size = len(given) if isinstance(given, str) else len(json.dumps(given))
    except RecursionError:
        raise failed("wrong-input", f"`{param.name}` nests too deep", hint="give less") from None
    if size > MOST:
        raise failed(
            "input-too-large",
            f"argument `{param.name}` has {size:,} characters; a value may have {MOST:,}",
            hint=f'write it to a file: "{param.name}": {{"path": …}}' if opens(param.type) else "",
        )
