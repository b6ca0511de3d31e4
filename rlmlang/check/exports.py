"""What a file exports, as it is written: what users of its package can name, and how."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.diagnostics.source import Span
from rlmlang.ir.suite import Export
from rlmlang.syntax import tree as t


def exports_of(file: t.File) -> Iterator[Export]:
    """The exported declarations of a file, in its order."""
    for item in file.items:
        if isinstance(item, t.Declaration) and item.export:
            takes, gives = _signature(item)
            yield Export(_word(item), item.name.text, item.docs, takes, gives, item.span.line)


def _signature(item: t.Declaration) -> tuple[tuple[tuple[str, str, bool], ...], str]:
    match item:
        case t.Prompt() | t.Code() | t.Recipe():
            takes = (
                (p.name.text, _plain(p.typed.span), p.default is not None) for p in item.params
            )
            return tuple(takes), _plain(item.result.span)
        case t.Record():
            return (), ", ".join(f"{f.name.text}: {_plain(f.typed.span)}" for f in item.fields)
        case t.Enum():
            return (), ", ".join(v.name.text for v in item.variants)
        case t.Const(typed=typed) if typed is not None:
            return (), _plain(typed.span)
        case t.SourceDecl():
            return (), _plain(item.typed.span)
    return (), ""


def _param(p: t.Param) -> tuple[str, str, bool]:
    return p.name.text, _plain(p.typed.span), p.default is not None


def _word(item: t.Declaration) -> str:
    """The word that declares it."""
    if isinstance(item, t.Settings | t.Code | t.Recipe):
        return item.word
    return "source" if isinstance(item, t.SourceDecl) else type(item).__name__.lower()


def _plain(span: Span) -> str:
    """A type as it is written, whatever its spaces."""
    return " ".join(span.text.split())
