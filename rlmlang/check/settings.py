"""Blocks of settings read against what may stand in them."""

from __future__ import annotations

from collections.abc import Iterable

from rlmlang.check.module import Module, scaled
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.syntax import tree as t

BUDGET_UNITS = {
    "calls": ("",), "tokens": ("", "tok"), "usd": ("",), "wall": ("s", "min", "h", "ms"),
    "depth": ("",), "parallel": ("",),
}  # fmt: skip


def limit_from(name: str, written: t.Expr | None) -> float | int | None:
    """A limit of a budget that is given from outside, with its unit or as a plain number; None
    for what is no such amount."""
    if not isinstance(written, t.Number) or written.unit not in ("", *BUDGET_UNITS[name]):
        return None
    value = scaled(written)
    return value if name in ("usd", "wall") or isinstance(value, int) else None


class Settings:
    """The entries of a block by key; what is not asked for is reported by `done`."""

    def __init__(self, module: Module, block: t.Block | None, what: str) -> None:
        self.module, self.what = module, what
        self.entries: dict[str, t.Setting | t.Limit] = {}
        self.many: dict[str, list[t.Setting]] = {}
        self.asked: set[str] = set()
        self.repl: t.Repl | None = None
        self.assumed: t.Assume | None = None
        for entry in block.entries if block is not None else ():
            self._take(entry)

    def _take(self, entry: t.Entry) -> None:
        if isinstance(entry, t.Repl):
            self.repl = entry
        elif isinstance(entry, t.Assume):
            self.assumed = entry
        else:
            name = entry.key.text
            if name in self.entries and name != "check":
                self.module.report(_repeated(entry, self.entries[name]))
            self.entries[name] = entry
            if isinstance(entry, t.Setting):
                self.many.setdefault(name, []).append(entry)

    def value(self, name: str) -> t.Expr | t.Block | None:
        """What stands behind `name:`."""
        self.asked.add(name)
        entry = self.entries.get(name)
        if isinstance(entry, t.Limit):
            self.module.report(_form(entry, f"{name}: …"))
            return None
        return entry.value if entry is not None else None

    def all(self, name: str) -> list[t.Expr]:
        """Every value of a key that may be repeated."""
        self.asked.add(name)
        return [s.value for s in self.many.get(name, []) if not isinstance(s.value, t.Block)]

    def limit(self, name: str, units: tuple[str, ...] = ("",)) -> float | None:
        """What stands behind `name <=`, in seconds, tok, dollars or a plain number."""
        self.asked.add(name)
        entry = self.entries.get(name)
        if entry is None:
            return None
        if isinstance(entry, t.Setting):
            self.module.report(_form(entry, f"{name} <= …"))
            return None
        size = self.module.size(entry.amount, units)
        value = self.module.literal(entry.amount)
        ch = isinstance(entry.amount, t.Number) and entry.amount.unit == "ch"
        if ch or not isinstance(value, int | float) or isinstance(value, bool):
            return size
        return value if size is not None else None

    def whole(self, name: str, units: tuple[str, ...] = ("",)) -> int | None:
        """A limit as a whole number."""
        value = self.limit(name, units)
        return None if value is None else int(value)

    def word(self, name: str) -> str | None:
        """A setting that is a bare word."""
        value = self.value(name)
        if value is None:
            return None
        if isinstance(value, t.Name):
            return value.text
        self.module.report(_word(value, name))
        return None

    def literal(self, name: str, kind: type | tuple[type, ...], what: str) -> object:
        """A setting that is a literal of a kind."""
        value = self.value(name)
        if value is None or isinstance(value, t.Block):
            return None
        found = self.module.literal(value)
        if not isinstance(found, kind):
            self.module.report(_literal(value, name, what))
            return None
        return found

    def done(self, known: Iterable[str], *, repl: bool = False, assume: bool = False) -> None:
        """Reports what may not stand in this block."""
        names = [*known, *self.asked]
        for name, entry in self.entries.items():
            if name not in names:
                self.module.report(_unknown_setting(entry, self.what, names))
        extras: list[tuple[t.Node | None, bool, str]] = [
            (self.repl, repl, "repl"),
            (self.assumed, assume, "assume"),
        ]
        for extra, allowed, word in extras:
            if extra is not None and not allowed:
                self.module.report(_misplaced(extra, word, self.what))


def _repeated(entry: t.Setting | t.Limit, first: t.Setting | t.Limit) -> Diagnostic:
    return error(
        "duplicate-name",
        f"`{entry.key.text}` is set twice",
        Label(entry.key.span, "again here"),
        Label(first.key.span, "first here"),
        hint="keep one of them",
    )


def _form(entry: t.Setting | t.Limit, form: str) -> Diagnostic:
    return error(
        "setting-form",
        f"`{entry.key.text}` is written `{form}`",
        entry.span,
        reason="A limit stands behind <=, a choice behind a colon.",
        hint=f"write `{form}`",
    )


def _word(value: t.Node, name: str) -> Diagnostic:
    return error("wrong-setting", f"`{name}` takes a bare name", value.span)


def _literal(value: t.Node, name: str, what: str) -> Diagnostic:
    return error("wrong-setting", f"`{name}` takes {what}", value.span, hint=f"write {what}")


def _unknown_setting(entry: t.Setting | t.Limit, what: str, known: Iterable[str]) -> Diagnostic:
    return error(
        "unknown-setting",
        f"{what} has no setting `{entry.key.text}`",
        entry.key.span,
        hint=did_you_mean(entry.key.text, known) or f"{what} takes no settings",
    )


def _misplaced(entry: t.Node, word: str, what: str) -> Diagnostic:
    return error(
        "unknown-setting",
        f"{what} takes no `{word}`",
        entry.span,
        hint="`repl` stands in a prompt, `assume` behind a step",
    )
