"""`rlm ask`: a question over a file or folder, through one free-form node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from rlmlang.cli.aside import kept
from rlmlang.cli.edge import answer_options, fail_on, pairs
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import keeping
from rlmlang.cli.run import asked_for, deliver


@click.command()
@click.argument("question")
@click.option(
    "--source",
    "sources",
    required=True,
    multiple=True,
    metavar="PATH",
    help="A text file or a folder; may be given several times.",
    shell_complete=offering("file"),
)
@click.option(
    "--sub-model",
    default="",
    metavar="NAME",
    help="The model that code asks; else --model.",
)
@click.option(
    "--budget", "limits", multiple=True, metavar="LIMIT=VALUE", help="calls, tokens, usd or wall."
)
@answer_options
@flags("ask")
def command(
    question: str,
    sources: tuple[str, ...],
    models: tuple[str, ...],
    sub_model: str,
    limits: tuple[str, ...],
    as_values: bool,
    out: str | None,
    form: str,
    quiet: bool,
    no_store: bool,
    store: str,
    replay: bool,
    fail_on_warning: bool,
    **more: Any,
) -> None:
    """Ask QUESTION of files and folders of any size; a model explores them with code.

    \b
    rlm ask "Who pays?" --source contracts --model openai/gpt-5-mini
    """
    from rlmlang.runtime.completion import prepared
    from rlmlang.runtime.exploring import models_of
    from rlmlang.runtime.lms import named_models
    from rlmlang.runtime.prepared import Options

    wanted = asked_for(form, out, as_values)
    budget: Mapping[str, str | float] = pairs(limits, "budget")
    names, _ = named_models(models_of(models[-1] if models else "", sub_model, {}))
    where = keeping(store, none=no_store)
    options = Options(models=names, only_kept=replay, profile=kept("profile"), **where, **more)
    ready = prepared(question, sources, budget, options)
    if fail_on_warning:
        fail_on(ready.warnings, as_values=as_values)
    deliver(ready, wanted, quiet=quiet, out=out)
