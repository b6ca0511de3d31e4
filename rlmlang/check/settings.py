"""Blocks of settings read against what may stand in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rlmlang.check.module import Module, scaled
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.schema.partitions import Argument
from rlmlang.schema.settings import BLOCKS, Setting
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
    if out_of_range(BLOCKS["budget"].setting(name), value):
        return None
    return value if name in ("usd", "wall") or isinstance(value, int) else None


def out_of_range(setting: Setting | Argument, value: object) -> str:
    """In words, what a number must be where it is not; empty where nothing is wrong with it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if setting.least is not None and value < setting.least:
        return f"at least {setting.least:g}"
    if setting.most is not None and value > setting.most:
        return f"at most {setting.most:g}"
    return ""


class Settings:
    """The entries of a block by key, of a kind that `catalog.settings` lists; what is not in that
    table is reported at once, but for names that are `free` in it. `title` is what the block is
    called in messages."""

    def __init__(
        self, module: Module, block: t.Block | None, kind: str, title: str = "",
        free: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.module, self.kind = module, BLOCKS[kind]
        self.title = title or self.kind.title
        self.entries: dict[str, t.Setting | t.Limit] = {}
        self.many: dict[str, list[t.Setting]] = {}
        self.repl: t.Repl | None = None
        self.assumed: t.Assume | None = None
        for entry in block.entries if block is not None else ():
            self._take(entry)
        self._known(free)
        self.free = [n for n in self.entries if n in free and n not in self.kind.names]

    def _take(self, entry: t.Entry) -> None:
        if isinstance(entry, t.Repl):
            self._once(entry, self.repl, "repl")
            self.repl = entry
        elif isinstance(entry, t.Assume):
            self._once(entry, self.assumed, "assume")
            self.assumed = entry
        else:
            name = entry.key.text
            if name != "check":
                self._once(entry.key, self.entries.get(name), name)
            self.entries[name] = entry
            if isinstance(entry, t.Setting):
                self.many.setdefault(name, []).append(entry)

    def _once(self, again: t.Node, first: t.Node | None, name: str) -> None:
        if first is not None:
            self.module.report(_repeated(again, first, name))

    def value(self, name: str) -> t.Expr | t.Block | None:
        """What stands behind `name:`."""
        entry = self.entries.get(name)
        if isinstance(entry, t.Limit):
            self.module.report(_form(entry, f"{name}: …"))
            return None
        return entry.value if entry is not None else None

    def expr(self, name: str, what: str) -> t.Expr | None:
        """A setting that is an expression, not a block."""
        value = self.value(name)
        if isinstance(value, t.Block):
            self.module.report(_literal(value, name, what))
            return None
        return value

    def all(self, name: str) -> list[t.Expr]:
        """Every value of a key that may be repeated."""
        self.expr(name, "a condition")
        return [s.value for s in self.many.get(name, []) if not isinstance(s.value, t.Block)]

    def limit(self, name: str, units: tuple[str, ...] = ("",)) -> float | None:
        """What stands behind `name <=`, in seconds, tok, dollars or a plain number."""
        entry = self.entries.get(name)
        if entry is None:
            return None
        if isinstance(entry, t.Setting):
            self.module.report(_form(entry, f"{name} <= …"))
            return None
        size = self.module.size(entry.amount, units)
        value = self.module.literal(entry.amount)
        ch = isinstance(entry.amount, t.Number) and entry.amount.unit == "ch"
        if size is None or not isinstance(value, int | float):
            return None
        return self._within(name, entry.amount, size if ch else value)

    def _within(self, name: str, written: t.Node, value: float) -> float | None:
        """A number, if it lies in the range of its setting."""
        if wanted := out_of_range(self.kind.setting(name), value):
            self.module.report(bad_range(written, name, wanted))
            return None
        return value

    def whole(self, name: str, units: tuple[str, ...] = ("",)) -> int | None:
        """A limit as a whole number."""
        value = self.limit(name, units)
        if value is not None and value != int(value):
            self.module.report(_literal(self.entries[name], name, "a whole number"))
            return None
        return None if value is None else int(value)

    def block(self, name: str) -> t.Block | None:
        """A setting that is a block of its own."""
        value = self.value(name)
        if value is None or isinstance(value, t.Block):
            return value
        self.module.report(_literal(value, name, "a block: { … }"))
        return None

    def word(self, name: str) -> t.Name | None:
        """A setting that is a bare word."""
        value = self.value(name)
        if value is None or isinstance(value, t.Name):
            return value
        self.module.report(_word(value, name))
        return None

    def literal(self, name: str, kind: type | tuple[type, ...], what: str) -> object:
        """A setting that is a literal of a kind."""
        value = self.expr(name, what)
        if value is None:
            return None
        found = self.module.literal(value)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(found, kinds) or (isinstance(found, bool) and bool not in kinds):
            self.module.report(_literal(value, name, what))
            return None
        if isinstance(found, int | float) and not isinstance(found, bool):
            return self._within(name, value, found)
        return found

    def size(self, name: str, units: tuple[str, ...]) -> int | None:
        """A setting that is a size, as `see: 2ktok`."""
        value = self.expr(name, "a size")
        found = self.module.size(value, units) if value is not None else None
        if value is None or found is None or self._within(name, value, found) is None:
            return None
        return found

    def count(self, name: str) -> int | None:
        """A setting that is a whole number, as `parallel: 8`."""
        value = self.literal(name, int, "a whole number")
        return value if isinstance(value, int) else None

    def _known(self, free: Collection[str]) -> None:
        """Reports what may not stand in this block."""
        for name, entry in self.entries.items():
            if name not in self.kind.names and name not in free:
                why = dict(self.kind.without).get(name, "")
                self.module.report(unknown_setting(entry.key, self.title, self.kind.names, why))
        extras: list[tuple[t.Node | None, bool, str]] = [
            (self.repl, self.kind.repl, "repl"),
            (self.assumed, self.kind.assume, "assume"),
        ]
        for extra, allowed, word in extras:
            if extra is not None and not allowed:
                self.module.report(_misplaced(extra, word, self.title))


def once(module: Module, keys: Iterable[t.Expr | None]) -> None:
    """Reports names that are given twice, of which one would be ignored."""
    seen: dict[str, t.Name] = {}
    for key in keys:
        if isinstance(key, t.Name):
            if key.text in seen:
                module.report(_repeated(key, seen[key.text], key.text))
            seen.setdefault(key.text, key)


def settings_of(module: Module, trial: t.Trial) -> Settings:
    """The settings among the items of a test, eval, tuning or batch. Its budget is one of them,
    written with or without a colon."""
    entries = tuple(
        t.Setting(key=i.key or t.Name(text=i.word, span=i.span), value=i.value, span=i.span)
        for i in trial.items
        if i.word in ("setting", "budget") and i.value is not None
        and (i.key is None or isinstance(i.key, t.Name))
    )  # fmt: skip
    return Settings(module, t.Block(entries=entries, span=trial.span), trial.word)


def _repeated(again: t.Node, first: t.Node, name: str) -> Diagnostic:
    return error(
        "duplicate-name",
        f"`{name}` is set twice",
        Label(again.span, "again here"),
        Label(first.span, "first here"),
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


def bad_range(value: t.Node, name: str, wanted: str) -> Diagnostic:
    """A number that is too small or too large for what it sets."""
    return error("wrong-setting", f"`{name}` is {wanted}", value.span, hint=f"write {wanted}")


def unknown_setting(key: t.Name, what: str, known: Collection[str], why: str = "") -> Diagnostic:
    """The problem `unknown-setting`."""
    return error(
        "unknown-setting",
        f"{what} has no setting `{key.text}`",
        key.span,
        reason=why,
        hint=did_you_mean(key.text, known) or f"{what} takes no settings",
    )


def _misplaced(entry: t.Node, word: str, what: str) -> Diagnostic:
    return error(
        "unknown-setting",
        f"{what} takes no `{word}`",
        entry.span,
        hint="`repl` stands in a prompt, `assume` behind a step",
    )
