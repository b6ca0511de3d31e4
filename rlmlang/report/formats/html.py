"""HTML: one page that needs nothing else, a table or a text, every character of it escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from rlmlang.report.formats.format import Format, Line, Shape, cell, encoded

END = b"</html>\n"
HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{name}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top; }}
td, pre {{ white-space: pre-wrap; font-family: inherit; }}
</style>
<h1>{name}</h1>
"""


def _begin(shape: Shape) -> tuple[bytes, Line, bytes]:
    head = HEAD.format(name=escape(shape.name or "result"))
    if shape.type.textual:
        return encoded(head), lambda x: encoded(f"<pre>{escape(cell(x))}</pre>\n"), END
    head += "<table>\n" + _row(shape.columns, "th")
    line = lambda x: encoded(_row(map(cell, shape.row(x).values()), "td"))  # noqa: E731
    return encoded(head), line, b"</table>\n" + END


def _row(cells: Iterable[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(c)}</{tag}>" for c in cells) + "</tr>\n"


HTML = Format("html", "A page with a table, or a text.", (".html", ".htm"), _begin)
