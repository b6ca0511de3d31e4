"""Blocks of settings read against the table of what may stand in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar, cast

from rlmlang.check.module import Module, scaled
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.fix import Edit, Fix
from rlmlang.diagnostics.source import Span
from rlmlang.diagnostics.suggest import instead
from rlmlang.schema.setting import NUMBERS, Setting
from rlmlang.schema.settings import BLOCKS, BUDGET
from rlmlang.syntax import tree as t
from rlmlang.syntax.trials import Trial

T = TypeVar("T")


def limit_from(name: str, written: t.Expr | None) -> float | None:
    """A limit of a budget that is given from outside, with its unit or as a plain number; None
    for what is no such amount."""
    setting = BUDGET[name]
    if not isinstance(written, t.Number) or written.unit not in ("", *setting.of.units):
        return None
    value = scaled(written)
    return None if setting.refuses(value) else value


def value_of(module: Module, setting: Setting, written: t.Expr) -> object:
    """What is written for a setting, as it is counted; None, and a problem, for what it does not
    take."""
    kind = setting.of
    if setting.choices:
        return _choice(module, setting, written)
    if kind.units:
        value: object = module.amount(written, kind.units, setting.takes)
        if value is None:
            return None
    elif kind.types == (tuple,) and isinstance(written, t.ListOf):
        value = tuple(module.literal(item) for item in written.items)
    else:
        value = module.literal(written)
    if refused := setting.refuses(value):
        module.report(_wrong(written, setting, refused))
        return None
    return value


def _choice(module: Module, setting: Setting, written: t.Expr) -> str | None:
    """The bare name that is chosen of some; None, and a problem, for another."""
    if isinstance(written, t.Name) and written.text in setting.choices:
        return written.text
    module.report(_wrong(written, setting, f"takes {setting.takes}"))
    return None


class Settings:
    """The entries of a block of a kind that `schema.settings` lists, read as the table says;
    whatever it does not know or take is reported at once, but for names that are `free` in it.
    `title` is what the block is called in messages."""

    def __init__(
        self,
        module: Module,
        block: t.Block | None,
        kind: str,
        title: str = "",
        free: Collection[str] = (),
    ) -> None:
        self.module, self.kind = module, BLOCKS[kind]
        self.title = title or self.kind.title
        self.entries: dict[str, t.Setting | t.Limit] = {}
        self.written: dict[str, list[t.Expr]] = {}
        self.values: dict[str, object] = {}
        self.of_names: list[tuple[str, t.Name, float]] = []
        self.repl: t.Repl | None = None
        self.assumed: t.Assume | None = None
        self.misread = False  # something in it is not known, or not of its kind
        for entry in block.entries if block is not None else ():
            self._take(entry, free)
        self.free = [n for n in self.entries if n in free and n not in self.kind.names]

    def find(self, name: str, kind: type[T]) -> T | None:
        """What a setting is, its default where it is not written: a literal of this type, `t.Name`
        for a bare name, a block as `Settings`. Sizes in tok, times in seconds, memory in bytes."""
        found = self.values.get(name, self.kind.setting(name).default)
        fits = isinstance(found, NUMBERS if kind is float else kind)
        return cast(T, found) if fits else None

    def get(self, name: str, kind: type[T]) -> T:
        """The same of a setting that has a default."""
        found = self.find(name, kind)
        if found is None:
            raise LookupError(f"{self.title}: `{name}` has no default")
        return found

    def expr(self, name: str) -> t.Expr | None:
        """The expression that was written."""
        return next(iter(self.written.get(name, ())), None)

    def _take(self, entry: t.Entry, free: Collection[str]) -> None:
        if isinstance(entry, t.Repl):
            self._once(entry, self.repl, "repl", allowed=self.kind.repl)
            self.repl = entry
        elif isinstance(entry, t.Assume):
            self._once(entry, self.assumed, "assume", allowed=self.kind.assume)
            self.assumed = entry
        elif isinstance(entry, t.Limit) and entry.of is not None:
            self._take_of_name(entry, entry.of)
        else:
            name = entry.key.text
            if name != "check":
                self._once(entry.key, self.entries.get(name), name)
            self.entries[name] = entry
            if name in self.kind.names or name in free:
                self._read(self.kind.setting(name), entry)
            else:
                why = dict(self.kind.without).get(name, "")
                self.misread = True
                self.module.report(unknown_setting(entry.key, self.title, self.kind.names, why))

    def _take_of_name(self, entry: t.Limit, of: t.Name) -> None:
        """A limit of what the calls of one model, or of one tool, may take."""
        name = entry.key.text
        known = [s.name for s in self.kind.settings if s.of_model or s.of_tool]
        if name not in known:
            what = f"{self.title} of one {'tool' if self.kind is BLOCKS['repl'] else 'model'}"
            why = f"Of one {what.rpartition(' ')[2]} these can be limited: {', '.join(known)}"
            title, reason = (what, why) if known else (self.title, "")
            self.module.report(unknown_setting(entry.key, title, known, reason))
            return
        first = next((n for d, n, _ in self.of_names if (d, n.text) == (name, of.text)), None)
        self._once(of, first, f"{name} of {of.text}")
        amount = value_of(self.module, self.kind.setting(name), entry.amount)
        if isinstance(amount, int | float):
            self.of_names.append((name, of, amount))

    def _once(
        self, again: t.Node, first: t.Node | None, name: str, *, allowed: bool = True
    ) -> None:
        if first is not None:
            self.module.report(_repeated(again, first, name))
        if not allowed:
            self.module.report(_misplaced(again, name, self.title))

    def _read(self, setting: Setting, entry: t.Setting | t.Limit) -> None:
        """Reads one entry as the kind of its setting says."""
        name, value = setting.name, entry.amount if isinstance(entry, t.Limit) else entry.value
        if isinstance(entry, t.Limit) != setting.limit:
            self.misread = True
            self.module.report(_form(entry, setting.form))
        elif isinstance(value, t.Block) != (setting.kind == "block"):
            self.misread = True
            self.module.report(_wrong(value, setting, f"takes {setting.takes}"))
        elif isinstance(value, t.Block):
            opened = Settings(self.module, value, setting.opens) if setting.opens else value
            self.values[name] = opened
        else:
            self.written.setdefault(name, []).append(value)
            self._read_value(setting, value)

    def _read_value(self, setting: Setting, written: t.Expr) -> None:
        if setting.kind == "name":
            if isinstance(written, t.Name):
                self.values[setting.name] = written
            else:
                self.module.report(_wrong(written, setting, "takes a bare name"))
        elif setting.kind in ("choice", "names"):
            self._read_names(setting, written)
        elif setting.kind != "expression":
            found = value_of(self.module, setting, written)
            self.misread = self.misread or found is None
            if found is not None:
                self.values[setting.name] = found

    def _read_names(self, setting: Setting, written: t.Expr) -> None:
        """A bare name of the setting's choices, or a list of such."""
        listed = setting.kind == "names"
        items = written.items if listed and isinstance(written, t.ListOf) else (written,)
        names = [_bare(n) for n in items]
        found: object = names if listed else names[0]
        if refused := setting.refuses(found):
            self.module.report(_wrong(written, setting, refused))
        else:
            self.values[setting.name] = found


