"""Where a name is declared, and where else it stands."""

from __future__ import annotations

from collections.abc import Iterable

from rlmlang.diagnostics.source import Span
from rlmlang.editor.analysis import Analysis
from rlmlang.editor.symbol import Key, Occurrence, Symbol


def definition(analysis: Analysis, offset: int) -> Span | None:
    """Where the name at a place is declared; None for a word of the language."""
    found = analysis.at(offset)
    return found.symbol.at if found is not None else None


def symbol_at(analysis: Analysis, offset: int) -> Symbol | None:
    """What the name at a place means, where something declares it."""
    found = analysis.at(offset)
    return found.symbol if found is not None and found.symbol.key is not None else None


def references(key: Key, among: Iterable[Analysis]) -> list[Occurrence]:
    """Where a symbol stands in files, in their order."""
    return [o for analysis in among for o in analysis.found if o.symbol.key == key]
