"""The pages of `rlm explain` on words of the language, made from the tables the checker reads."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from textwrap import wrap

from rlmlang.functions.function import Function
from rlmlang.functions.table import FUNCTIONS
from rlmlang.report.formats.format import Format
from rlmlang.report.formats.table import FORMATS
from rlmlang.schema.calls import CALLS
from rlmlang.schema.codes import CODES
from rlmlang.schema.dimensions import DIMENSIONS
from rlmlang.schema.exits import EXITS, OK, Exit
from rlmlang.schema.partitions import STRATEGIES, Strategy
from rlmlang.schema.project import SETTINGS
from rlmlang.schema.sandboxes import TIERS, Tier
from rlmlang.schema.searches import SEARCHES, Search
from rlmlang.schema.setting import Setting
from rlmlang.schema.settings import BLOCKS
from rlmlang.schema.sources import SOURCES, SourceKind
from rlmlang.value import Frozen, value

NAMED = "arguments that are written by name may be set: --set NAME.argument=…"
WIDE = 76
GIVES = {"text": "a Text", "rows": "rows, [Row]", "tree": "a Tree"}


@value
class Page(Frozen):
    """What is known of a word: `title` says what it is, `notes` what stands below its settings."""

    word: str
    title: str
    doc: str
    settings: tuple[Setting, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.word}: {self.title}", *([f"  {self.doc}"] if self.doc else [])]
        for setting in self.settings:
            lines += ["", f"  {shown(setting)}", f"      {setting.doc}"]
        return "\n".join([*lines, *(["", *(f"  {n}" for n in self.notes)] if self.notes else [])])


def shown(setting: Setting) -> str:
    """How a setting is written, what it takes, and what holds where it is not."""
    example = setting.example if setting.example not in setting.takes else ""
    notes = [
        f"such as {example}" if example else "",
        f"rlm explain {setting.opens}" if setting.opens else "",
        "needed" if setting.required else "",
        f"default {usual(setting)}" if setting.default not in (None, "") else "",
        f"--set {setting.outside}.{setting.name}=…" if setting.outside else "",
    ]
    head = f"{setting.name}{' <=' if setting.limit else ':'} {setting.takes}"
    return "; ".join(x for x in (head, *notes) if x)


def usual(setting: Setting) -> str:
    """A default as it would be written."""
    found = setting.default
    if isinstance(found, bool):
        return str(found).lower()
    match setting.kind, found:
        case "memory", int():
            return f"{found // 10**6}MB"
        case (("size" | "tok"), int()):
            return f"{found:,}tok"
        case "fraction", float():
            return f"{found:.0%}"
        case "duration", float():
            return f"{found:g}s"
        case "number", float():
            return f"{found:g}"
        case "text" | "character", str():
            return f'"{found}"'
    return f"{found:,}" if isinstance(found, int) else str(found)


def words() -> list[str]:
    """Every word that has a page."""
    return sorted({p.word for p in _pages()})


def about(word: str) -> list[Page]:
    """The pages on a word: it may be a block, a setting of several, and a source at once."""
    return [page for page in _pages() if page.word == word]


def _pages() -> Iterator[Page]:
    functions = map(page_of, FUNCTIONS.values())
    forms, exits = map(page_of, FORMATS.values()), map(_exit, EXITS)
    return chain(_blocks(), _calls(), forms, functions, _settings(), _project(), exits)


def _exit(found: Exit) -> Page:
    """An exit code, with the codes of problems that end so."""
    codes = ", ".join(code for code, row in CODES.items() if row[0] == found.code)
    notes = (f"problems that end so: {codes}",) if codes and found.code != OK else ()
    lines = tuple(line for note in notes for line in wrap(note, WIDE, break_on_hyphens=False))
    return Page(str(found.code), f"an exit code: {found.title}", found.then, (), lines)


def _blocks() -> Iterator[Page]:
    for word, block in BLOCKS.items():
        notes = [f"repl {{ … }}: {BLOCKS['repl'].doc}"] if block.repl else []
        notes += (
            ['assume exact because "…": what is lost is known, and why it does not matter']
            if block.assume
            else []
        )
        notes += [f"no `{name}`: {why}" for name, why in block.without]
        yield Page(word, block.doc, "", block.settings, tuple(notes))


def _calls() -> Iterator[Page]:
    for registry in (STRATEGIES, SEARCHES, SOURCES, TIERS):
        yield from map(page_of, registry.values())
    for call in CALLS:
        yield Page(call.name, call.where, call.doc, call.arguments)


def page_of(found: object) -> Page:
    """The page of a partition, search, source, sandbox or function, whosever it is.

    Raises TypeError for what is none."""
    match found:
        case Strategy():
            notes = (f"cuts {' and '.join(found.of)}", NAMED)
            return Page(found.name, "a partition", found.doc, found.arguments, notes)
        case Search():
            return Page(found.name, "a search", found.doc, found.arguments, (NAMED,))
        case SourceKind():
            extra = (f"needs: pip install '{found.extra}'",) if found.extra else ()
            notes = (f"gives {GIVES[found.gives]}", *extra)
            return Page(found.name, "a source", f"Opens {found.doc}.", found.arguments, notes)
        case Tier():
            return _tier(found)
        case Function():
            return _function(found)
        case Format():
            return _format(found)
    raise TypeError(type(found).__name__)


def _tier(tier: Tier) -> Page:
    needs = (f"needs: {tier.install}",) if tier.install else ()
    notes = (f"where: {tier.where}", f"walls: {tier.isolation}", tier.missing, *needs)
    return Page(tier.name, "a sandbox, for `repl { sandbox: … }`", f"{tier.what}.", (), notes)


def _function(function: Function) -> Page:
    labels = ", ".join(o.name for o in function.options)
    needed = ", ".join(o.name for o in function.options if o.required)
    takes = f"takes {', '.join(function.takes)}" + (f"; by name: {labels}" if labels else "")
    reads = f"what it reads must be at least `{function.needs}`"
    notes = (takes, *([f"needed: {needed}"] if needed else []), reads)
    return Page(function.name, "a function", function.doc, (), notes)


def _format(form: Format) -> Page:
    needs = (f"needs: pip install '{form.installs}'",) if form.installs else ()
    when = "written as items come" if form.begin is not None else "written when all items are there"
    notes = (
        f"files that end in {' or '.join(form.endings)}, or --format {form.name}",
        when,
        *needs,
    )
    return Page(form.name, "a format of results, for `rlm run --out`", form.doc, (), notes)


def _settings() -> Iterator[Page]:
    kept = {d.name: (d.kept,) for d in DIMENSIONS}
    owners: dict[Setting, list[str]] = {}
    for owner, settings in _owners():
        for setting in settings:
            owners.setdefault(setting, []).append(owner)
    for setting, those in owners.items():
        notes = kept.get(setting.name, ()) if setting.outside == "budget" else ()
        yield Page(setting.name, "of " + ", ".join(those), "", (setting,), notes)


def _owners() -> Iterator[tuple[str, tuple[Setting, ...]]]:
    """Whatever has settings or arguments."""
    yield from ((block.title, block.settings) for block in BLOCKS.values())
    yield from ((f"partition `{s.name}`", s.arguments) for s in STRATEGIES.values())
    yield from ((f"search `{s.name}`", s.arguments) for s in SEARCHES.values())
    yield from ((f"source `{s.name}`", s.arguments) for s in SOURCES.values())
    yield from ((f"`{c.name}`", c.arguments) for c in CALLS)


def _project() -> Iterator[Page]:
    for section in dict.fromkeys(s.path[0] for s in SETTINGS):
        inside = tuple(s for s in SETTINGS if s.path[0] == section)
        yield Page(section, "a section of rlm.toml", "", inside)
    for setting in SETTINGS:
        place = f"of rlm.toml, below [{'.'.join(setting.path[:-1])}]"
        trust = ("holds only in a file that was trusted: rlm trust",) if setting.guarded else ()
        yield Page(setting.name, place, "", (setting,), trust)
