"""What declarations say of sizes: of a parameter with its source, of a prompt's answer."""

from __future__ import annotations

from rlmlang.ir.expressions import Param
from rlmlang.ir.facts import Facts
from rlmlang.ir.places import innermost, is_piece
from rlmlang.ir.recipe import Prompt, Source
from rlmlang.ir.sizes import GROWTH, declared_size, field_overhead, inner_count, item_size
from rlmlang.ir.types import (
    ImageType,
    MapType,
    RecordType,
    TextType,
    TreeType,
    Type,
    bare,
    fields_of,
    is_documents,
)
from rlmlang.schema.formula import ONE, Formula, Sizes, Unknown, What, number, symbol


def of_param(param: Param, source: Source | None = None, sizes: Sizes | None = None) -> Facts:
    """What is known of a recipe's parameter: its real size where it is bound, else its declared
    most, else an unknown named after it: `x` for the size, `count(x)`, `longest(x)`, `files(x)`;
    `document(x)` is the size of the largest file.
    """
    name, type_, known = param.name, param.type, sizes or {}
    most = param.max or (source.max if source else None)
    origins = frozenset([name])

    def of(what: What, declared: int | Formula | None) -> Formula:
        if (unknown := Unknown(what, name)) in known:
            return number(known[unknown])
        return symbol(what, name) if declared is None else number(declared)

    placed = frozenset([""]) if _placed(type_) else frozenset[str]()
    if isinstance(type_, TreeType) or is_documents(type_):
        count, item = of("files", most if type_.is_list else None), of("document", None)
        size = of("", None if type_.is_list else most)
        return Facts(type_, size, count, item, origins=origins, placed=placed)
    if type_.is_list:
        count = of("count", most)
        item = of("longest", item_size(type_))
        inner = inner_count(type_, item)
        return Facts(bare(type_), count * item, count, item, inner, origins=origins, placed=placed)
    size = of("", declared_size(type_, most))
    if isinstance(type_, MapType):
        return Facts(bare(type_), size, size, size, size, origins=origins)
    return Facts(bare(type_), size, ONE, size, origins=origins, placed=placed)


def _placed(type_: Type) -> bool:
    """Whether what is given for a parameter lies in a document: a file, a folder, its rows."""
    inner = innermost(type_).required()
    rows = type_.is_list and isinstance(inner, TextType | RecordType)
    return rows or isinstance(inner, ImageType) or is_piece(type_) or isinstance(type_, TreeType)


def of_result(prompt: Prompt, result: Type) -> Facts:
    """What a prompt's answer may measure: its `max`, or all that the model may write."""
    written = number(prompt.written * GROWTH)
    if result.is_list:
        return _list_result(prompt, result, written)
    if isinstance(result, MapType):
        return Facts(bare(result), written, written, written, written)
    declared = declared_size(result, None, GROWTH)
    if prompt.result_max is not None and result.textual:
        declared = number(prompt.result_max * GROWTH)
    size = written if declared is None else _least(declared, written)
    return Facts(bare(result), size, ONE, size)


def _list_result(prompt: Prompt, result: Type, written: Formula) -> Facts:
    smallest = number(2 + field_overhead(result.item) if fields_of(result.item) else 2)
    count = number(prompt.result_max) if prompt.result_max is not None else None
    if count is None:
        value, least = written.value(), smallest.value()
        assert value is not None and least is not None
        count = number(max(1, value // least))
    declared = item_size(result, GROWTH)
    item = written if declared is None else _least(declared, written)
    return Facts(bare(result), written, count, item, inner_count(result, item))


def _least(a: Formula, b: Formula) -> Formula:
    if a.known and b.known:
        return a if a.number <= b.number else b
    return a if a.known else b
