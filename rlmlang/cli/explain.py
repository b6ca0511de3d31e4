"""`rlm explain WORD`: the long form of a problem, or what a word of the language takes."""

from __future__ import annotations

import click

from rlmlang import resources
from rlmlang.cli.flags import offering
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.schema.codes import CODES, Entry, entry


@click.command()
@click.argument("word", default="", shell_complete=offering("words"))
def command(word: str) -> None:
    """Explain a problem's code, with an example that has the problem and one that has not; or a
    block, setting, partition, source, search or function, with all that it takes."""
    from rlmlang import plugins
    from rlmlang.report.words import about, page_of, words

    if not word:
        click.echo("\n".join([*CODES, "", *words()]))
    elif word in CODES:
        click.echo(f"// {word}: {entry(word).title}\n// {_consequence(entry(word))}\n//")
        click.echo(resources.text("grammar/mistakes", f"{word}.rlm"), nl=False)
    elif pages := about(word) or list(map(page_of, plugins.named(word))):
        click.echo("\n\n".join(str(page) for page in pages))
    else:
        raise failed(
            "unknown-code",
            f"there is no page on `{word}`",
            hint=did_you_mean(word, [*CODES, *words()]),
        )


def _consequence(known: Entry) -> str:
    """What follows from a problem, in a line."""
    ending = f"exit code {known.exit_code}" if known.exit_code else "stops nothing"
    parks = "; the same command resumes the run" if "parks" in known else ""
    item = "; `on_error` may leave out an item that has it" if "item" in known else ""
    return f"{known.severity}, {ending}{parks}{item}"
