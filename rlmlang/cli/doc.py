"""`rlm doc`: the page of a package."""

from __future__ import annotations

from pathlib import Path

import click

from rlmlang.cli.edge import write


@click.command()
@click.argument("package", default=".")
@click.option(
    "--out", metavar="FOLDER", default="", help="Write NAME.md into a folder, stdout if unset."
)
def command(package: str, out: str) -> None:
    """Show what a package offers, as Markdown: what it exports, with types, coverage, bounds, the
    tasks of prompts and the tests; and what changed. PACKAGE is its folder, or the name of one that
    this project uses.

    \b
    rlm doc .
    rlm doc acme/legal --out docs
    """
    from rlmlang.deps.described import described
    from rlmlang.reference.package import package_markdown
    from rlmlang.runtime.root import root_of

    found = described(package, root_of())
    text = package_markdown(found)
    if not out:
        click.echo(text, nl=False)
        return
    target = Path(out, found.manifest.name.replace("/", "-") + ".md")
    write(text, str(target))
    click.echo(f"wrote {target}", err=True)
