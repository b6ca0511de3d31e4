"""`rlm export`: a run's trajectory for other tools."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import click

from rlmlang import plugins
from rlmlang.cli.edge import writable
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import reader_of
from rlmlang.cli.target import STDOUT, Target
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.report.export.export import Export
from rlmlang.report.export.jsonl import JSONL
from rlmlang.report.export.otlp import OTLP
from rlmlang.report.export.table import EXPORTS
from rlmlang.trajectory.texts import without_texts


def _format(ctx: click.Context, option: click.Parameter, name: str) -> Export | None:
    """What writes a format; none where no format is named."""
    found = EXPORTS.find(name, plugins.find) if name else None
    if name and found is None:
        known = ", ".join((*EXPORTS, *plugins.names(EXPORTS.group)))
        raise click.BadParameter(f"'{name}' is not one of {known}.", ctx, option)
    return found


@click.command()
@click.argument("run", default="", shell_complete=offering("runs"))
@click.option(
    "--format",
    "form",
    metavar="NAME",
    default="",
    callback=_format,
    help=" ".join(f"{x.name}: {x.doc}" for x in EXPORTS.values()),
)
@click.option("--out", metavar="PATH", help="A file instead of stdout.")
@click.option("--to", metavar="URL", help="A collector of OpenTelemetry instead of stdout.")
@click.option(
    "--texts/--no-texts",
    default=None,
    help="Whether what was asked and answered is written; of spans only if it is asked for.",
)
@flags("export")
def command(
    run: str, form: Export | None, out: str | None, to: str | None, texts: bool | None, store: str
) -> None:
    """Write the events of RUN (the last one by default) in a format of other tools.

    JSON lines are written unless another format is named, to a collector OpenTelemetry's spans.

    \b
    rlm export --format speedscope --out run.speedscope.json
    rlm export last --to http://127.0.0.1:4318
    """
    export = form or (OTLP if to else JSONL)
    wanted = _texts(export, texts)
    _hold(export, out, to)
    writable(out)
    reader = reader_of(store)
    events = reader.events(reader.choose(run), texts=wanted)
    told = events if wanted else without_texts(events)
    if to is not None and export.messages is not None:
        _send(export.messages(told), to)
    else:
        _write(export.write(told), out)


def _texts(export: Export, asked: bool | None) -> bool:
    """Whether texts are written. Raises a usage error where there is no place for them."""
    if export.texts is None:
        if asked:
            raise click.UsageError(f"--texts: {export.name} has no place for texts")
        return False
    return export.texts if asked is None else asked


def _hold(export: Export, out: str | None, to: str | None) -> None:
    """Raises CodedError (extra-missing, format-unfit) and usage errors for what cannot be."""
    if to is not None and out is not None:
        raise click.UsageError("--to and --out are two places: give one")
    if to is not None and export.messages is None:
        taken = " and ".join(x.name for x in EXPORTS.values() if x.messages is not None)
        raise click.UsageError(f"--to: a collector takes {taken}, not {export.name}")
    if export.needs and find_spec(export.needs) is None:
        raise failed(
            "extra-missing",
            f"{export.name} needs a package that is not installed",
            hint=f"pip install '{export.installs}'; --format jsonl needs nothing",
        )
    if export.binary and out in STDOUT and sys.stdout.isatty():
        words = f"{export.name} is no text that a terminal shows"
        raise failed("format-unfit", words, hint=f"--out run.{export.name}")


def _write(pieces: Iterable[str] | Iterable[bytes], out: str | None) -> None:
    """Writes a run, without holding it all."""
    target = Target(out, binary=True)
    try:
        for piece in pieces:
            target.write(
                piece.encode("utf-8", "backslashreplace") if isinstance(piece, str) else piece
            )
        target.keep()
    finally:
        target.drop()
    if out is not None and out != "-":
        click.echo(f"{out}  {Path(out).stat().st_size:,} bytes", err=True)


def _send(messages: Iterable[bytes], to: str) -> None:
    from rlmlang.runtime.collector import send

    sent = send(messages, to)
    click.echo(f"{to}  {sent:,} bytes", err=True)
