"""What a recipe is given without anybody's naming it on the command line: values of `rlm.toml`, and
variables of the environment that the recipe itself asks for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, Label, failed
from rlmlang.diagnostics.source import Place
from rlmlang.diagnostics.suggest import did_you_mean, nearest
from rlmlang.ir import types as ty
from rlmlang.ir.expressions import FromEnv, Param
from rlmlang.ir.recipe import Interface
from rlmlang.ir.types import Type
from rlmlang.runtime.given import DATED, Origin, from_plain, from_text, plain
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.project import Project
from rlmlang.runtime.root import FILE
from rlmlang.runtime.trust import untrusted

Places = Mapping[str, Place]


@dataclass(frozen=True)
class Found:
    """Values by parameter, and where each comes from, in words without the values."""

    values: Mapping[str, Datum]
    words: str

    def within(self, options: Options) -> Options:
        """The options with these values, where they give none themselves."""
        return replace(options, values={**self.values, **options.values})


@dataclass(frozen=True)
class Beside:
    """A project and the environment, for one recipe; `options` say whether they are asked."""

    project: Project
    options: Options

    def given(self, recipe: Interface, places: Places, *, need_all: bool) -> Found:
        """The values of parameters that the command gives none. Raises CodedError (wrong-input,
        unknown-input, env-unset, env-untrusted)."""
        named = {*self.options.sets, *self.options.sources, *self.options.values}
        open_ = {p.name: p for p in recipe.params if p.name not in named}
        found = {} if self.options.alone else self._of_project(recipe, open_, places)
        said = dict.fromkeys(found, FILE)
        for name, default in recipe.defaults:
            if isinstance(default, FromEnv) and name in open_ and name not in found:
                place = places.get(name)
                value = self.variable(default.variable, open_[name].type, place)
                if value is not None:
                    found[name], said[name] = value, f"{default.variable} of the environment"
                elif default.fallback is not None:
                    found[name] = default.fallback.value
                elif need_all:
                    raise _unset(default.variable, name, place, self.options)
        return Found(found, ", ".join(f"{n} from {where}" for n, where in said.items()))

    def variable(self, name: str, type_: Type, place: Place | None) -> Datum:
        """What the environment has of that name, as a value of a type; None where it has nothing.
        Raises CodedError (wrong-input, env-untrusted)."""
        text = None if self.options.alone else os.environ.get(name)
        if text is None:
            return None
        textual = isinstance(type_, ty.TextType) and type_.word not in DATED
        is_path = isinstance(type_, ty.TextType) and type_.word == "Path"
        if textual and not is_path and not self._allowed(name):
            raise _untrusted(name, place, self.project)
        if is_path and not os.path.exists(text):  # a key is no path that is there
            words = f"{name} of the environment names nothing that is there; a Path is wanted"
            raise _at(place, "wrong-input", words, f"set {name} to a file or folder")
        origin = Origin(f"{name} of the environment", place, shown=False)
        return from_text(text, Param(name, type_), origin)

    def _allowed(self, name: str) -> bool:
        """Whether the project file lets texts of a variable be read, and the user trusts it."""
        file = self.project.file
        allowed = file.section("env").get("allow") if file is not None else None
        listed = isinstance(allowed, list) and name in allowed
        return listed and untrusted(self.project, self.options) is None

    def _of_project(
        self, recipe: Interface, open_: Mapping[str, Param], places: Places
    ) -> dict[str, Datum]:
        """The values of the project file: those for all recipes, then those for this one."""
        file, found = self.project.file, dict[str, Datum]()
        if file is None:
            return found
        own = file.section("recipe").get(recipe.name, {})
        for where, values in (("values", file.section("values")), (f"recipe.{recipe.name}", own)):
            for name, value in values.items() if isinstance(values, dict) else ():
                if name in open_:
                    origin = Origin(f"{file.path}, [{where}] {name}", places.get(name))
                    found[name] = _of_toml(plain(value), open_[name], origin)
        known = [p.name for p in recipe.params]
        strange = [n for n in own if n not in known] if isinstance(own, dict) else []
        if strange:
            raise failed(
                "unknown-input",
                f"{file.path}, [recipe.{recipe.name}]: the recipe has no parameter `{strange[0]}`",
                hint=did_you_mean(strange[0], known),
            )
        return found


def slips(recipe: Interface, project: Project) -> Iterator[Diagnostic]:
    """A warning for each value of the project that looks like a slip for one of the recipe's. One
    that does not may be another recipe's."""
    values = project.file.section("values") if project.file is not None else {}
    known = [p.name for p in recipe.params]
    for name in values:
        near = nearest(name, known) if name not in known else ""
        if near and near not in values:
            yield Diagnostic(
                "unknown-input",
                f"{FILE} has a value for `{name}`, which this recipe does not take",
                hint=f"`{near}` is near: was that meant?",
                softened=True,
            )


def _of_toml(value: object, param: Param, origin: Origin) -> Datum:
    if isinstance(value, str):
        return from_text(value, param, origin)
    return from_plain(value, param, origin)


def _at(place: Place | None, code: str, words: str, hint: str, reason: str = "") -> CodedError:
    labels = (Label(place),) if place is not None else ()
    return CodedError(Diagnostic(code, words, labels, reason, hint))


def _unset(variable: str, name: str, place: Place | None, options: Options) -> CodedError:
    hint = f'{variable}=… rlm …, --set {name}=…, or a fallback: `env("{variable}", …)`'
    if options.alone:
        hint = f"a test reads no environment: `given {name}: …`"
    words = f"the environment has no {variable}, which `{name}` is read from"
    return _at(place, "env-unset", words, hint)


def _untrusted(variable: str, place: Place | None, project: Project) -> CodedError:
    where = f"{project.file.path}" if project.file is not None else FILE
    return _at(
        place,
        "env-untrusted",
        f"the text of {variable} is not read: no rlm.toml that you trust allows it",
        hint=f'{where}: [env] allow = ["{variable}"], then `rlm trust .`',
        reason="A text of the environment may be a key, and a recipe may be anybody's.",
    )
