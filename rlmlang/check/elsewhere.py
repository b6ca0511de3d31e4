"""What to write in place of a type of another language."""

from __future__ import annotations

from rlmlang.diagnostics.fix import Fix, write
from rlmlang.diagnostics.source import Span
from rlmlang.diagnostics.suggest import instead
from rlmlang.schema import foreign
from rlmlang.syntax import tree as t


def type_instead(written: t.TypeExpr, at: Span, known: list[str]) -> Fix:
    """What to write in the place of a type that is not known; `at` is its name."""
    name, inner = written.name, written.args[0].type.span.text if written.args else ""
    if inner and name in foreign.LISTS | foreign.OPTIONALS:
        ours = f"[{inner}]" if name in foreign.LISTS else inner.removesuffix("?")
        return write(written.span, ours + ("?" if written.optional or ours == inner else ""))
    if name in foreign.MAPS:
        return write(at, "Map") if inner else Fix("a map is written `Map<Text, Int>`")
    if name in foreign.LISTS:
        return Fix("a list is written with the type of its items in it: `[Text]`")
    if name in foreign.RECORDS and name not in known:
        return Fix("declare a `record` with the fields, and write its name here")
    return instead(at, known, foreign.TYPES, name)
