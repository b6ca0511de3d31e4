"""`rlm ask`: a question over a file or folder, through one free-form node."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import click

from rlmlang.cli.edge import call_options, pairs, sandbox_options, store_option
from rlmlang.cli.run import deliver


@click.command()
@click.argument("question")
@click.option("--source", "sources", required=True, multiple=True, metavar="PATH",
              help="A text file or a folder; may be given several times.")  # fmt: skip
@click.option("--model", default="", metavar="NAME", help="The model that writes code.")
@click.option("--sub-model", default="", metavar="NAME", help="The model that code asks.")
@call_options
@click.option("--budget", "limits", multiple=True, metavar="LIMIT=VALUE",
              help="calls, tokens, usd or wall.")  # fmt: skip
@click.option("--quiet", "-q", is_flag=True, help="Only the answer.")
@sandbox_options
@store_option
def command(
    question: str, sources: tuple[str, ...], model: str, sub_model: str,
    limits: tuple[str, ...], quiet: bool, store: str, **more: Any,
) -> None:  # fmt: skip
    """Ask QUESTION of files and folders of any size; a model explores them with code."""
    gc.enable()
    from rlmlang.runtime.completion import prepared

    budget: dict[str, Any] = dict(pairs(limits, "budget"))
    ready = prepared(question, sources, model, sub_model, budget,
                     store=Path(store), **more)  # fmt: skip
    deliver(ready, quiet=quiet)