def _bare(written: t.Expr) -> str:
    """A bare name, of which `none` is a constant elsewhere; empty for what is none."""
    if isinstance(written, t.Constant) and written.value is None:
        return "none"
    return written.text if isinstance(written, t.Name) else ""


def once(module: Module, keys: Iterable[t.Expr | None]) -> None:
    """Reports names that are given twice, of which one would be ignored."""
    seen: dict[str, t.Name] = {}
    for key in keys:
        if isinstance(key, t.Name):
            if key.text in seen:
                module.report(_repeated(key, seen[key.text], key.text))
            seen.setdefault(key.text, key)


def settings_of(module: Module, trial: Trial) -> Settings:
    """The settings among the items of a test, eval, tuning or batch. Its budget is one of them,
    written with or without a colon."""
    entries = tuple(i for i in trial.items if isinstance(i, t.Setting))
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
        hint=Fix(f"write `{form}`", _other_mark(entry)),
    )


def _other_mark(entry: t.Setting | t.Limit) -> tuple[Edit, ...]:
    """The colon for the `<=` of an entry, or the other way round; nothing for a block."""
    value = entry.amount if isinstance(entry, t.Limit) else entry.value
    if isinstance(value, t.Block):
        return ()
    between = Span(entry.span.source, entry.key.span.end, value.span.start)
    return (Edit(between, ": " if isinstance(entry, t.Limit) else " <= "),)


def _wrong(value: t.Node, setting: Setting, refused: str) -> Diagnostic:
    """A value that is not what its setting takes: `refused` says what that must be."""
    wanted = setting.example or refused.split(" ", 1)[1]
    return error("wrong-setting", f"`{setting.name}` {refused}", value.span, hint=f"write {wanted}")


def unknown_setting(key: t.Name, what: str, known: Collection[str], why: str = "") -> Diagnostic:
    """The problem `unknown-setting`."""
    return error(
        "unknown-setting",
        f"{what} has no setting `{key.text}`",
        key.span,
        reason=why,
        hint=instead(key.span, known) if known else f"{what} takes no settings",
    )


def _misplaced(entry: t.Node, word: str, what: str) -> Diagnostic:
    return error(
        "unknown-setting",
        f"{what} takes no `{word}`",
        entry.span,
        hint="`repl` stands in a prompt, `assume` behind a step",
    )
