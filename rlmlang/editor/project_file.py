"""What can be written in `rlm.toml`, and what is known of a key there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rlmlang.editor.choices import Choice
from rlmlang.reference.index import about
from rlmlang.reference.markdown import page_markdown
from rlmlang.schema.project import FREE, SETTINGS, ProjectSetting, depth_of

HEADER = re.compile(r"^\s*\[([^\]\n]*)(\])?", re.MULTILINE)
KEY = re.compile(r'^\s*([\w"./-]+)?')
NAMED = re.compile(r"[\w.-]+")


def completions(text: str, offset: int) -> list[Choice]:
    """The sections, keys or values that can stand at a place."""
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:offset]
    if line.lstrip().startswith("["):
        return list(_sections())
    section = _section(text[:start])
    key, equals, _ = line.partition("=")
    found = list(_keys(section))
    if not equals:
        return [choice for choice, _ in found]
    return [value for choice, s in found if choice.name == key.strip() for value in _values(s)]


def hover(text: str, offset: int) -> str:
    """What is known of the key at a place, as Markdown; empty where nothing is."""
    start, end = text.rfind("\n", 0, offset) + 1, (text + "\n").index("\n", offset)
    key = KEY.match(text[start:end])
    name = key[1] if key is not None and key[1] else ""
    for choice, setting in _keys(_section(text[:start])):
        if choice.name == name:
            path = ".".join(setting.path)
            pages = [p for p in about(path) if p.group == "file"]
            return page_markdown(pages[0], "####") if pages else f"`{path}`: {setting.doc}."
    return ""


def _section(before: str) -> tuple[str, ...]:
    """The table that a place is in, the names of a profile left out."""
    headers = list(HEADER.finditer(before))
    path = tuple(re.findall(r'"[^"]*"|[^."]+', headers[-1][1])) if headers else ()
    return path[2:] if path[:1] == ("profile",) and len(path) > 2 else path


def _sections() -> Iterator[Choice]:
    """The tables of the file."""
    for section in dict.fromkeys(s.path[0] for s in SETTINGS):
        free = [s.path[1] for s in SETTINGS if s.path[0] == section and len(s.path) == 3]
        docs = "; ".join(s.doc for s in SETTINGS if s.path[0] == section)
        yield Choice(section, "section", doc=docs)
        if free and depth_of(section) > 1:
            yield Choice(f"{section}.{free[0]}", "section", doc=docs, snippet=f"{section}.$1")


def _keys(section: tuple[str, ...]) -> Iterator[tuple[Choice, ProjectSetting]]:
    """The keys of a table, each with its setting."""
    for setting in SETTINGS:
        path = setting.path
        inside = len(path) == len(section) + 1 and all(
            a == b or a in FREE for a, b in zip(path, section, strict=False)
        )
        if inside and path[-1] not in FREE:
            written = f"{setting.name} = {setting.example}"
            yield Choice(setting.name, "setting", setting.takes, setting.doc, written), setting


def _values(setting: ProjectSetting) -> Iterator[Choice]:
    for choice in setting.choices:
        yield Choice(f'"{choice}"', "value", doc=setting.doc)
    if setting.kind == "truth":
        yield from (Choice(word, "value") for word in ("true", "false"))
    if setting.example and not setting.choices:
        yield Choice(setting.example, "value", setting.takes, setting.doc)
