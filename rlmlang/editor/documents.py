"""Buffers of an editor over the files of its folders, analysed as they are now."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rlmlang import plugins, resources
from rlmlang.compiler import Earlier
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.diagnostics.source import SourceFile
from rlmlang.editor.analysis import Analysis, Prices, analyse
from rlmlang.editor.files import Load, reached
from rlmlang.editor.rename import Edits, renamed
from rlmlang.editor.symbol import Symbol
from rlmlang.ir.binding import Binding
from rlmlang.ir.recipe import Recipe
from rlmlang.runtime.checking import importing
from rlmlang.runtime.files import STD, import_path, is_package, read_source
from rlmlang.runtime.project import Project, bind_models, load
from rlmlang.runtime.projectfile import parsed
from rlmlang.runtime.recipe_files import recipe_files
from rlmlang.runtime.root import root_of
from rlmlang.syntax.terms import Use

MOST_FILES = 2_000
"""Files of a folder that are looked through for a name."""


@dataclass
class Known:
    """An analysis, the texts that it read, and the count of changes that it was held against."""

    analysis: Analysis
    read: tuple[SourceFile, ...]
    changes: int


@dataclass
class Documents:
    """What an editor shows: `buffers` have the texts that are open by their paths, also what was
    not saved. `folders` are those of the workspace. One analysis is made at a time."""

    folders: tuple[str, ...] = ()
    buffers: dict[str, str] = field(default_factory=dict)
    changes: int = 0
    _known: dict[str, Known] = field(default_factory=dict)
    _good: dict[str, Analysis] = field(default_factory=dict)
    _prices: dict[str, Prices] = field(default_factory=dict)
    _earlier: dict[str, Earlier] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def change(self, path: str, text: str | None) -> None:
        """A buffer that has another text now, or none where it was closed."""
        self.changes += 1
        if text is None:
            self.buffers.pop(path, None)
        else:
            self.buffers[path] = text

    def forget(self) -> None:
        """Files were changed: `rlm.toml`, packages and prices too may be others now."""
        self.changes += 1
        with self._lock:
            self._known.clear()

    def source(self, path: str) -> SourceFile:
        """The text of a path as it is now. Raises CodedError for what cannot be read."""
        if path in self.buffers:
            return SourceFile(path, self.buffers[path])
        return read_source(path)

    def latest(self, path: str) -> Analysis | None:
        """The last analysis of a path of whose text something could be read, whether or not that
        is the present one."""
        return self._good.get(path)

    def analysis(self, path: str) -> Analysis:
        """What is known of a path's present text. Raises CodedError for what cannot be read."""
        with self._lock:
            known, changes = self._known.get(path), self.changes
            if known is not None and (known.changes == changes or self._holds(known, path)):
                known.changes = changes
                return known.analysis
            prices = self._prices.setdefault(path, Prices())
            earlier = self._earlier.setdefault(path, Earlier())
            source, load = self.source(path), self.loading(path)
            made = analyse(source, load, plugins, _bind(path), prices, earlier)
            read = tuple(file.source for file in reached(made.file))
            self._known[path] = Known(made, read, changes)
            if made.items:
                self._good[path] = made
            return made

    def _holds(self, known: Known, path: str) -> bool:
        """Whether all that an analysis read is as it was, and nothing is there by now that a `use`
        did not find."""
        analysis = known.analysis
        if len(analysis.file.used) < sum(isinstance(i, Use) for i in analysis.items):
            return False
        before = (analysis.source, *(one for one in known.read if one.package is None))
        try:
            return all(self.source(one.path).text == one.text for one in before)
        except CodedError:
            return False

    def loading(self, path: str) -> Load:
        """What brings the texts that a path uses: buffers before files, and packages as locked."""
        bring: Load | None = None

        def found(wanted: str, importer: str, version: str = "", /) -> SourceFile | None:
            nonlocal bring
            beside = not is_package(wanted) and not wanted.startswith(STD)
            full = import_path(wanted, importer) if beside else ""
            if bring is None:
                bring = importing(path)
            one = bring(wanted, importer, *([version] if version else []))
            if full in self.buffers and (one is None or one.package is None):
                return SourceFile(full, self.buffers[full])
            return one

        return found

    def every(self, holding: str = "") -> Iterator[Analysis]:
        """The recipes of the workspace, and all that are open, whose texts hold a word."""
        for path in self.paths():
            try:
                if holding in self.source(path).text:
                    yield self.analysis(path)
            except CodedError:
                continue  # it cannot be read, so no name stands in it

    def paths(self) -> list[str]:
        """The recipe files of the workspace, and those that are open."""
        found = dict.fromkeys(p for p in self.buffers if p.endswith(".rlm"))
        for folder in self.folders:
            try:
                found |= dict.fromkeys(recipe_files((folder,), some=False)[:MOST_FILES])
            except CodedError:
                continue
        return list(found)

    def rename(self, symbol: Symbol, name: str) -> Edits:
        """The edits of all files that give a symbol another name. Raises CodedError."""
        path = symbol.at.source.path if symbol.at is not None else ""
        return renamed(symbol, name, self.every(symbol.name), self.loading(path), plugins)

    def against_project_file(self, path: str) -> Diagnostic | None:
        """What is wrong with an `rlm.toml`, as it is in its buffer."""
        try:
            parsed(Path(path), self.buffers.get(path, "").encode())
        except CodedError as problem:
            return problem.diagnostic
        return None


def usable(path: str, documents: Documents) -> list[str]:
    """What a `use` in a file may name: the standard library, and recipes beside it."""
    folder = str(Path(path).parent)
    std = [f"{STD}{name}" for name in resources.names("stdlib", ".rlm")]
    beside = [os.path.relpath(p, folder) for p in documents.paths() if p != path]
    return [*std, *(p if p.startswith("..") else f"./{p}" for p in beside)]


def model_names(path: str) -> list[str]:
    """The real models with a known price, and those of the project."""
    project = _project(path)
    return sorted(project.prices) if project is not None else []


def file_of(path: str) -> str:
    """Where a source lies on the disk: of the standard library, its file."""
    if not path.startswith(STD):
        return path
    name = path.removeprefix(STD).removesuffix(".rlm")
    return str(resources.folder("stdlib") / f"{name}.rlm")


def _project(path: str) -> Project | None:
    try:
        return load(root_of(path))
    except CodedError:
        return None  # `rlm.toml` is told of where it is open


def _bind(path: str) -> Callable[[Recipe], Binding]:
    """What recipes of a file are planned with: the models that would fill theirs."""
    project = _project(path)

    def bind(recipe: Recipe) -> Binding:
        if project is None:
            return Binding()
        models = bind_models(recipe, project, ())
        return Binding(models, prices_from=project.prices_from)

    return bind
