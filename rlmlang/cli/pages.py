"""The pages of commands, options and exports, read off the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator

import click

from rlmlang.cli.flags import FLAGS
from rlmlang.cli.main import COMMANDS, rlm
from rlmlang.reference.page import Page, Row
from rlmlang.report.export.export import Export
from rlmlang.report.export.table import EXPORTS
from rlmlang.report.formats.format import Format
from rlmlang.report.formats.table import FORMATS
from rlmlang.schema.environment import VARIABLES


def command_pages() -> Iterator[Page]:
    """A page of each command, of each option, and of each variable that stands for one."""
    yield from map(_export, EXPORTS.values())
    yield from map(_format, FORMATS.values())
    made = list(_commands())
    for name, command in made:
        yield _command(name, command)
    yield from _options(made)
    for flag in FLAGS:
        if flag.variable not in VARIABLES:
            words = f"stands for {flag.words[0]} where that is not given"
            form = f"export {flag.variable}={flag.shown or 1}"
            yield Page(flag.variable, "variable", words, form=form, see=(_name(flag.words[0]),))
    own = "Any other option has a variable too: RLM_, its command and its own name."
    yield Page(
        "RLM_COMMAND_OPTION",
        "variable",
        "stands for an option of one command",
        own,
        "export RLM_EXPLAIN_JSON=1",
    )


def _export(found: Export) -> Page:
    texts = {True: "are written, unless --no-texts", False: "only with --texts", None: "none"}
    needs = [("needs", f"pip install '{found.installs}'")] if found.installs else []
    also = [("sent", "to a collector with --to URL")] if found.messages is not None else []
    return Page(
        found.name,
        "export",
        found.doc.removesuffix("."),
        form=f"rlm export last --format {found.name}",
        notes=(
            ("read by", found.opens),
            ("lacks", found.lacks),
            ("texts", texts[found.texts]),
            *also,
            *needs,
        ),
    )


def _format(found: Format) -> Page:
    needs = [("needs", f"pip install '{found.installs}'")] if found.installs else []
    when = "as items come" if found.begin is not None else "when all items are there"
    endings = " or ".join(found.endings)
    files = (("files", f"that end in {endings}"),) if endings else ()
    given = f"--out answer{found.endings[0]}" if endings else f"--format {found.name}"
    return Page(
        found.name,
        "format",
        "a format of results",
        found.doc,
        f"rlm run find.rlm {given}",
        notes=(*files, ("written", when), *needs),
    )


def _commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its name, and those below it."""
    context = click.Context(rlm, info_name="rlm")
    for name in COMMANDS:
        command = rlm.get_command(context, name)
        if command is None:
            continue
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {below}", made) for below, made in command.commands.items())


def _command(name: str, command: click.Command) -> Page:
    title, _, more = _sentence(command.help or "").partition(". ")
    context = click.Context(command, info_name=f"rlm {name}")
    form = " ".join([f"rlm {name}", *command.collect_usage_pieces(context)])
    options = tuple(_row(o) for o in command.params if isinstance(o, click.Option))
    return Page(
        name,
        "command",
        f"{title[:1].lower()}{title[1:].removesuffix('.')}",
        more,
        form,
        options,
        also=(f"rlm {name}",),
    )


def _sentence(words: str) -> str:
    return " ".join(words.split())


def _row(option: click.Option) -> Row:
    """An option as a row: its spellings, what it takes, what it is for and its default."""
    takes = "" if option.is_flag else option.metavar or option.type.name.upper()
    usual = f"default {option.default}" if option.show_default and option.default else ""
    several = "may be given several times" if option.multiple else ""
    names = ", ".join([*option.opts, *option.secondary_opts])
    return Row(names, "; ".join(x for x in (takes, several, usual) if x), option.help or "")


def _options(made: list[tuple[str, click.Command]]) -> Iterator[Page]:
    """A page of each option; one that says the same on several commands has one page."""
    owners: dict[tuple[str, Row], tuple[click.Option, list[str]]] = {}
    for name, command in made:
        for option in command.params:
            if isinstance(option, click.Option):
                key = _name(option.opts[0]), _row(option)
                owners.setdefault(key, (option, []))[1].append(name)
    for (word, row), (option, names) in owners.items():
        also = tuple(x for x in (*option.opts, *option.secondary_opts) if x != word)
        of = f"of {', '.join(f'rlm {n}' for n in names)}"
        variable = (("variable", option.envvar),) if isinstance(option.envvar, str) else ()
        yield Page(word, "option", of, rows=(row,), notes=variable, also=also)


def _name(words: str) -> str:
    """The first spelling of an option."""
    return words.partition("/")[0]
