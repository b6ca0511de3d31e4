"""`rlm explain WORD`: the long form of a problem, or what a word of the language takes."""

from __future__ import annotations

import click

from rlmlang import resources
from rlmlang.diagnostics.diagnostic import EXIT_USAGE, failed
from rlmlang.diagnostics.suggest import did_you_mean


@click.command()
@click.argument("word", default="")
def command(word: str) -> None:
    """Explain a problem's code, with an example that has the problem and one that has not; or a
    block, setting, partition, source, search or function, with all that it takes."""
    from rlmlang import plugins
    from rlmlang.report.words import about, page_of, words

    codes = resources.names("grammar/mistakes", ".rlm")
    if not word:
        click.echo("\n".join([*codes, "", *words()]))
    elif word in codes:
        click.echo(resources.text("grammar/mistakes", f"{word}.rlm"), nl=False)
    elif pages := about(word) or list(map(page_of, plugins.named(word))):
        click.echo("\n\n".join(str(page) for page in pages))
    else:
        raise failed("unknown-code", f"there is no page on `{word}`",
                     hint=did_you_mean(word, [*codes, *words()]), exit_code=EXIT_USAGE)  # fmt: skip
