"""A name exchanged for another, wherever it means the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rlmlang import compiler
from rlmlang.diagnostics.diagnostic import Diagnostic, failed
from rlmlang.diagnostics.fix import Edit, edited
from rlmlang.diagnostics.source import SourceFile
from rlmlang.editor.analysis import Analysis
from rlmlang.editor.files import Load
from rlmlang.editor.places import references
from rlmlang.editor.symbol import Symbol
from rlmlang.ir.types import TYPE_NAMES
from rlmlang.schema.registry import ALONE, Plugins
from rlmlang.syntax.mistakes import RESERVED

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
Edits = Mapping[str, list[Edit]]


def renamed(
    symbol: Symbol, name: str, among: Iterable[Analysis], load: Load, plugins: Plugins = ALONE
) -> Edits:
    """The edits of each file, by its path, that give a symbol another name.

    Raises CodedError (wrong-value) for what is no name, for what a package or the language
    declares, and where a file would then have a problem that it has not now.
    """
    files = {a.source.path: a for a in among}
    if symbol.key is None or symbol.at is None or symbol.at.source.package is not None:
        raise failed("wrong-value", f"`{symbol.name}` is not declared in these files")
    if not NAME.fullmatch(name) or name in RESERVED or name in TYPE_NAMES:
        raise failed("wrong-value", f"`{name}` cannot be a name", hint="letters, digits and _")
    found = references(symbol.key, files.values())
    edits: dict[str, list[Edit]] = {}
    for one in found:
        if one.span.text != symbol.name:
            continue  # an alias, or the path of a file
        edits.setdefault(one.span.source.path, []).append(Edit(one.span, name))
    texts = {p: edited(files[p].source.text, list(dict.fromkeys(e))) for p, e in edits.items()}
    for path in texts:
        _holds(files[path], texts, load, plugins)
    return edits


def _holds(before: Analysis, texts: Mapping[str, str], load: Load, plugins: Plugins) -> None:
    """Raises CodedError (wrong-value) where a file has more problems with the new texts."""

    def changed(path: str, importer: str, version: str = "", /) -> SourceFile | None:
        found = load(path, importer, *([version] if version else []))
        if found is None or found.path not in texts:
            return found
        return SourceFile(found.path, texts[found.path], found.package)

    source = SourceFile(before.source.path, texts[before.source.path])
    known = [d.code for d in before.problems]
    for problem in compiler.check(source, changed, plugins=plugins).diagnostics:
        if problem.code not in known:
            raise _clash(problem)
        known.remove(problem.code)


def _clash(problem: Diagnostic) -> Exception:
    return failed("wrong-value", f"then {problem.message}", hint="choose another name")
