"""`rlm explain CODE`: the long form of a problem."""

from __future__ import annotations

import click

from rlmlang import resources
from rlmlang.diagnostics.diagnostic import EXIT_USAGE, failed
from rlmlang.diagnostics.suggest import did_you_mean


@click.command()
@click.argument("code", default="")
def command(code: str) -> None:
    """Explain a code, with an example that has the problem and one that has not."""
    known = resources.names("grammar/mistakes", ".rlm")
    if not code:
        click.echo("\n".join(known))
        return
    if code not in known:
        raise failed("unknown-code", f"no problem has the code `{code}`",
                     hint=did_you_mean(code, known), exit_code=EXIT_USAGE)  # fmt: skip
    click.echo(resources.text("grammar/mistakes", f"{code}.rlm"), nl=False)
