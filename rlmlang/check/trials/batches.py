"""`batch`: one recipe over many inputs; what its items are, are called and give."""

from __future__ import annotations

from collections.abc import Callable

from rlmlang.check.infer import expect, infer
from rlmlang.check.module import Module
from rlmlang.check.overrides import settable_here
from rlmlang.check.resolve import limits_in, source_of
from rlmlang.check.scope import Scope
from rlmlang.check.settings import Settings, once, settings_of
from rlmlang.check.trials.tests import form, words
from rlmlang.check.trials.tuning import path_of
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.suggest import instead
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.ir.expressions import Constant, Expr, Param, Ref
from rlmlang.ir.quotes import is_cut
from rlmlang.ir.types import (
    DOC,
    IMAGE,
    TEXT,
    Field,
    Listed,
    RecordType,
    TreeType,
    Type,
    fits,
    is_documents,
)
from rlmlang.ir.walk import names
from rlmlang.schema.calls import OVER
from rlmlang.schema.settings import BUDGET
from rlmlang.syntax import tree as t
from rlmlang.syntax.trials import Item, Trial

FILE = RecordType(tuple(Field(n, TEXT) for n in s.FILE_FIELDS), "File")
PATHS = tuple(f"budget.{name}" for name in BUDGET)


def batch_of(module: Module, trial: Trial, recipe: r.Recipe) -> s.Batch | None:
    """A checked batch; None where it goes over nothing."""
    own, scope = settings_of(module, trial), Scope(module)
    params = {p.name: p for p in recipe.params}
    once(module, [i.key for i in trial.said("each")])
    found = [_each(scope, i, params) for i in trial.said("each")]
    each = tuple(e for e in found if e is not None)
    sets = tuple(x for i in trial.said("set") for x in _set(scope, i, params))
    called = _filled(scope, own, "name")
    scope.bind("name", Ref("name"), r.Facts(TEXT))
    output = _filled(scope, own, "output")
    _unread(module, trial, each, (*(v for _, v in sets), called, output), list(params))
    if not trial.said("each"):
        module.report(_nothing(trial))
    if not each or len(each) < len(found):
        return None
    return s.Batch(
        trial.name.text,
        recipe.name,
        each,
        sets,
        tuple(params),
        called,
        output,
        own.find("table", str) or "",
        zipped=own.get("pairs", str) == "zip",
        goes_on=own.get("on_error", str) == "skip",
        at_once=own.get("at_once", int),
        budget=limits_in(own.find("budget", Settings)),
        line=trial.span.line,
        path=recipe.path,
        base=module.source.path,
    )


# ── each ─────────────────────────────────────────────────────────────────────


def _each(scope: Scope, item: Item, params: dict[str, Param]) -> s.Each | None:
    """What one `each` goes over, its name bound to what is known of an item."""
    if not isinstance(item.key, t.Name):
        return None
    name, param = item.key.text, params.get(item.key.text)
    made = _list(scope, item, name, param) or _called(scope, item, name, param)
    if made is None:
        return None
    each, type_ = made
    scope.bind(name, Ref(name), r.Facts(type_))
    return each


def _list(scope: Scope, item: Item, name: str, param: Param | None) -> tuple[s.Each, Type] | None:
    """The values that are written out."""
    if not isinstance(item.value, t.ListOf) or not item.value.items:
        return None
    want = TEXT if param is None or is_cut(param.type) else param.type
    found = [expect(scope, x, want, f"`{name}`") for x in item.value.items]
    return s.Each(name, "list", values=tuple(v for v, _ in found), fills=param is not None), want


def _called(scope: Scope, item: Item, name: str, param: Param | None) -> tuple[s.Each, Type] | None:
    """`glob("…")`, `lines("…")`, and `rows` of a file or a declared source."""
    word, argument = _argument(item.value)
    if word not in OVER or argument is None:
        scope.report(form(item.value, f'each {name} in glob("docs/*.md")'))
        return None
    makers: dict[str, Callable[[str], tuple[s.Each, Type] | None]] = {
        "glob": lambda path: _files(scope, item, path, param),
        "lines": lambda path: _lines(scope, item, path, param),
        "rows": lambda path: _rows_at(scope, item, path, param),
    }
    if isinstance(argument, t.Name) and word == "rows":
        return _rows_of(scope, item, argument, param)
    path = scope.module.literal(argument)
    if not isinstance(path, str) or not path.strip():
        scope.report(form(item.value, f'{word}("…")'))
        return None
    return makers[word](path)


def _argument(written: t.Expr) -> tuple[str, t.Expr | None]:
    """The word and the one argument of a call."""
    if not isinstance(written, t.Call) or not isinstance(written.callee, t.Name):
        return "", None
    plain = len(written.args) == 1 and not written.args[0].label
    return written.callee.text, written.args[0].value if plain else None


