"""What a `repl` says of the models that its code asks, and of the session that it goes on with."""

from __future__ import annotations

from typing import TypedDict

from rlmlang.check.module import Module
from rlmlang.check.resolve import model_of
from rlmlang.check.settings import Settings
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Param
from rlmlang.ir.types import TEXT, Field, Type, fits, list_of, record
from rlmlang.syntax import tree as t

TOK = 2  # bytes of one, where a size is written in it


def _list(name: str, *parts: str) -> Field:
    return Field(name, list_of(record(*(Field(part, TEXT) for part in parts))))


SESSION: Type = record(
    _list("conversation", "question", "answer"),
    _list("variables", "name", "value"),
    Field("lost", list_of(TEXT)),
)
"""What a session leaves."""


def models_asked(module: Module, written: t.Expr | None) -> tuple[r.Model, ...]:
    """The models that code may ask, the usual one first."""
    items = written.items if isinstance(written, t.ListOf) else (written,)
    names = [n for n in items if isinstance(n, t.Name)]
    twice = len({n.text for n in names}) < len(names)
    if written is not None and (not items or len(names) < len(items) or twice):
        module.report(_no_sub(written))
        return ()
    return tuple(model_of(module, n) for n in names)


class Going(TypedDict):
    """How a session goes on."""

    session: str
    conversation: int


def going_on(module: Module, s: Settings, params: tuple[Param, ...]) -> Going:
    """The parameter that holds what an earlier session left, and how much of it is shown."""
    name = s.find("session", t.Name)
    if name is None:
        return Going(session="", conversation=0)
    types = {p.name: p.type for p in params}
    if name.text not in types or not fits(types[name.text].required(), SESSION):
        module.report(_no_session(name))
    return Going(session=name.text, conversation=s.get("conversation", int) * TOK)


def _no_sub(written: t.Expr) -> Diagnostic:
    return error(
        "wrong-setting",
        "`sub` takes the name of a model, or a list of different ones",
        written.span,
        reason="Of several, code asks the first unless it names another.",
        hint="write sub: reader, or sub: [reader, fast]",
    )


def _no_session(name: t.Name) -> Diagnostic:
    return error(
        "wrong-setting",
        "`session` names a parameter that holds what a session left",
        name.span,
        reason="That is a record with `conversation`, a list of question and answer, `variables`, "
        "a list of name and value, and `lost`, a list of names, all Text.",
        hint='use "std/rlm" { Session }, and declare the parameter as `before: Session?`',
    )
