"""A source or a path opened as what its type asks for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from rlmlang.context import Document, TextDocument, Tree, tok_in, whole
from rlmlang.ir.recipe import Source
from rlmlang.ir.types import Type
from rlmlang.sources.files import in_memory, open_file, open_glob, open_tree, unreadable
from rlmlang.sources.pipes import stdin_bytes
from rlmlang.sources.remote import is_remote, remote
from rlmlang.sources.rows import Rows, jsonl, lines, table

STDIN = "-"
LOCAL = "file://"


def open_source(source: Source) -> Any:
    """The value of a declared source; relative paths are taken from the recipe's folder."""
    base = os.path.dirname(os.path.abspath(source.base)) if source.base else os.getcwd()
    place = source.location
    if source.kind == "sql":
        from rlmlang.sources.tables import query

        return query(dict(source.options), place, source.type.item)
    if source.kind == "files":
        return open_glob(place, base)
    path = place if is_remote(place) or os.path.isabs(place) else os.path.join(base, place)
    return open_as(source.kind, path, source.type, place, dict(source.options))


def open_path(path: str, type_: Type) -> Any:
    """A path from the command line as what a parameter's type asks for."""
    if type_.kind == "Tree":
        return open_tree(path)
    kind = "text"
    if type_.is_list:
        suffix = path.rsplit(".", 1)[-1].lower()
        kinds = {"csv": "csv", "tsv": "csv", "parquet": "parquet", "txt": "lines", "log": "lines"}
        kind = kinds.get(suffix, "jsonl")
        if kind == "jsonl" and type_.item.textual:
            kind = "lines"
    return open_as(kind, path, type_, path, {})


def open_as(kind: str, path: str, type_: Type, name: str, options: dict[str, Any]) -> Any:
    """A file by the kind of source it is."""
    if kind == "tree":
        return open_tree(path)
    if kind == "parquet":
        from rlmlang.sources.tables import parquet

        return parquet(path, type_.item)
    document = stdin() if kind == "stdin" or path == STDIN else _document(path, name)
    return open_rows(kind, document, type_.item, options) if type_.is_list else whole(document)


def open_rows(kind: str, document: Document, item: Type, options: Mapping[str, Any]) -> Rows:
    """The rows of a document: a `csv` table, `jsonl`, or `lines` of text."""
    if kind == "csv":
        usual = "\t" if document.id.lower().endswith(".tsv") else ","
        return table(document, item, str(options.get("delimiter", usual)))
    return lines(document) if kind == "lines" else jsonl(document, item)


def _document(path: str, name: str) -> Document:
    if path.startswith(LOCAL + "/"):
        return open_file(path.removeprefix(LOCAL), name)
    return remote(path) if is_remote(path) else open_file(path, name)


def stdin() -> TextDocument:
    """What is piped in, held in memory."""
    try:
        return in_memory("stdin", stdin_bytes())
    except OSError as mistake:
        raise unreadable("stdin", mistake) from None


def size_of(value: Any, name: str, symbol: str, measure: Any) -> int | None:
    """The real value of an unknown of a formula: `x`, `count(x)`, `longest(x)`, `files(x)`,
    `lines(x)`. None when the value has no such thing."""
    if isinstance(value, Rows):
        known = {f"count({name})": len(value), f"longest({name})": value.item_size}
        return known.get(symbol)
    if symbol == f"files({name})" and isinstance(value, Tree):
        return len(value.documents)
    if symbol == name:
        return tok_in(value.parts, measure)
    documents = value.documents if isinstance(value, Tree) else [p.document for p in value.parts]
    if symbol in (f"lines({name})", f"records({name})", f"longest({name})"):
        return _lines(documents, longest=symbol.startswith("longest"))
    return None


def _lines(documents: Any, *, longest: bool) -> int:
    """The number of lines, or the length of the longest in bytes, which is never less than tok."""
    total = most = held = 0
    for document in documents:
        at, held = document.start, 0
        while at < document.size:
            block = document.read(at, min(document.size, at + (1 << 20)))
            total += block.count(b"\n")
            if longest:
                first, *rest = block.split(b"\n")
                held += len(first)
                most = max(most, held, *map(len, rest)) if rest else max(most, held)
                held = len(rest[-1]) if rest else held
            at += len(block)
        total += 1
    return most + 1 if longest else total


__all__ = ["open_as", "open_path", "open_source", "size_of", "stdin", "unreadable"]
