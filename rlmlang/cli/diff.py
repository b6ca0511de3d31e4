"""`rlm diff`: what changed between two recipes, plans or runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from rlmlang.cli.edge import options_from, writable, write
from rlmlang.cli.flags import flags, offering
from rlmlang.schema.exits import FAILED

if TYPE_CHECKING:
    from rlmlang.report.diff.difference import Difference

UNBROKEN = 1 << 16  # columns of what nobody looks at


@click.command()
@click.argument("files", nargs=2, metavar="A B", shell_complete=offering("plans"))
@flags("diff")
@click.option("--all", "everything", is_flag=True, help="Every answer that changed, not the first.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "md"]),
    default="text",
    help="md is for a comment on a pull request.",
)
@click.option("--out", metavar="PATH", help="Write it to a file.")
def command(
    files: tuple[str, str],
    recipe: str,
    sets: tuple[str, ...],
    sources: tuple[str, ...],
    models: tuple[str, ...],
    store: str,
    everything: bool,
    form: str,
    as_values: bool,
    out: str | None,
    **more: str | bool,
) -> None:
    """Show what changed from A to B: what the recipe says, what it may cost, which steps ask again,
    and of two runs their answers, cost and coverage. Asks no model.

    Each is a recipe file, one at a commit (FILE@COMMIT), a saved plan (.json) or the name of a run.
    Exits 1 where something differs.

    \b
    rlm diff find.rlm@HEAD find.rlm --source book=book.txt
    rlm diff find.rlm@main find.rlm --format md
    rlm diff last find.rlm
    """
    from rlmlang.cli.places import reader_of
    from rlmlang.runtime.diff import difference

    writable(out)
    options = options_from(recipe, sets, sources, models, **more)
    found = difference(*files, options, lambda: reader_of(store))
    _show(found, out, "json" if as_values else form, everything=everything)
    if not found.same:
        raise click.exceptions.Exit(FAILED)


def _show(found: Difference, out: str | None, form: str, *, everything: bool) -> None:
    if form == "json":
        from rlmlang.report.diff.values import values

        write(json.dumps(values(found), indent=2, ensure_ascii=False), out)
    elif form == "md":
        from rlmlang.report.diff.markdown import markdown

        write(markdown(found, everything=everything), out)
    else:
        _draw(found, out, everything=everything)


def _draw(found: Difference, out: str | None, *, everything: bool) -> None:
    from rlmlang.cli.console import console
    from rlmlang.report.diff.text import lines

    drawn = lines(found, everything=everything)
    if out is not None:
        write("\n".join(line.plain for line in drawn), out)
        return
    terminal = console("stdout", soft_wrap=True, width=UNBROKEN)
    for line in drawn:
        terminal.print(line)
