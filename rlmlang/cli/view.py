"""`rlm view`: a run as one page for a browser."""

from __future__ import annotations

import re
from pathlib import Path

import click

from rlmlang.cli.edge import writable, write_lines
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import reader_of
from rlmlang.schema.units import UNITS

ALL, NONE = "all", "none"


class Size(click.ParamType["int | None"]):
    """How many characters of text: `none`, `all` (None), or a size such as `2MB`."""

    name = "size"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """The number; fails with words for anything else."""
        if value in (ALL, NONE):
            return None if value == ALL else 0
        found = re.fullmatch(r"(\d+)(KB|MB|GB)", str(value))
        if found is None:
            self.fail(f"{value} is no size: none, all, or such as 500KB or 2MB", param, ctx)
        return int(int(found[1]) * UNITS[found[2]].times)


@click.command()
@click.argument("run", default="", shell_complete=offering("runs"))
@click.argument("other", default="", shell_complete=offering("runs"))
@click.option("--out", metavar="PATH", help="The file; else RUN.html.")
@click.option("--open", "opened", is_flag=True, help="Open it in the browser.")
@click.option(
    "--texts",
    type=Size(),
    metavar="[none|SIZE|all]",
    default="2MB",
    show_default=True,
    help="How much of prompts and answers the page holds: none, all, or a size such as 2MB.",
)
@click.option(
    "--redact",
    is_flag=True,
    help="For others: take secrets out once more, and where your files lie.",
)
@flags("view")
def command(
    run: str, other: str, out: str | None, opened: bool, texts: int | None, redact: bool, store: str
) -> None:
    """Write RUN (the last one by default) as one page that opens in any browser.

    The page holds all that it shows and asks nobody for anything: answer with evidence, price,
    coverage of every byte, where the money went, what ran when, every call. With OTHER it compares
    two runs; of a batch it shows every item.

    \b
    rlm view
    rlm view last --open
    rlm view 20261130-101500-find 20261201-101500-find --texts none
    """
    from rlmlang.report.view.html import lines
    from rlmlang.report.view.run_page import Shown
    from rlmlang.report.view.texts import Limit
    from rlmlang.runtime.viewed import for_others, unchanged, view

    writable(out)
    reader = reader_of(store)
    shown = Shown(Limit(texts), for_others() if redact else unchanged)
    page = view(reader, run, other, shown)
    out = out or f"{reader.choose(other or run).name}.html"
    write_lines(lines(page), out)
    if out == "-":
        return
    path = Path(out)
    click.echo(f"{out}  {path.stat().st_size:,} bytes", err=True)
    if opened and click.launch(str(path.resolve())):
        click.echo(f"no browser was found; open {path.resolve()} in one", err=True)
