"""Recipe files checked, with what they use of other files. Of a recipe that nobody trusts, nothing
outside of its folder is read: neither a recipe that it uses nor Python that it names."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace

from rlmlang import compiler, plugins
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.diagnostics.source import SourceFile
from rlmlang.ir.suite import Checked
from rlmlang.runtime.files import STD, import_path, load_import, read_source
from rlmlang.runtime.parts import codes_of, outside

Load = Callable[[str, str], SourceFile | None]


def checked(path: str) -> Checked:
    """A recipe file after checking. Raises CodedError when it, or a file that it uses, may not or
    cannot be read."""
    return compiler.check(read_source(path), importing(path), plugins=plugins)


def checked_with_code(path: str) -> Checked:
    """The same, and what stands against Python that the recipe names."""
    found = checked(path)
    return replace(found, diagnostics=(*found.diagnostics, *_against_code(path, found)))


def importing(path: str, *, trust: bool = False) -> Load:
    """What loads the files that a recipe uses, all inside its folder unless it is trusted; `trust`
    is for this command alone. Raises CodedError (recipe-untrusted, recipe-unreadable)."""
    root = os.path.dirname(os.path.realpath(path))

    def load(wanted: str, importer: str) -> SourceFile | None:
        full = import_path(wanted, importer)
        away = "" if full.startswith(STD) else outside(os.path.abspath(full), root)
        if away and not trust and not _trusted(path):
            raise CodedError(_untrusted(path, f"uses {away}"))
        return load_import(wanted, importer)

    return load


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
