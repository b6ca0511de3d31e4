"""`rlm completion`: the shell's completion script."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell, to be put into its start-up file."""
    from rlmlang.cli.main import rlm

    if (kind := get_completion_class(shell)) is not None:
        click.echo(kind(rlm, {}, "rlm", "_RLM_COMPLETE").source())
