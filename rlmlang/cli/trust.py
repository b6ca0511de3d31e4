"""`rlm trust`: whose recipes, code and project files hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rlmlang.cli.flags import flags, offering
from rlmlang.cli.width import show

if TYPE_CHECKING:
    from rlmlang.runtime.trust_list import Listed


@click.command()
@click.argument("folder", default="", shell_complete=offering("folders"))
@click.option("--list", "as_list", is_flag=True, help="The files that are trusted.")
@click.option("--remove", "gone", is_flag=True, help="Trust the folder's file no more.")
@flags("trust")
def command(folder: str, as_list: bool, gone: bool, as_values: bool) -> None:
    """Trust FOLDER: its recipes and code, and its rlm.toml as it is now. Read them first.

    Without trust a recipe is planned without running code, opening databases or asking URLs, and
    reads nothing outside its folder. An rlm.toml may name models, prices and limits, but no
    endpoint, no variable of a key, no sandbox and no store; after a change it is asked about again.
    """
    from rlmlang.runtime import trust
    from rlmlang.runtime.trust_list import listed

    if as_list:
        _list(listed(), as_values)
    elif gone:
        removed = trust.remove(Path(folder or "."))
        if as_values:
            _list(listed(), as_values)
        else:
            click.echo(f"no longer trusted: {removed}")
    elif not folder:
        raise click.UsageError("name a folder, such as `rlm trust .`; or --list")
    else:
        file = trust.add(Path(folder))
        if as_values:
            _list(listed(), as_values)
            return
        click.echo(f"trusted, with its recipes and code: {Path(folder).resolve()}")
        if file is not None:
            click.echo(f"trusted as it is now: {file.path}")
            for name, shown in (trust.guarded_in(file) | trust.guarded_by_profile(file)).items():
                click.echo(f"  {name} = {shown}")


def _list(found: Listed, as_values: bool) -> None:
    """Each file, and whether it is still what was trusted; then the folders."""
    from rlmlang.runtime.trust import state

    rows = [
        {"path": path, "sha256": digest, "state": state(path, digest)}
        for path, digest in sorted(found.files.items())
    ]
    rows += [{"path": path, "sha256": "", "state": "folder"} for path in found.folders]
    if as_values:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        show([f"{row['state']:<8} {row['path']}"])
