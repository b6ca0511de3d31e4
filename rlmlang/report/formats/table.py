"""The table of formats that results are written in, and which one is meant."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import PurePath

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.report.formats.csv import CSV, EXACT, TSV
from rlmlang.report.formats.format import Format, Shape
from rlmlang.report.formats.html import HTML
from rlmlang.report.formats.json import JSON
from rlmlang.report.formats.jsonl import JSONL
from rlmlang.report.formats.md import MD
from rlmlang.report.formats.parquet import PARQUET
from rlmlang.report.formats.txt import TXT
from rlmlang.schema.registry import Find
from rlmlang.table import Table

FORMATS = Table("rlmlang.formats", Format, (JSON, JSONL, CSV, EXACT, TSV, PARQUET, MD, HTML, TXT))


def chosen(name: str, out: str | None, find: Find) -> Format:
    """The format of that name, else that of a file's ending; text for a file without one, and where
    nothing is said. Raises CodedError (unknown-format)."""
    if name:
        found = FORMATS.find(name, find)
        if found is None:
            raise failed(
                "unknown-format",
                f"--format {name}: there is no format of that name",
                hint=did_you_mean(name, FORMATS) or ", ".join(FORMATS),
            )
        return found
    ending = PurePath(out or "").suffix.lower()
    for one in FORMATS.values():
        if ending in one.endings:
            return one
    if not ending:
        return TXT
    known = " ".join(e for f in FORMATS.values() for e in f.endings)
    raise failed(
        "unknown-format",
        f"{out}: no format is written in files that end in {ending}",
        hint=f"endings are {known}; with any other, --format {' | '.join(FORMATS)}",
    )


def refuse(form: Format, shape: Shape) -> None:
    """Raises CodedError for what a format cannot hold (format-unfit), and where what it needs is
    not installed (extra-missing)."""
    if words := form.refuses(shape):
        what, _, hint = words.partition(": ")
        raise failed("format-unfit", f"{form.name}: {what}", hint=hint)
    if form.needs and find_spec(form.needs) is None:
        raise failed(
            "extra-missing",
            f"{form.name} needs a package that is not installed",
            hint=f"pip install '{form.installs}'; --format jsonl needs nothing",
        )
