"""Braces in a text that hold more than a name: they stay as they are, which is seldom meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rlmlang.check.scope import Scope
from rlmlang.diagnostics.diagnostic import warning
from rlmlang.diagnostics.source import Span
from rlmlang.functions.table import FUNCTIONS
from rlmlang.syntax import tree as t

COMPUTED = re.compile(
    r"(?<![\\{])\{(?P<name>[A-Za-z_]\w*)(?:\.\w+)*"
    r"(?:(?P<call>\()[^{}\"\n]*\)|\[[^{}\"\n]*\]| *[-+*/%] *[^{}\"\n]+)\}(?!\})"
)


def warn_of_computed(scope: Scope, e: t.Text) -> None:
    """Says where braces of a text hold a call, an operator or an index of something known. What
    looks like JSON, code or a template speaks of nothing known; raw texts have no such braces."""
    if e.span.text.startswith("r"):
        return
    for found in _computed(scope, e.span.text):
        inner, block = found.group()[1:-1], e.span.text.startswith('"""')
        start = e.span.start + found.start()
        keep = 'begin the text with `r"""`' if block else f"write `\\{{{inner}}}`"
        scope.report(
            warning(
                "unfilled-braces",
                f"`{found.group()}` stays as it is: braces are filled where they hold a name",
                Span(e.span.source, start, start + len(found.group())),
                hint=f"name it first, `let made = {inner}`, and write `{{made}}`; where the braces "
                f"are meant, {keep}",
            )
        )


def _computed(scope: Scope, text: str) -> Iterator[re.Match[str]]:
    for found in COMPUTED.finditer(text):
        name = found["name"]
        declared = scope.module.find(name) is not None
        called = found["call"] is not None and (name in FUNCTIONS or declared)
        if called or scope.lookup(name) is not None:
            yield found
