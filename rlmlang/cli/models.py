"""`rlm models`: what may stand behind --model, what it costs and what it takes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from rlmlang.cli.aside import kept
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.width import show, table
from rlmlang.schema.image_rules import NONE, UNKNOWN

if TYPE_CHECKING:
    from rlmlang.ir.models import Takes
    from rlmlang.runtime.project import Project

COLUMNS = ("model", "in", "out", "context", "answers", "thinking", "besides", "price from")
NUMBERS, SPARE = (1, 2, 3, 5), (7, 6, 5, 4)


@click.command()
@click.argument("names", nargs=-1, shell_complete=offering("models"))
@flags("models")
def command(names: tuple[str, ...], as_values: bool) -> None:
    """List the models with a known price, in dollars per million tok, and what they take; or
    NAMES, whatever is known of them.

    Any other OpenAI-compatible model works too: give --api-base, and, unless it is of this machine
    or network, a price in rlm.toml. What a model takes may be said there, below [takes], and in
    the model block of a recipe: rlm explain takes.
    """
    from rlmlang.runtime.project import load
    from rlmlang.runtime.root import root_of

    project = load(root_of(), kept("profile"))
    chosen = names or sorted({*project.prices, *project.takes})
    if as_values:
        click.echo(json.dumps(_values(project, chosen), indent=2))
    else:
        _show(project, chosen)


def _values(project: Project, names: Iterable[str]) -> object:
    from rlmlang.models.capabilities import rows_from
    from rlmlang.runtime.project import takes_of

    found = {}
    for name in names:
        price = project.prices.get(name)
        found[name] = {
            "input": price.input if price else None,
            "output": price.output if price else None,
            "from": price.origin if price else None,
            "context": project.contexts.get(name),
            "takes": vars(takes_of(name, project)),
        }
    return {"prices_from": project.prices_from, "takes_from": rows_from(), "models": found}


def _show(project: Project, names: Iterable[str]) -> None:
    from rlmlang.models.capabilities import rows_from
    from rlmlang.runtime.project import takes_of

    rows = [(name, *_row(name, project, takes_of(name, project))) for name in names]
    said = f"prices of {project.prices_from}; what models take of {rows_from()}"
    show([*table([COLUMNS, *rows], right=NUMBERS, spare=SPARE), "", said])


def _row(name: str, project: Project, takes: Takes) -> list[str]:
    price, context = project.prices.get(name), project.contexts.get(name)
    return [
        f"{price.input:g}" if price else "?",
        f"{price.output:g}" if price else "?",
        f"{context:,}" if context else "?",
        takes.structured,
        f"{takes.thinking:,}" if takes.thinking else "",
        ", ".join(_besides(takes)),
        price.origin if price else "",
    ]


def _besides(takes: Takes) -> Iterable[str]:
    """What else is known, in words."""
    if takes.limit_field != "max_tokens":
        yield takes.limit_field
    if not takes.temperature:
        yield "no temperature"
    for name in ("stop", "logprobs", "batch"):
        said = getattr(takes, name)
        if said is not None:
            yield name if said else f"no {name}"
    if takes.image_tokens:
        yield f"images of {takes.image_tokens:,} tok"
    elif takes.images != UNKNOWN:
        yield "no images" if takes.images == NONE else f"images by {takes.images}"
    yield from takes.tiers
