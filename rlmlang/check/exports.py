"""What a file exports: what users of its package can name, as it is written and checked."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.check.module import Module
from rlmlang.check.prompts import prompt_of
from rlmlang.diagnostics.source import Span
from rlmlang.ir.suite import Export
from rlmlang.ir.undocumented import undocumented
from rlmlang.syntax import tree as t

Callable = t.Prompt | t.Code | t.Recipe


def exports_of(module: Module, file: t.File) -> Iterator[Export]:
    """The exported declarations of a file, in its order."""
    for item in file.items:
        if isinstance(item, t.Declaration) and item.export:
            takes, gives = _signature(item)
            prompt = prompt_of(module, item.name.text) if isinstance(item, t.Prompt) else None
            yield Export(
                _word(item),
                item.name.text,
                item.docs,
                takes,
                gives,
                item.span.line,
                types=tuple(map(undocumented, _types(module, item))),
                form=_form(item),
                task=prompt.task if prompt is not None else "",
                end=item.span.line + item.span.text.count("\n"),
            )


def _signature(item: t.Declaration) -> tuple[tuple[tuple[str, str, bool], ...], str]:
    match item:
        case t.Prompt() | t.Code() | t.Recipe():
            return tuple(map(_param, item.params)), _plain(item.result.span)
        case t.Record():
            return (), ", ".join(f"{f.name.text}: {_plain(f.typed.span)}" for f in item.fields)
        case t.Enum():
            return (), ", ".join(v.name.text for v in item.variants)
        case t.Const(typed=typed) if typed is not None:
            return (), _plain(typed.span)
        case t.SourceDecl():
            return (), _plain(item.typed.span)
    return (), ""


def _types(module: Module, item: t.Declaration) -> Iterator[object]:
    """What it gives and then what it takes, each type with its `max`; nothing for what is only
    known where it is called."""
    match item:
        case t.Recipe(word="pattern"):
            return
        case t.Prompt() | t.Code() | t.Recipe():
            result = module.type(item.result.type)
            yield result, module.max_of(item.result, result)
            yield from ((p.type, p.max) for p in module.params(item.params))
        case t.Record() | t.Enum():
            yield module.declared_type(item), None


def _form(item: t.Declaration) -> str:
    """How it is declared: of what is called its head, of anything else all of it."""
    if isinstance(item, Callable):
        takes = ", ".join(_plain(p.span) for p in item.params)
        return f"{_word(item)} {item.name.text}({takes}) -> {_plain(item.result.span)}"
    lines = [x for x in item.span.text.splitlines() if not x.startswith("///")]
    return "\n".join(lines).removeprefix("export").strip()


def _param(p: t.Param) -> tuple[str, str, bool]:
    return p.name.text, _plain(p.typed.span), p.default is not None


def _word(item: t.Declaration) -> str:
    """The word that declares it."""
    if isinstance(item, t.Settings | t.Code | t.Recipe):
        return item.word
    return "source" if isinstance(item, t.SourceDecl) else type(item).__name__.lower()


def _plain(span: Span) -> str:
    """What is written there, whatever its spaces."""
    return " ".join(span.text.split())
