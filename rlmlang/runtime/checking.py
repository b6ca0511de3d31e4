"""Recipe files checked, with what they use of other files. Of a recipe that nobody trusts, nothing
outside of its folder is read: neither a recipe that it uses nor Python that it names."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from rlmlang import compiler, plugins
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.diagnostics.source import SourceFile
from rlmlang.ir.suite import Checked
from rlmlang.runtime.files import STD, import_path, is_package, load_import, read_source
from rlmlang.runtime.packages import Packages
from rlmlang.runtime.parts import codes_of, outside
from rlmlang.runtime.root import root_of


class Load(Protocol):
    """What loads the files that a recipe uses."""

    def __call__(self, path: str, importer: str, version: str = "", /) -> SourceFile | None:
        """The text. Raises CodedError for what may not or cannot be read."""


def checked(path: str, *, locked: bool = False, home: str = "") -> Checked:
    """A recipe file after checking; where it is `locked`, its packages are as they were; `home` is
    as in `opened`. Raises CodedError when it, or a file that it uses, may not or cannot be read."""
    source, load = opened(path, home_of(path, home), locked=locked)
    return compiler.check(source, load, plugins=plugins)


def checked_with_code(path: str, *, locked: bool = False, home: str = "") -> Checked:
    """The same, and what stands against Python that the recipe names."""
    found = checked(path, locked=locked, home=home)
    against = _against_code(home_of(path, home), found)
    return replace(found, diagnostics=(*found.diagnostics, *against))


def home_of(path: str, user: str) -> str:
    """The file whose project decides over a recipe: that of its `user`, which names it in a test,
    an eval or a batch, where it lies in a package or comes with rlmlang; else the recipe's own."""
    if not user or user == path:
        return path
    shared = path.startswith(STD) or Packages(root_of(user)).owner(path) is not None
    return user if shared else path


def opened(
    what: str | SourceFile, home: str, *, trust: bool = False, locked: bool = False
) -> tuple[SourceFile, Load]:
    """The recipe at a path, and what loads the files that it uses. A package's recipe is read as
    the project of `home` has locked it, and with the packages of that project. Raises CodedError as
    `importing` does, and those of a package that is not what was locked."""
    packages = _packages(home, trust=trust, locked=locked)
    load = _loader(home, packages, trust=trust)
    if isinstance(what, SourceFile):
        return what, load
    source = packages.own_text(what) if home != what else None
    if source is not None and packages.lives(what):
        _allow(what, home, trust=trust)
    return source or read_source(what), load


def importing(path: str, *, trust: bool = False, locked: bool = False) -> Load:
    """What loads the files that a recipe uses, all inside its folder, or in packages that its
    project has locked, unless it is trusted; `trust` is for this command alone.

    Raises CodedError (recipe-untrusted, recipe-unreadable), and where it is `locked` those of a
    lock that does not hold.
    """
    return _loader(path, _packages(path, trust=trust, locked=locked), trust=trust)


def _packages(path: str, *, trust: bool, locked: bool) -> Packages:
    packages = Packages(root_of(path), trust=trust, exactly=locked)
    if locked:
        packages.require()
    return packages


def _loader(path: str, packages: Packages, *, trust: bool) -> Load:
    def load(wanted: str, importer: str, version: str = "", /) -> SourceFile | None:
        if is_package(wanted):
            found = packages.find(wanted, version, importer)
        elif wanted.startswith(STD) or not packages.holds(importer):
            _allow(import_path(wanted, importer), path, trust=trust)
            return load_import(wanted, importer, version)
        else:
            found = packages.beside(wanted, importer)
        if found is not None and packages.lives(found.path):
            _allow(found.path, path, trust=trust)
        return found

    return load


def _allow(full: str, path: str, *, trust: bool) -> None:
    """Raises CodedError (recipe-untrusted) for a file that a recipe uses outside of its folder."""
    away = (
        ""
        if full.startswith(STD)
        else outside(os.path.abspath(full), os.path.dirname(os.path.realpath(path)))
    )
    if away and not trust and not _trusted(path):
        raise CodedError(_untrusted(path, f"uses {away}"))


def _against_code(path: str, found: Checked) -> Iterator[Diagnostic]:
    root = os.path.dirname(os.path.realpath(path))
    suite = found.suite
    parts = (*found.recipes.values(), *suite.tests, *suite.evals, *suite.tunes)
    for file, named in sorted({(c.file, c.named) for c in codes_of(parts)}):
        away = outside(file, root)
        if away and not _trusted(path):
            yield _untrusted(path, f"runs {named} of {away}")
        elif os.path.exists(file) and not os.path.isfile(file):
            yield Diagnostic("code-missing", f"{named} cannot be loaded: {file} is no file")


def _trusted(path: str) -> bool:
    from rlmlang.runtime.prepared import Options
    from rlmlang.runtime.trust import trusts

    return trusts(path, Options())


def _untrusted(path: str, words: str) -> Diagnostic:
    folder = shlex.quote(os.path.dirname(os.path.realpath(path)))
    return Diagnostic(
        "recipe-untrusted",
        f"{path} is not in a folder that you trust, and {words}, which lies outside its folder",
        reason="A recipe may be anybody's: it was not read.",
        hint=f"read it, then `rlm trust {folder}`; for this command alone: RLM_TRUST=1",
    )
