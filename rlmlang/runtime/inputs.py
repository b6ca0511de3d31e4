"""Parameters and sources bound to values, and how large those really are."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import get_args

from rlmlang import plugins
from rlmlang.context import Datum, Measure
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.source import Place as Written
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.execute.evaluate import evaluate
from rlmlang.ir import recipe as r
from rlmlang.ir import types as ty
from rlmlang.ir.declared import of_param
from rlmlang.ir.expressions import FromEnv, Param, Ref
from rlmlang.ir.kinds import is_images
from rlmlang.ir.quotes import is_cut
from rlmlang.ir.types import Type
from rlmlang.runtime.code import CallCode
from rlmlang.runtime.given import Origin, from_program, from_text, from_value, open_path
from rlmlang.runtime.given_sizes import TOO_LARGE, hold_parts
from rlmlang.runtime.placed_inputs import own, told_apart
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.stops import wanted
from rlmlang.schema.formula import Sizes, Unknown, What, symbol
from rlmlang.schema.sources import SOURCES
from rlmlang.sources.place import Place
from rlmlang.sources.sizes import READ, size_of


def bind_inputs(
    recipe: r.Interface,
    options: Options,
    *,
    need_all: bool,
    settable: Sequence[str] = (),
    closed: Collection[str] = (),
    places: Mapping[str, Written] | None = None,
) -> dict[str, Datum]:
    """The values of parameters and sources, but for the sources and defaults that stay `closed`;
    `places` are those of the parameters in the recipe. Raises CodedError for what is missing or
    wrong."""
    places = places or {}
    inputs = {n: open_path(path, _type_of(n, recipe)) for n, path in options.sources.items()}
    taken = from_program if options.of_python else from_value
    inputs |= {n: taken(v, n, _type_of(n, recipe)) for n, v in options.values.items()}
    params = {p.name: p for p in recipe.params}
    for name, text in options.sets.items():
        if name in params:
            origin = Origin(f"--set {name}", places.get(name))
            inputs[name] = from_text(text, params[name], origin)
        elif not name.startswith("budget.") and name not in settable:
            raise _no_input(name, recipe)
    _open_declared(recipe, inputs, need_all=need_all, closed=closed)
    in_time = partial(wanted, time.monotonic(), recipe.budget.wall, None)
    for name, default in recipe.defaults:
        if name not in inputs and isinstance(default, Ref):
            inputs[name] = own(inputs.get(default.name))
        elif name not in inputs and name not in closed and not isinstance(default, FromEnv):
            inputs[name] = evaluate(default, {}, CallCode(in_time))
    inputs = told_apart(inputs)
    return _complete(recipe, inputs, options) if need_all else inputs


def _type_of(name: str, recipe: r.Interface) -> Type:
    """The type of a parameter or source. Raises CodedError (unknown-input)."""
    types = {s.name: s.type for s in recipe.sources} | {p.name: p.type for p in recipe.params}
    if name not in types:
        raise _no_input(name, recipe)
    return types[name]


def _open_declared(
    recipe: r.Interface, inputs: dict[str, Datum], *, need_all: bool, closed: Collection[str]
) -> None:
    """Opens the sources that nothing given stands in for; before a run those alone that have a
    place, since others can be read only once."""
    for source in recipe.sources:
        wanted = [n for n, v in recipe.defaults if v == Ref(source.name)]
        given = source.name in inputs or (wanted and all(w in inputs for w in wanted))
        given = given or source.name in closed
        if not given and (need_all or plugins.contract(SOURCES, source.kind).place):
            inputs[source.name] = open_source(source)


def _complete(recipe: r.Interface, inputs: dict[str, Datum], options: Options) -> dict[str, Datum]:
    """The values with none for what may be left out. Raises CodedError (missing-input)."""
    for p in recipe.params:
        if p.name not in inputs and not p.type.optional:
            raise _missing_input(p, recipe, options)
        inputs.setdefault(p.name, None)
    return inputs


def open_source(source: r.Source) -> Datum:
    """The value of a declared source; its path begins at the recipe's folder."""
    folder = os.path.dirname(os.path.abspath(source.base)) if source.base else os.getcwd()
    place = Place(source.location, source.type, folder, dict(source.options))
    return plugins.opened(source.kind, place)


def real_sizes(
    recipe: r.Interface, facts: Iterable[r.Facts], inputs: Mapping[str, Datum], measure: Measure
) -> Sizes:
    """The unknowns of the formulas of some facts that what is bound gives a value to, checked
    against the `max` of parameters."""
    params = {p.name: p for p in recipe.params}
    types = {s.name: Param(s.name, s.type, s.max) for s in recipe.sources} | params
    sizes: dict[Unknown, int] = {}
    wanted = {s for f in facts for s in _symbols(f)}
    for name, value in inputs.items():
        for unknown in (Unknown(what, name) for what in get_args(What)):
            spared = unknown.what in READ and unknown not in wanted
            size = None if spared else size_of(value, unknown.what, measure)
            if size is not None:
                sizes[unknown] = size
        if name in params:
            _within(params[name], sizes)
        if name in types:
            hold_parts(types[name], value, measure)
    return sizes


def wanted_of(recipe: r.Recipe) -> Iterator[r.Facts]:
    """The facts in which unknowns stand that are wanted: those of given lists, of steps, and of the
    documents that a step goes over."""
    sources = (Param(s.name, s.type, s.max) for s in recipe.sources)
    for param in (*recipe.params, *sources):
        if param.type.is_list and not ty.is_documents(param.type):
            yield of_param(param)
    for step in recipe.steps:
        yield step.facts
        if isinstance(subject := step.work.streamed, Ref):
            yield r.Facts(size=symbol("document", subject.name))


def _symbols(facts: r.Facts) -> frozenset[Unknown]:
    return facts.size.symbols | facts.count.symbols | facts.item.symbols


def _within(param: Param, sizes: Sizes) -> None:
    """Raises CodedError when an input is larger than its declared most."""
    items: What = "files" if ty.is_documents(param.type) else "count"
    size = sizes.get(Unknown(items if param.type.is_list else "", param.name))
    if param.max is not None and size is not None and size > param.max:
        unit = "items" if param.type.is_list else "tok"
        raise failed(
            "input-too-large",
            f"`{param.name}` has {size:,} {unit}; the recipe takes at most {param.max:,}",
            reason=TOO_LARGE,
            hint=f"raise `max` of `{param.name}` in the recipe, or give less",
        )


def _no_input(name: str, recipe: r.Interface) -> CodedError:
    known = [*(p.name for p in recipe.params), *(s.name for s in recipe.sources)]
    return failed(
        "unknown-input", f"the recipe has no parameter `{name}`", hint=did_you_mean(name, known)
    )


def _missing_input(param: Param, recipe: r.Interface, options: Options) -> CodedError:
    said = f"`{param.name}: {param.type}` of {recipe.name} has no value"
    return failed("missing-input", said, hint=_how_given(param, options))


def _how_given(param: Param, options: Options) -> str:
    """How the caller gives an input: in a call of a module, of `run`, or on the command line."""
    if options.of_python:
        how = f"{param.name}=…" if options.seen else f'values={{"{param.name}": …}}'
        return f"{how}; a Path there is a file to read"
    if is_cut(param.type) or param.type.is_list or is_images(param.type):
        return f"--source {param.name}=PATH"
    return f"--set {param.name}=…, or --source {param.name}=PATH for a file"
