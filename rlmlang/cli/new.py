"""`rlm new`: a recipe that runs as it is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click

from rlmlang import resources
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean

RECIPE = re.compile(r"^(export )?(main )?recipe ", re.MULTILINE)
RUNS = re.compile(r"std/\w+")


@click.command()
@click.argument("file", default="")
@click.option(
    "--from",
    "template",
    default="needle",
    show_default=True,
    metavar="NAME",
    help="Which recipe of the standard library to begin with.",
)
@click.option("--list", "only_list", is_flag=True, help="List the standard library.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def command(file: str, template: str, only_list: bool, force: bool) -> None:
    """Write FILE: a copy of a recipe of the standard library, to be changed."""
    known = resources.names("stdlib", ".rlm")
    if only_list or not file:
        for name in known:
            click.echo(f"std/{name:<16} {_first_words(name)}")
        return
    if template.removeprefix("std/") not in known:
        raise failed(
            "recipe-missing", f"there is no std/{template}", hint=did_you_mean(template, known)
        )
    target = Path(file)
    if target.exists() and not force:
        raise failed("file-exists", f"{file} is there already", hint="--force writes over it")
    text = resources.text("stdlib", f"{template.removeprefix('std/')}.rlm")
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as mistake:
        raise failed("file-unwritable", f"{file} cannot be written: {mistake.strerror}") from None
    name = shlex.quote(file)
    usage = next((x[3:] for x in text.splitlines() if x.startswith("// rlm run")), "")
    click.echo(f"wrote {file}. Next:\n  rlm check {name}", err=True)
    if RECIPE.search(text):
        click.echo(f"  rlm plan {name}", err=True)
    if usage:
        click.echo(f"  {RUNS.sub(lambda _: name, usage, count=1)}", err=True)


def _first_words(name: str) -> str:
    lines = resources.text("stdlib", f"{name}.rlm").splitlines()
    return next((x.strip("/ ") for x in lines if x.startswith("//")), "")
