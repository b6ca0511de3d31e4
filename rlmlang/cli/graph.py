"""`rlm graph`: the plan as a picture."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click

from rlmlang.cli.edge import (
    binding_options,
    endpoint_option,
    options_from,
    store_option,
    trust_option,
    writable,
    write,
)

STAMP = re.compile(r"\d{8}-\d")  # the name of a run begins with its time


ENDINGS = {".svg": "svg", ".dot": "dot", ".gv": "dot", ".graphml": "graphml", ".json": "json"}


@click.command()
@click.argument("file")
@binding_options
@endpoint_option
@trust_option
@store_option
@click.option(
    "--format",
    "kind",
    type=click.Choice(["mermaid", "dot", "svg", "graphml", "json"]),
    default=None,
    help="Default: by the ending of --out, else mermaid.",
)
@click.option("--out", metavar="PATH", help="Write it to a file.")
def command(
    file: str,
    recipe: str,
    sets: tuple[str, ...],
    sources: tuple[str, ...],
    models: tuple[str, ...],
    api_base: str,
    trust: bool,
    store: str,
    kind: str | None,
    out: str | None,
) -> None:
    """Draw the plan as Mermaid, DOT or a self-contained SVG, or write it as GraphML or JSON.

    FILE is a recipe, a saved plan, or a run: `last`, or the beginning of its name.
    """
    from rlmlang.plan import diagram
    from rlmlang.plan.plan import Plan
    from rlmlang.runtime.prepare import plan_of_run, prepare

    draw: dict[str, Callable[[Plan], str]] = {
        "mermaid": lambda plan: diagram.mermaid(plan.graph),
        "dot": lambda plan: diagram.dot(plan.graph),
        "svg": lambda plan: diagram.svg(plan.graph),
        "graphml": Plan.to_graphml,
        "json": Plan.to_json,
    }
    writable(out)
    ending = ENDINGS.get(Path(out).suffix, "mermaid") if out else "mermaid"
    if file == "last" or (STAMP.match(file) and not Path(file).exists()):
        plan = plan_of_run(Path(store), file)
    else:
        options = options_from(recipe, sets, sources, models, api_base=api_base, trust=trust)
        plan = prepare(file, options, need_all=False).plan
    write(draw[kind or ending](plan), out)
