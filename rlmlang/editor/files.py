"""A file's own names and those that it uses of others, whatever is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from rlmlang import compiler
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.diagnostics.source import SourceFile
from rlmlang.editor.symbol import Key, Symbol, declared, parts_of
from rlmlang.ir.types import Listed, RecordType, Type
from rlmlang.syntax import tree as t
from rlmlang.syntax.trials import Trial


class Load(Protocol):
    """What brings the text behind a `use`; None where there is none."""

    def __call__(self, path: str, importer: str, version: str = "", /) -> SourceFile | None:
        """The text. Raises CodedError for what may not or cannot be read."""


@dataclass
class FileNames:
    """The names of one file: `own` ones, `imported` ones as they are said here, and the file behind
    each `use`. `tree` is None where nothing of it could be read."""

    source: SourceFile
    tree: t.File | None
    own: dict[str, Symbol] = field(default_factory=dict)
    imported: dict[str, Symbol] = field(default_factory=dict)
    used: dict[t.Use, FileNames] = field(default_factory=dict)

    def find(self, name: str) -> Symbol | None:
        """What a name of the whole file means."""
        return self.own.get(name) or self.imported.get(name)

    def every(self) -> Iterator[Symbol]:
        """All names that can be said anywhere in it."""
        yield from self.own.values()
        yield from self.imported.values()

    def part(self, type_: Type, name: str) -> Symbol | None:
        """The field of a record, or of the records in a list, and the label of an enum."""
        inner = type_.required()
        while isinstance(inner, Listed):
            inner = inner.of.required()
        named = getattr(inner, "name", "")
        if named:
            return parts_of(self._type(named)).get(name)
        return Symbol("field", name, None) if isinstance(inner, RecordType) else None

    def label(self, name: str) -> Symbol | None:
        """The label that a bare word is, where one enum alone has it."""
        return self._labels.get(name)

    @cached_property
    def _labels(self) -> dict[str, Symbol | None]:
        """The labels of all enums; None for one that several have."""
        known: dict[str, dict[Key | None, Symbol]] = {}
        for symbol in self.every():
            for name, label in parts_of(symbol.node).items() if symbol.kind == "enum" else ():
                known.setdefault(name, {})[label.key] = label
        return {n: next(iter(of.values())) if len(of) == 1 else None for n, of in known.items()}

    def _type(self, name: str) -> t.Node | None:
        """The declaration of a type, also of one that only a file which is used names."""
        for file in (self, *reached(self)):
            found = file.find(name)
            if found is not None and found.kind in ("record", "enum"):
                return found.node
        return None


def reached(file: FileNames) -> list[FileNames]:
    """The files that a file uses, and those that they use, each once."""
    found: dict[str, FileNames] = {}
    waiting = list(file.used.values())
    for one in waiting:
        if one.source.path not in found and one is not file:
            found[one.source.path] = one
            waiting += one.used.values()
    return list(found.values())


def names_of(source: SourceFile, load: Load) -> FileNames:
    """The names of a file, with those of the files that it uses."""
    return _read(source, load, {})


def _read(source: SourceFile, load: Load, known: dict[str, FileNames]) -> FileNames:
    file = known[source.path] = FileNames(source, compiler.read(source).tree)
    items = file.tree.items if file.tree is not None else ()
    for item in sorted(items, key=lambda i: isinstance(i, Trial)):  # evals have names of their own
        if isinstance(item, t.Declaration) and (not isinstance(item, Trial) or item.word != "test"):
            file.own.setdefault(item.name.text, declared(item))
    for item in items:
        if isinstance(item, t.Use):
            _use(file, item, load, known)
    return file


def _use(file: FileNames, use: t.Use, load: Load, known: dict[str, FileNames]) -> None:
    try:
        source = load(use.path, file.source.path, *([use.version] if use.version else []))
    except CodedError:
        return  # the checker says what is wrong with it
    if source is None:
        return
    other = known.get(source.path) or _read(source, load, known)
    file.used[use] = other
    if use.alias is not None or not use.names:
        alias = alias_of(use)
        at = use.alias.span if use.alias is not None else None
        file.imported[alias] = Symbol("file", alias, at, use.path, use)
        for name, symbol in other.own.items():
            file.imported[f"{alias}.{name}"] = symbol
    for written in use.names:
        found = other.find(written.text)
        if found is not None:
            file.imported[written.text] = found


def alias_of(use: t.Use) -> str:
    """The name before the dot, where a file is used as a whole."""
    return use.alias.text if use.alias else use.path.rsplit("/", 1)[-1].removesuffix(".rlm")
