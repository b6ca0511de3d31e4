"""A page as one HTML file, from which no request leaves and in which data is never markup.

Scripts are modules beside this file; a page has them one behind the other as a single one, whose
hash its content security policy names. Data stands in blocks that no browser runs.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache

from jinja2 import Environment, StrictUndefined

from rlmlang.report.diff.values import values
from rlmlang.report.view.columns import deflated
from rlmlang.report.view.page import Page, RunPage
from rlmlang.resources import package_text
from rlmlang.value import Json

ASSETS = "report/view/assets"
MODULES = ("dom", "format", "data", "canvas", "answer", "price", "coverage", "flame", "lanes",
           "live", "session", "call", "table", "words", "compare", "batch", "page")  # fmt: skip
"""The scripts, each behind those that it imports."""
IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)


def lines(page: Page, *, live: str = "") -> Iterator[str]:
    """The parts of the file. A page that is `live` asks its own server, at that address, for data
    that has come since."""
    script, style = scripts(), package_text(f"{ASSETS}/style.css")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        f"img-src data:; base-uri 'none'; form-action 'none'"
        + ("; connect-src 'self'" if live else "")
    )
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        package_text(f"{ASSETS}/page.html")
    )
    yield from template.generate(
        title=page.title,
        policy=policy,
        style=style,
        script=script,
        live=live,
        blocks=blocks(page),
    )


@cache
def scripts() -> str:
    """The scripts as one module, in which each keeps to itself what it does not export."""
    return "\n".join(_scoped(package_text(f"{ASSETS}/{name}.js")) for name in MODULES)


def _scoped(module: str) -> str:
    names = ", ".join(EXPORT.findall(module))
    body = EXPORT.sub("", IMPORT.sub("", module))
    return f"const {{ {names} }} = (() => {{\n{body}return {{ {names} }};\n}})();"


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{b64encode(digest).decode()}'"


def blocks(page: Page) -> Iterator[tuple[str, str]]:
    """The data by the ids of their elements: first what is drawn at once, as it is; the rest is
    inflated by the page when it is needed."""
    change = None if page.change is None else values(page.change)
    told: dict[str, Json] = {"title": page.title, "runs": [run.name for run in page.runs]}
    yield "page", escaped({**told, "change": change, "batch": dict(page.batch) or None})
    for number, run in enumerate(page.runs):
        yield from _run_blocks(f"run-{number}", run)


def _run_blocks(id: str, run: RunPage) -> Iterator[tuple[str, str]]:
    yield f"{id}-head", escaped(dict(run.head))
    for name, table in run.tables.items():
        yield f"{id}-{name}", escaped(table.packed)
    for name, block in run.blocks.items():
        yield f"{id}-{name}", deflated(_json(block).encode("utf-8", "replace"))


def escaped(value: Json) -> str:
    """A value as JSON inside of an element: nothing in it ends the element or begins another."""
    text = _json(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return text.encode("utf-8", "replace").decode()


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
