"""`rlm ask`: a question over a file or folder, through one free-form node."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from rlmlang.cli.edge import (
    answer_options,
    call_options,
    keeping_options,
    pairs,
    sandbox_options,
)
from rlmlang.cli.run import deliver


@click.command()
@click.argument("question")
@click.option(
    "--source",
    "sources",
    required=True,
    multiple=True,
    metavar="PATH",
    help="A text file or a folder; may be given several times.",
)
@click.option("--model", default="", metavar="NAME", help="The model that writes code.")
@click.option("--sub-model", default="", metavar="NAME", help="The model that code asks.")
@call_options
@click.option(
    "--budget", "limits", multiple=True, metavar="LIMIT=VALUE", help="calls, tokens, usd or wall."
)
@answer_options
@sandbox_options
@keeping_options
def command(
    question: str,
    sources: tuple[str, ...],
    model: str,
    sub_model: str,
    limits: tuple[str, ...],
    as_values: bool,
    out: str | None,
    quiet: bool,
    no_store: bool,
    store: str,
    replay: bool,
    **more: Any,
) -> None:
    """Ask QUESTION of files and folders of any size; a model explores them with code."""
    from rlmlang.runtime.completion import both, prepared
    from rlmlang.runtime.prepared import Options

    budget: Mapping[str, str | float] = pairs(limits, "budget")
    ready = prepared(
        question,
        sources,
        both(model, sub_model),
        budget,
        Options(only_kept=replay, store=None if no_store else Path(store), **more),
    )
    deliver(ready, quiet=quiet, as_values=as_values, out=out)