def _files(scope: Scope, item: Item, path: str, param: Param | None) -> tuple[s.Each, Type] | None:
    if param is not None and not _opens(param.type):
        scope.report(_unfit(item, param, "a file", "name a parameter that holds a text"))
        return None
    return s.Each(_name(item), "glob", path, fills=param is not None), FILE


def _opens(type_: Type) -> bool:
    """Whether a file can be opened as a value of a type."""
    opened = is_cut(type_) or is_documents(type_) or isinstance(type_, TreeType | Listed)
    return opened or type_.required() in (TEXT, DOC, IMAGE)


def _lines(scope: Scope, item: Item, path: str, param: Param | None) -> tuple[s.Each, Type] | None:
    wide = Listed | RecordType | TreeType
    if param is not None and (isinstance(param.type, wide) or param.type.required() == DOC):
        scope.report(_unfit(item, param, "a line", "`rows(…)` gives records"))
        return None
    type_ = TEXT if param is None or is_cut(param.type) else param.type
    return s.Each(_name(item), "lines", path, fills=param is not None), type_


def _rows_at(
    scope: Scope, item: Item, path: str, param: Param | None
) -> tuple[s.Each, Type] | None:
    if param is None:
        scope.report(_untyped(item))
        return None
    if not isinstance(param.type, RecordType):
        scope.report(_unfit(item, param, "a row", "`set` parameters from the row's fields"))
        return None
    return s.Each(_name(item), "rows", path, fills=True, type=param.type), param.type


def _rows_of(
    scope: Scope, item: Item, name: t.Name, param: Param | None
) -> tuple[s.Each, Type] | None:
    source = source_of(scope.module, name.text)
    if source is None or not source.type.is_list:
        known = list(scope.module.known(t.SourceDecl))
        scope.report(_no_rows(name, known))
        return None
    row = source.type.item
    if param is not None and not fits(row, param.type):
        scope.report(_unfit(item, param, f"a row of `{name.text}`, {row}", "another name here"))
        return None
    return s.Each(_name(item), "rows", source=source, fills=param is not None, type=row), row


def _name(item: Item) -> str:
    return item.key.text if isinstance(item.key, t.Name) else ""


# ── what is set, and what items are called ───────────────────────────────────


def _set(scope: Scope, item: Item, params: dict[str, Param]) -> list[tuple[str, Expr]]:
    """A parameter from what the items hold; anything else that may be set, as it is written."""
    path = path_of(item.key)
    if path in params:
        want = TEXT if is_cut(params[path].type) else params[path].type
        return [(path, expect(scope, item.value, want, f"`{path}`")[0])]
    known = [*params, *settable_here(scope.module.decls.values()), *PATHS]
    if path not in known:
        scope.report(_not_settable(item.key, path, known))
        return []
    return [(path, Constant(words(item.value)))]


def _filled(scope: Scope, own: Settings, name: str) -> Expr | None:
    """A text in which names in braces stand for what items hold."""
    written = own.expr(name)
    if written is None or name not in own.values:
        return None
    return infer(scope, written, TEXT)[0]


def _unread(
    module: Module,
    trial: Trial,
    each: tuple[s.Each, ...],
    read: tuple[Expr | None, ...],
    params: list[str],
) -> None:
    """A name that is neither a parameter nor read: its items would all be the same."""
    used = {n for e in read if e is not None for n in names(e)}
    for item in trial.said("each"):
        mine = next((e for e in each if e.name == _name(item)), None)
        if mine is not None and not mine.fills and mine.name not in used:
            module.report(_no_param(item, mine.name, params))


# ── messages ─────────────────────────────────────────────────────────────────


def _nothing(trial: Trial) -> Diagnostic:
    return error(
        "missing-each",
        f"batch `{trial.name.text}` goes over nothing",
        trial.name.span,
        hint='add `each PARAMETER in glob("docs/*.md")`',
    )


def _unfit(item: Item, param: Param, what: str, hint: str) -> Diagnostic:
    return error(
        "wrong-type",
        f"`{param.name}` is {param.type}, and {what} is none",
        item.value.span,
        hint=hint,
    )


def _untyped(item: Item) -> Diagnostic:
    return error(
        "trial-form",
        "nothing says what fields these rows have",
        item.value.span,
        hint='declare `source tickets: [Row] = csv("…")` and write `rows(tickets)`',
    )


def _no_rows(name: t.Name, known: list[str]) -> Diagnostic:
    return error(
        "unknown-source",
        f"no source of rows is called `{name.text}`",
        name.span,
        hint=instead(name.span, known),
    )


def _no_param(item: Item, name: str, params: list[str]) -> Diagnostic:
    return error(
        "unknown-name",
        f"the recipe has no parameter `{name}`, and no `set` reads it",
        item.key.span,
        hint=instead(item.key.span, params, name=name),
    )


def _not_settable(key: t.Expr, path: str, known: list[str]) -> Diagnostic:
    return error(
        "not-settable",
        f"`{path}` may not be set from outside",
        key.span,
        hint=instead(key.span, known, name=path),
    )
