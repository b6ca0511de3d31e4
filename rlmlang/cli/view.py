"""`rlm view`: a run as one page for a browser."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rlmlang.cli.edge import writable, write_lines
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import reader_of
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.schema.units import UNITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlmlang.report.view.page import Page

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
@click.option(
    "--serve",
    "port",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help="Serve it to browsers of this machine, and follow the run; 0 chooses a free port.",
)
@flags("view")
def command(
    run: str,
    other: str,
    out: str | None,
    opened: bool,
    texts: int | None,
    redact: bool,
    port: int | None,
    store: str,
) -> None:
    """Write RUN (the last one by default) as one page that opens in any browser.

    The page holds all that it shows and asks nobody for anything: answer with evidence, price,
    coverage of every byte, where the money went, what ran when, every call. With OTHER it compares
    two runs; of a batch it shows every item.

    \b
    rlm view
    rlm view last --open
    rlm view --serve 0
    rlm view 20261130-101500-find 20261201-101500-find --texts none
    """
    from rlmlang.report.view.run_page import Shown
    from rlmlang.report.view.texts import Limit
    from rlmlang.runtime.viewed import for_others, unchanged, view

    if port is not None and out is not None:
        raise click.UsageError("--out and --serve are two places: give one")
    shown = Shown(Limit(texts), for_others() if redact else unchanged)

    def draw() -> Page:
        with closing(reader_of(store)) as reader:
            return view(reader, run, other, shown)

    _write(draw, out, opened=opened) if port is None else _serve(draw, port, opened=opened)


def _write(draw: Callable[[], Page], out: str | None, *, opened: bool) -> None:
    from rlmlang.report.view.html import lines

    writable(out)
    page = draw()
    out = out or f"{page.name}.html"
    write_lines(lines(page), out)
    if out == "-":
        return
    path = Path(out)
    click.echo(f"{out}  {path.stat().st_size:,} bytes", err=True)
    if opened:
        _open(str(path.resolve()))


def _open(place: str) -> None:
    if click.launch(place):
        click.echo(f"no browser was found; open {place} in one", err=True)


def _serve(draw: Callable[[], Page], port: int, *, opened: bool) -> None:
    """Serves a page until it is ended. Raises CodedError (wrong-input and what drawing raises)."""
    import anyio

    from rlmlang.serving.pages import PageServer, serve_page

    def listens(url: str) -> None:
        click.echo(f"{url}  (Ctrl-C ends it)", err=True)
        if opened:
            _open(url)

    draw()
    try:
        anyio.run(serve_page, PageServer(draw), port, listens)
    except OSError as mistake:
        words = f"port {port} cannot be listened at: {mistake.strerror}"
        raise failed("wrong-input", words, hint="--serve 0 chooses a free one") from None
