"""The options of `rlm batch` that are its own, gathered into what they mean."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import click

from rlmlang.batch.choosing import Spelled
from rlmlang.batch.way import Wish
from rlmlang.cli.edge import pairs
from rlmlang.cli.flags import Several

Command = Callable[..., None]
SPELLED = (
    click.option("--each", multiple=True, type=Several(), metavar="NAME=GLOB",
                 help="What a parameter goes over, where no batch is declared: a glob, lines:FILE "
                 "or rows:FILE."),
    click.option("--zip", "zipped", is_flag=True, help="Several --each side by side."),
    click.option("--name", "called", default="", metavar="TEXT",
                 help="What an item is called, such as '{page.stem}'."),
    click.option("--out", metavar="PATH", default="",
                 help="An item's file, such as 'answers/{name}.json'."),
)  # fmt: skip
WISHED = (
    click.option("--select", multiple=True, type=Several(), metavar="WORD",
                 help="failed, changed, missing, state:STATE, or a name with * in it."),
    click.option("--keep-going", is_flag=True, help="Go past items that fail."),
    click.option("--max-failures", metavar="N|%", default="",
                 help="Begin nothing more after so many."),
)  # fmt: skip


def spelled_out(command: Command) -> Command:
    """Gives a command what spells a batch out, as `spelled`."""

    @wraps(command)
    def wrapped(
        each: tuple[str, ...], zipped: bool, called: str, out: str, recipe: str, **more: object
    ) -> None:
        command(spelled=Spelled(pairs(each, "each"), recipe, called, out, zipped), **more)

    return _with(SPELLED, wrapped)


def wished(command: Command) -> Command:
    """Gives a command what says which items are gone over, as `wish`."""

    @wraps(command)
    def wrapped(
        select: tuple[str, ...], max_failures: str, keep_going: bool, dry_run: bool, **more: object
    ) -> None:
        command(wish=Wish(select, max_failures, keep_going, dry_run), **more)

    return _with(WISHED, wrapped)


def _with(options: tuple[Callable[[Command], Command], ...], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
