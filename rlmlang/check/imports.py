"""`use`: names from the standard library and from neighbouring files."""

from __future__ import annotations

from rlmlang.check.module import Library, Module
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.source import SourceFile
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.syntax import tree as t


def module_of(library: Library, source: SourceFile, file: t.File) -> Module:
    """The module of a file, with everything it imports, file by file, each read once."""
    module = Module(library, source, file)
    library.modules[source.path] = module
    for use in module.uses:
        other = _load(library, module, use)
        if other is not None:
            _take(module, other, use)
    return module


def _load(library: Library, module: Module, use: t.Use) -> Module | None:
    if not use.path.startswith(("std/", "./", "../")):
        module.report(_package(use))
        return None
    source = library.load(use.path, module.source.path)
    if source is None:
        module.report(_missing(use))
        return None
    if source.path in library.modules:
        return library.modules[source.path]
    file = library.parse(source)
    if file is None:
        module.report(_broken(use, source))
        return None
    return module_of(library, source, file)


def _take(module: Module, other: Module, use: t.Use) -> None:
    if use.alias is not None or not use.names:
        alias = use.alias.text if use.alias else use.path.rsplit("/", 1)[-1].removesuffix(".rlm")
        for word, decl in other.decls.items():
            module.imports[f"{alias}.{word}"] = (other, decl)
    for name in use.names:
        found = other.find(name.text)
        if found is None:
            module.report(_no_such(name, use, list(other.decls)))
        elif name.text in module.decls:
            module.report(_hidden(name))
        else:
            module.imports[name.text] = found


def _package(use: t.Use) -> Diagnostic:
    return error(
        "package-not-locked",
        f'package "{use.path}" is not locked',
        use.span,
        reason="A package is used only at an exact version with a hash, in rlm.lock; this version "
        "of rlmlang reads the standard library and neighbouring files.",
        hint='copy the file beside the recipe and write `use "./file.rlm" { … }`',
    )


def _missing(use: t.Use) -> Diagnostic:
    std = use.path.startswith("std/")
    return error(
        "import-missing",
        f'there is no "{use.path}"',
        use.span,
        hint="`rlm new --list` shows the standard library"
        if std
        else "the path is taken from the folder of this file",
    )


def _broken(use: t.Use, source: SourceFile) -> Diagnostic:
    return error(
        "import-broken",
        f'"{use.path}" cannot be read as a recipe',
        use.span,
        hint=f"run `rlm check {source.path}` and mend it first",
    )


def _no_such(name: t.Name, use: t.Use, known: list[str]) -> Diagnostic:
    return error(
        "unknown-import",
        f'"{use.path}" declares no `{name.text}`',
        name.span,
        hint=did_you_mean(name.text, known),
    )


def _hidden(name: t.Name) -> Diagnostic:
    return error(
        "duplicate-name",
        f"`{name.text}` is imported and declared here as well",
        name.span,
        hint="rename the declaration, or import the file `as` a name",
    )
