"""The pages of built-in functions: what they take and give is read off their typing rules."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.functions.function import Function, Option
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.facts import Facts
from rlmlang.ir.types import (
    BOOL,
    DATE,
    FLOAT,
    INT,
    TEXT,
    TIME,
    TREE,
    EnumType,
    MapType,
    Type,
    list_of,
)
from rlmlang.reference.page import Page, Row
from rlmlang.reference.rows import ROW
from rlmlang.schema.formula import ONE, Formula, number, symbol

KINDS = {"list": "a list", "text": "a text", "number": "a number", "any": "any value",
         "date": "a day", "time": "an instant", "pattern": "a regular expression",
         "tree": "a folder", "map": "a map"}  # fmt: skip
NAMES = ("a", "b", "c", "d")
OPTIONS = {
    "field": ("a field", "n"),
    "fields": ("a field, or [a, b]", "n"),
    "keys": ("a field, or [a, b]", ("user",)),
    "where": ("a condition on `it`", None),
    "order": ("true, or the fields whose greatest comes first", True),
    "matches": ("a field of both, several, or a == b", ("id",)),
    "aggregate": ("a value about the `group`", Facts(INT, ONE, ONE, ONE)),
    "count": ("a whole number", symbol("", "n")),
    "items": ("a whole number, which may be computed", symbol("", "n")),
    "duration": ("a time such as 1h", 3600.0),
}
VALUES = {TEXT: ", ", BOOL: False, INT: 1, FLOAT: 0.5}


def function_pages() -> Iterator[Page]:
    """A page of each function of ours."""
    return map(function_page, FUNCTIONS.values())


def function_page(function: Function) -> Page:
    """The page of a function, whosever it is."""
    given = f"{function.doc[0].lower()}{function.doc[1:].removesuffix('.')}"
    gives = given_by(function)
    notes = [] if gives is None else [("gives", f"{gives.type}")]
    if any(kind == "list" for kind in function.takes):
        notes.append(("coverage", _coverage(function, gives)))
    if gives is not None:
        notes.append(("size", _size(gives)))
    if function.reads:
        notes.append(("reads", f"the field `{function.reads}` of each row"))
    options = tuple(Row(f"{o.name}:", *_option(o)) for o in function.options)
    return Page(
        function.name,
        "function",
        given,
        "",
        signature(function),
        options,
        tuple(notes),
        function.example,
    )


def signature(function: Function) -> str:
    """How a function is called, with the kinds of what it takes; what may be left out in
    brackets."""
    takes = [f"{NAMES[at]}: {KINDS[function.kind(at)]}" for at in range(function.least)]
    more = ["…"] if function.repeats else []
    named = [f"{o.name}: …" if o.required else f"[{o.name}: …]" for o in function.options]
    columns = ["NAME: value about the group, …"] if function.columns else []
    return f"{function.name}({', '.join([*takes, *more, *named, *columns])})"


def given_by(function: Function) -> Facts | None:
    """What a function gives of the rows of the examples, or of a text or number; None where its
    rule needs to know more."""
    arguments = [_facts(function.kind(at), NAMES[at]) for at in range(function.least)]
    options = {o.name: _value(o) for o in function.options if o.required or o.takes == "field"}
    try:
        return function.facts(*arguments, **options)
    except Exception:  # a rule of others may look at anything
        return None


def _facts(kind: str, name: str) -> Facts:
    size = symbol("", name)
    if kind == "list":
        return Facts(list_of(ROW), size, symbol("count", name), symbol("longest", name))
    of: dict[str, Type] = {
        "number": INT,
        "date": DATE,
        "time": TIME,
        "tree": TREE,
        "map": MapType(of=INT),
    }
    return Facts(of.get(kind, TEXT), size, ONE, size)


def _value(option: Option) -> object:
    if isinstance(option.takes, str):
        return OPTIONS[option.takes][1]
    choice = option.takes.names if isinstance(option.takes, EnumType) else ()
    return choice[0] if choice else VALUES.get(option.takes)


def _option(option: Option) -> tuple[str, str]:
    """What an option takes, and what is to be known of it."""
    takes = f"{option.takes}"
    if isinstance(option.takes, str):
        takes = OPTIONS[option.takes][0]
    elif isinstance(option.takes, EnumType):
        takes = " | ".join(option.takes.names)
    needed = "needed" if option.required else ""
    last = "may stand last without its name" if option.last else ""
    waives = "true: what it reads need not be whole" if option.waives else ""
    return "; ".join(x for x in (takes, needed) if x), "; ".join(x for x in (last, waives) if x)


def _coverage(function: Function, gives: Facts | None) -> str:
    needs = f"what it reads must be at least `{function.needs}`"
    weaker = gives is not None and gives.coverage != "exact" and gives.type.is_list
    return needs + (f"; what it gives is `{gives.coverage}`" if weaker and gives else "")


def _size(gives: Facts) -> str:
    """The most that the plan counts with, in tok and items of what is given."""
    items = f", {_formula(gives.count)} items" if gives.type.is_list else ""
    return f"at most {_formula(gives.size)} tok{items}"


def _formula(found: Formula) -> str:
    return f"{number(found)}"
