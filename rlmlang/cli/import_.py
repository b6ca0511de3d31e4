"""`rlm import`: runs that other programs logged."""

from __future__ import annotations

import click

from rlmlang.cli.flags import flags
from rlmlang.cli.places import keeping, seen_with


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@flags("import")
def command(files: tuple[str, ...], store: str) -> None:
    """Keep the run of a log of rlms, or of a result of DSPy's RLM, as a run.

    `rlm runs`, `show`, `diff` and `export` know it like any other. A log is kept whole or not at
    all, and once; its answers are used for no other run. What a log does not hold stays empty.

    \b
    rlm import logs/rlm_2026-02-08.jsonl
    """
    from rlmlang.runtime.logs import import_log
    from rlmlang.runtime.prepared import Options

    options = Options(**keeping(store))
    for file in files:
        found = import_log(file, options)
        kept = "was kept already" if found.already else f"{found.calls:,} calls"
        click.echo(f"{found.name}  {found.log}, {kept}")
    click.echo(f"see: {seen_with(options.store)} {found.name}", err=True)
