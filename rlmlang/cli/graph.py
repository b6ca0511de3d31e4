"""`rlm graph`: the plan as a picture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rlmlang.cli.edge import options_from, writable
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import reader_of

if TYPE_CHECKING:
    from rlmlang.ir.suite import Batch

STAMP = re.compile(r"\d{8}-\d")  # the name of a run begins with its time


@click.command()
@click.argument("file", shell_complete=offering("plans"))
@flags("graph")
@click.option(
    "--format",
    "kind",
    default="",
    metavar="NAME",
    help="mermaid, dot, svg, html, graphml, json, png or pdf; else by the ending of --out.",
)
@click.option("--out", metavar="PATH", help="Write it to a file.")
def command(
    file: str,
    recipe: str,
    sets: tuple[str, ...],
    sources: tuple[str, ...],
    models: tuple[str, ...],
    store: str,
    kind: str,
    out: str | None,
    **more: str | bool,
) -> None:
    """Draw the plan as Mermaid, DOT, a self-contained SVG or page, or write it as GraphML or JSON;
    as PNG or PDF where Graphviz is installed. Batches that FILE declares over the recipe are drawn
    around its plan.

    FILE is a recipe, a saved plan, or a run: `last`, or the beginning of its name.
    """
    from rlmlang.cli.target import Target
    from rlmlang.runtime.drawing import drawing_for, drawn_of
    from rlmlang.runtime.prepare import plan_of_run, prepare

    writable(out)
    drawing = drawing_for(kind, None if out == "-" else out)
    batches: tuple[Batch, ...] = ()
    if file == "last" or (STAMP.match(file) and not Path(file).exists()):
        plan = plan_of_run(reader_of(store), file)
    else:
        file, recipe, batches = drawn_of(file, recipe)
        options = options_from(recipe, sets, sources, models, **more)
        plan = prepare(file, options, need_all=False).plan
    target = Target(out, binary=bool(drawing.tool))
    try:
        picture = drawing.draw(plan, batches)
        target.write(picture if picture.endswith(b"\n") or drawing.tool else picture + b"\n")
        target.keep()
    finally:
        target.drop()
