"""Markdown: text as it is, anything else as a table; what is nested in a cell is JSON."""

from __future__ import annotations

from collections.abc import Iterable

from rlmlang.report.formats.format import Format, Line, Shape, cell, encoded

LINE = str.maketrans({"|": "\\|", "\\": "\\\\", "\n": "<br>", "\r": "", "<": "&lt;", "&": "&amp;"})


def _begin(shape: Shape) -> tuple[bytes, Line, bytes]:
    if shape.type.textual:
        return b"", lambda x: encoded(cell(x) + "\n"), b""
    head = _row(shape.columns) + _row("---" for _ in shape.columns)
    return encoded(head), lambda x: encoded(_row(map(cell, shape.row(x).values()))), b""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(c.translate(LINE) for c in cells) + " |\n"


MD = Format("md", "A Markdown table; a text as it is.", (".md", ".markdown"), _begin)
