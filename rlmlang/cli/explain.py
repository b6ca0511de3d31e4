"""`rlm explain WORD`: the long form of a problem; a partition, search or source."""

from __future__ import annotations

import click

from rlmlang import plugins, resources
from rlmlang.diagnostics.diagnostic import EXIT_USAGE, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.report.contracts import explained


@click.command()
@click.argument("code", default="")
def command(code: str) -> None:
    """Explain a code, with an example that has the problem and one that has not; or a partition,
    search or source by its name."""
    known = resources.names("grammar/mistakes", ".rlm")
    if not code:
        click.echo("\n".join(known))
        return
    if code not in known:
        if found := plugins.named(code):
            click.echo("\n\n".join(map(explained, found)))
            return
        raise failed("unknown-code", f"no problem has the code `{code}`",
                     hint=did_you_mean(code, known), exit_code=EXIT_USAGE)  # fmt: skip
    click.echo(resources.text("grammar/mistakes", f"{code}.rlm"), nl=False)
