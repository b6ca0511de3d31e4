"""`rlm graph`: the plan as a picture."""

from __future__ import annotations

import click

from rlmlang.cli.edge import binding_options, endpoint_option, options_from, write


@click.command()
@click.argument("file")
@binding_options
@endpoint_option
@click.option(
    "--format",
    "kind",
    type=click.Choice(["mermaid", "dot", "svg"]),
    default=None,
    help="Default: by the ending of --out, else mermaid.",
)
@click.option("--out", metavar="PATH", help="Write it to a file.")
def command(
    file: str, recipe: str, sets: tuple[str, ...], sources: tuple[str, ...],
    models: tuple[str, ...], api_base: str, kind: str | None, out: str | None,
) -> None:  # fmt: skip
    """Draw the plan as Mermaid, DOT or a self-contained SVG."""
    from rlmlang.report import diagram
    from rlmlang.runtime.prepare import prepare

    options = options_from(recipe, sets, sources, models, api_base=api_base)
    ready = prepare(file, options, need_all=False)
    endings = {".svg": "svg", ".dot": "dot", ".gv": "dot"}
    ending = next((v for k, v in endings.items() if out and out.endswith(k)), "mermaid")
    draw = {"mermaid": diagram.mermaid, "dot": diagram.dot, "svg": diagram.svg}[kind or ending]
    write(draw(ready.plan), out)
