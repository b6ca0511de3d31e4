"""Settings as rows, and the pages of settings: of blocks, of arguments, of budgets, of rlm.toml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rlmlang.reference.page import Page, Row
from rlmlang.schema.calls import CALLS
from rlmlang.schema.dimensions import DIMENSIONS
from rlmlang.schema.partitions import STRATEGIES
from rlmlang.schema.project import FREE, SECTIONS, SETTINGS, ProjectSetting
from rlmlang.schema.searches import SEARCHES
from rlmlang.schema.setting import Setting
from rlmlang.schema.settings import BLOCKS
from rlmlang.schema.sources import SOURCES
from rlmlang.schema.words import WORDS

PLACES = {"partition": "partitions", "search": "searches", "source": "sources"}
TRUSTED = "holds only in a file that was trusted: rlm trust"
OF_BLOCKS = {
    "takes": "takes",
    "price": "model",
    "spend": "eval",
    "step": "assume",
    "shares": "tune",
}
QUOTED = ("MODEL", "PACKAGE")  # keys of rlm.toml that are no bare words
EXAMPLES = {w.text: w.example for w in WORDS} | OF_BLOCKS
"""The example that has the settings of a block."""


def row(setting: Setting) -> Row:
    """How a setting is written, what it takes, and what holds where it is not."""
    example = setting.example if setting.example not in setting.takes else ""
    notes = (
        f"such as {example}" if example else "",
        f"rlm explain {setting.opens}" if setting.opens else "",
        "needed" if setting.required else "",
        f"default {usual(setting)}" if setting.default not in (None, "") else "",
        f"--set {setting.outside}.{setting.name}=…" if setting.outside else "",
    )
    takes = "; ".join(x for x in (setting.takes, *notes) if x)
    return Row(f"{setting.name}{' <=' if setting.limit else ':'}", takes, setting.doc)


def rows(settings: Iterable[Setting]) -> tuple[Row, ...]:
    """The same of several."""
    return tuple(map(row, settings))


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
        case "texts", tuple():
            return ", ".join(map(str, found))
    return f"{found:,}" if isinstance(found, int) else str(found)


def setting_pages() -> Iterator[Page]:
    """A page of each setting and argument, with all that have it."""
    kept = {d.name: d.kept for d in DIMENSIONS}
    owners: dict[Setting, list[tuple[str, str, str]]] = {}
    for group, owner, place, settings in _owners():
        for setting in settings:
            owners.setdefault(setting, []).append((group, owner, place))
    for setting, those in owners.items():
        notes = (("", kept[setting.name]),) if setting.outside == "budget" else ()
        yield Page(
            setting.name,
            those[0][0],
            f"of {_together(dict.fromkeys(owner for _, owner, _ in those))}",
            rows=(row(setting),),
            notes=notes,
            place=next((place for _, _, place in those if place), ""),
        )


def _together(owners: Iterable[str]) -> str:
    """What has a setting, in words; what is of one kind, as partitions, behind the kind."""
    first, *others = owners
    kind, space, _ = first.partition(" `")
    same = f"{kind}{space}"
    short = (o.removeprefix(f"{kind} ") if space and o.startswith(same) else o for o in others)
    return ", ".join([first, *short])


def _owners() -> Iterator[tuple[str, str, str, tuple[Setting, ...]]]:
    """Whatever has settings: what they are, its title, where its example is kept, and they."""
    places = {"budget": "limit", "takes": "capability"}
    for word, block in BLOCKS.items():
        yield places.get(word, "setting"), block.title, f"examples/{EXAMPLES[word]}", block.settings
    for kind, registry in (("partition", STRATEGIES), ("search", SEARCHES), ("source", SOURCES)):
        for name, found in registry.items():
            yield "argument", f"{kind} `{name}`", f"examples/{PLACES[kind]}/{name}", found.arguments
    for call in CALLS:
        yield "argument", f"`{call.name}`", f"examples/{call.example}", call.arguments


def project_pages() -> Iterator[Page]:
    """The sections of rlm.toml, and each of its keys."""
    for section in dict.fromkeys(s.path[0] for s in SETTINGS):
        inside = tuple(s for s in SETTINGS if s.path[0] == section)
        form = "\n".join([f"[{section}]", *(_written(s) for s in inside)])
        doc = SECTIONS.get(section, "")
        yield Page(f"[{section}]", "file", "a section of rlm.toml", doc, form, rows(inside))
    for setting in SETTINGS:
        place = f"a key of rlm.toml, below [{'.'.join(setting.path[:-1])}]"
        trust = (("", TRUSTED),) if setting.guarded else ()
        form = f"[{setting.path[0]}]\n{_written(setting)}"
        also = (".".join(setting.path), *setting.also)
        word = ".".join(setting.path) if setting.name in FREE else setting.name
        yield Page(word, "file", place, "", form, rows((setting,)), trust, also=also)


def _written(setting: ProjectSetting) -> str:
    """A line of rlm.toml."""
    *above, name = (f'"{x}"' if x in QUOTED else x for x in setting.path[1:])
    inner = f"{name} = {setting.example}"
    return f"{above[0]} = {{ {inner} }}" if above else inner
