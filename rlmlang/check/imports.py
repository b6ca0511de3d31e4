"""`use`: names from packages, the standard library among them, and from neighbouring files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rlmlang.check.module import Library, Module
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, Label, error
from rlmlang.diagnostics.fix import Fix, write
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.diagnostics.suggest import instead
from rlmlang.syntax import tree as t

BESIDE = ("./", "../")


def module_of(library: Library, source: SourceFile, file: t.File) -> Module:
    """The module of a file, with everything it imports, file by file, each read once, however long
    the chain of files is."""
    module = _begun(library, source, file)
    reading = [_read(library, module)]
    while reading:
        other = next(reading[-1], None)
        if other is None:
            reading.pop()
        else:
            reading.append(_read(library, other))
    return module


def _begun(library: Library, source: SourceFile, file: t.File) -> Module:
    """The module of a file, of whose imports nothing is known yet."""
    module = library.modules[source.path] = Module(library, source, file)
    return module


def _read(library: Library, module: Module) -> Iterator[Module]:
    """Takes what a module imports; first gives each module that must be read before."""
    for use in module.uses:
        many = len(library.modules)
        other = _load(library, module, use)
        if other is None:
            module.holes.names.update(_names(use))
            continue
        if len(library.modules) > many:
            yield other
        _take(module, other, use)


def _alias(use: t.Use) -> str:
    """The name before the dot, where a file is used as a whole."""
    return use.alias.text if use.alias else use.path.rsplit("/", 1)[-1].removesuffix(".rlm")


def _names(use: t.Use) -> list[str]:
    """The names that a `use` brings."""
    return [*(n.text for n in use.names), _alias(use)]


def _load(library: Library, module: Module, use: t.Use) -> Module | None:
    try:
        source = _source(library, module, use)
    except CodedError as mistake:
        if use.path.startswith(BESIDE):
            raise
        module.report(replace(mistake.diagnostic, labels=(Label(use.span),)))
        return None
    if source is None:
        known = use.path.startswith(("std/", *BESIDE))
        module.report((_missing if known else _unknown)(library, module, use))
        return None
    if source.path in library.modules:
        return library.modules[source.path]
    file = library.parse(source)
    if file is None:
        module.report(_broken(use, source))
        return None
    return _begun(library, source, file)


def _source(library: Library, module: Module, use: t.Use) -> SourceFile | None:
    if use.version and not use.path.startswith(BESIDE):
        return library.load(use.path, module.source.path, use.version)
    if use.version:
        module.report(_no_package(use))
    return library.load(use.path, module.source.path)


def _take(module: Module, other: Module, use: t.Use) -> None:
    if (use.alias is not None or not use.names) and _free(module, _alias(use), use.alias or use):
        for word, decl in other.decls.items():
            if _seen(module, other, decl):
                module.imports[f"{_alias(use)}.{word}"] = (other, decl)
    for name in use.names:
        found = other.find(name.text)
        if found is None or not _seen(module, *found):
            seen = [n for n, d in other.decls.items() if _seen(module, other, d)]
            hidden = found is not None and found[0] is other
            module.report((_not_exported if hidden else _no_such)(name, use, seen))
            module.holes.names.add(name.text)
        elif _free(module, name.text, name):
            module.imports[name.text] = found


def _seen(module: Module, other: Module, decl: t.Declaration) -> bool:
    """Whether a file sees a declaration of another: one of another package only if it is
    exported."""
    package = other.source.package
    return package is None or package == module.source.package or decl.export


def _free(module: Module, name: str, at: t.Node) -> bool:
    """Whether an imported name has no other meaning; reported where it has."""
    own = module.decls.get(name)
    first = own.name if own is not None else module.imported.setdefault(name, at)
    if first is not at:
        module.report(_taken(name, at, first))
    return first is at


def _unknown(library: Library, module: Module, use: t.Use) -> Diagnostic:
    return error(
        "package-unknown",
        f'no package "{use.path}" is declared',
        use.span,
        reason="Packages have a line below [deps] of the project's rlm.toml; the path of a file "
        'beside this one begins with "./".',
        hint=_near(library, module, use)
        or f"`rlm deps add {use.path} --git URL --tag TAG`; `rlm deps list` shows what there is",
    )


def _no_package(use: t.Use) -> Diagnostic:
    return error(
        "package-version",
        f'"{use.path}" is a file, and has no version',
        use.span,
        reason="Packages have versions; a file beside this one is as it is.",
        hint=f"leave out @{use.version}",
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


def _not_exported(name: t.Name, use: t.Use, seen: list[str]) -> Diagnostic:
    return error(
        "not-exported",
        f'"{use.path}" does not export `{name.text}`',
        name.span,
        reason="Of a package only what it exports is seen; the rest may change at any time.",
        hint=instead(name.span, seen) if seen else "ask for it, or copy it",
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
