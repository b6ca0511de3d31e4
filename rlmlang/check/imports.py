"""`use`: names from the standard library and from neighbouring files."""

from __future__ import annotations

from rlmlang.check.module import Library, Module
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.fix import Fix, write
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.diagnostics.suggest import instead
from rlmlang.syntax import tree as t


def module_of(library: Library, source: SourceFile, file: t.File) -> Module:
    """The module of a file, with everything it imports, file by file, each read once."""
    module = Module(library, source, file)
    library.modules[source.path] = module
    for use in module.uses:
        other = _load(library, module, use)
        if other is not None:
            _take(module, other, use)
        else:
            module.holes.names.update(_names(use))
    return module


def _alias(use: t.Use) -> str:
    """The name before the dot, where a file is used as a whole."""
    return use.alias.text if use.alias else use.path.rsplit("/", 1)[-1].removesuffix(".rlm")


def _names(use: t.Use) -> list[str]:
    """The names that a `use` brings."""
    return [*(n.text for n in use.names), _alias(use)]


def _load(library: Library, module: Module, use: t.Use) -> Module | None:
    if not use.path.startswith(("std/", "./", "../")):
        module.report(_package(library, module, use))
        return None
    source = library.load(use.path, module.source.path)
    if source is None:
        module.report(_missing(library, module, use))
        return None
    if source.path in library.modules:
        return library.modules[source.path]
    file = library.parse(source)
    if file is None:
        module.report(_broken(use, source))
        return None
    return module_of(library, source, file)


def _take(module: Module, other: Module, use: t.Use) -> None:
    if (use.alias is not None or not use.names) and _free(module, _alias(use), use.alias or use):
        for word, decl in other.decls.items():
            module.imports[f"{_alias(use)}.{word}"] = (other, decl)
    for name in use.names:
        found = other.find(name.text)
        if found is None:
            module.report(_no_such(name, use, list(other.decls)))
            module.holes.names.add(name.text)
        elif _free(module, name.text, name):
            module.imports[name.text] = found


def _free(module: Module, name: str, at: t.Node) -> bool:
    """Whether an imported name has no other meaning; reported where it has."""
    own = module.decls.get(name)
    first = own.name if own is not None else module.imported.setdefault(name, at)
    if first is not at:
        module.report(_taken(name, at, first))
    return first is at


def _package(library: Library, module: Module, use: t.Use) -> Diagnostic:
    return error(
        "package-not-locked",
        f'package "{use.path}" is not locked',
        use.span,
        reason="A package is used only at an exact version with a hash, in rlm.lock; this version "
        "of rlmlang reads the standard library and neighbouring files.",
        hint=_near(library, module, use)
        or 'copy the file beside the recipe and write `use "./file.rlm" { … }`',
    )


def _missing(library: Library, module: Module, use: t.Use) -> Diagnostic:
    std = use.path.startswith("std/")
    return error(
        "import-missing",
        f'there is no "{use.path}"',
        use.span,
        hint=_near(library, module, use)
        or (
            "`rlm new --list` shows the standard library"
            if std
            else "the path is taken from the folder of this file"
        ),
    )


def _near(library: Library, module: Module, use: t.Use) -> Fix | None:
    """The path that is meant, where its ending or its folder was left out."""
    written = f'"{use.path}"'
    at = use.span.start + use.span.text.find(written)
    bare = use.path.removesuffix(".rlm")
    for path in (f"{bare}.rlm", f"./{bare}.rlm", f"std/{bare}", bare):
        if path != use.path and path.startswith(("std/", "./", "../")):
            if at >= use.span.start and library.load(path, module.source.path) is not None:
                return write(Span(use.span.source, at, at + len(written)), f'"{path}"')
    return None


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
        hint=instead(name.span, known),
    )


def _taken(name: str, at: t.Node, first: t.Node) -> Diagnostic:
    return error(
        "duplicate-name",
        f"`{name}` is imported, and is the name of something else already",
        Label(at.span, "imported here"),
        Label(first.span, "first here"),
        reason="A name means one thing in a file.",
        hint="import one name once; of two files with one name, use one `as` another name",
    )
