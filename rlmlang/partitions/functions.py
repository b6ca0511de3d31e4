"""`functions(max, slack)`: whole functions and classes. Python is read by `ast`, other languages by
tree-sitter if it is installed."""

from __future__ import annotations

import ast
from importlib import import_module

from rlmlang.context import Document
from rlmlang.partitions.packed import Packed
from rlmlang.partitions.paragraphs import Paragraphs
from rlmlang.partitions.text import Listed, Places, View
from rlmlang.schema.readers import bare_name

MOST = 8_000_000
LANGUAGES = {
    "js": "javascript", "jsx": "javascript", "mjs": "javascript", "ts": "typescript",
    "tsx": "typescript", "go": "go", "rs": "rust", "java": "java", "c": "c", "h": "c",
    "cc": "cpp", "cpp": "cpp", "hpp": "cpp", "cs": "c_sharp", "rb": "ruby", "php": "php",
    "kt": "kotlin", "scala": "scala", "sh": "bash",
}  # fmt: skip
"""The languages of files by their endings, as the packages of their grammars are named."""


class Functions(Packed):
    """A unit is a function or class with the comments above it."""

    def places(self, view: View, start: int) -> Places:
        """Where each function ends; files in no known language are cut at paragraphs."""
        found = function_ends(view.document, start, view.end)
        if found is None:
            return Paragraphs(self.max, self.slack).places(view, start)
        return Listed(iter([found]))


def function_ends(document: Document, start: int, end: int) -> list[int] | None:
    """Byte offsets behind each top-level definition, or None for a language nobody here reads."""
    if end - start > MOST:
        return None
    name = bare_name(document.id)
    suffix = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    data = document.read(start, end)
    if suffix in ("py", "pyi"):
        starts = _python(data)
    elif suffix in LANGUAGES:
        starts = _tree_sitter(data, LANGUAGES[suffix], suffix)
    else:
        return None
    if starts is None:
        return None
    inner = sorted({s for s in starts if 0 < s < len(data)})
    return [start + s for s in inner] + [end]


def _python(data: bytes) -> list[int] | None:
    """Where each top-level statement that defines something begins, decorators and comments
    above it included; methods too when a class stands there."""
    try:
        module = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    offsets = _line_offsets(data)
    lines: set[int] = set()
    for node in module.body:
        _definitions(node, lines)
    return [offsets[_above(data, offsets, line - 1)] for line in lines]


def _definitions(node: ast.AST, lines: set[int]) -> None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        lines.add(first)
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                _definitions(inner, lines)


def _line_offsets(data: bytes) -> list[int]:
    offsets = [0]
    for line in data.splitlines(keepends=True):
        offsets.append(offsets[-1] + len(line))
    return offsets


def _above(data: bytes, offsets: list[int], line: int) -> int:
    """The first of the comment lines directly above a line (numbered from 0)."""
    while line > 0 and data[offsets[line - 1] : offsets[line]].lstrip().startswith(b"#"):
        line -= 1
    return line


def _tree_sitter(data: bytes, language: str, suffix: str) -> list[int] | None:
    """The beginnings of the top-level nodes. Each grammar is a package of its own that carries
    what it needs; packages that fetch grammars at run time are not used."""
    try:
        from tree_sitter import Language, Parser

        grammar = import_module(f"tree_sitter_{language}")
    except ImportError:
        return None
    named = getattr(grammar, f"language_{suffix}", None) or getattr(
        grammar, f"language_{language}", None
    )
    make = named or grammar.language
    root = Parser(Language(make())).parse(data).root_node
    return [child.start_byte for child in root.children]
