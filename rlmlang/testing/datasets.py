"""Labelled examples from JSON lines, CSV, Excel or Parquet, held to the hash that pins them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rlmlang import plugins
from rlmlang.context import Datum, items_of
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.ir.types import ANY, DOC, TREE, Fielded, list_of
from rlmlang.schema.sources import SOURCES
from rlmlang.sources.local import changed, unreadable
from rlmlang.sources.place import Place, kind_at

FEWEST = 8  # hexadecimal digits that a pin must have
PATHS = (DOC, TREE)


@dataclass(frozen=True)
class Example:
    """A row: inputs by parameter, paths of those that are files, and the label."""

    number: int
    values: Mapping[str, Datum]
    sources: Mapping[str, str]
    want: Datum


@dataclass(frozen=True)
class Examples:
    """A dataset read: its rows and the sha256 of its file."""

    dataset: s.Dataset
    rows: tuple[Example, ...]
    sha256: str


def read_examples(dataset: s.Dataset, recipe: r.Recipe) -> Examples:
    """The examples of a dataset.

    Raises CodedError (dataset-missing, dataset-changed, dataset-unreadable, missing-column).
    """
    path = Path(dataset.base).parent / dataset.path
    try:
        place = Place(str(path), list_of(ANY), options=dict(dataset.options))
        sha256 = _sha256(place)
        _pinned(dataset, path, sha256)
        rows = _rows(place)
        if _sha256(place) != sha256:
            raise changed(str(path))
    except CodedError as problem:
        raise _as_dataset(problem) from None
    if not rows:
        raise failed("dataset-unreadable", f"{path} has no examples")
    bind = dict(dataset.bind) or {p.name: p.name for p in recipe.params if p.name in rows[0]}
    made = [_example(n, row, bind, dataset, recipe, path) for n, row in enumerate(rows)]
    return Examples(dataset, tuple(made), sha256)


def _sha256(place: Place) -> str:
    """Of all bytes of a file, a byte order mark included; a pipe is read once, as a document."""
    if not Path(place.path).is_file():
        document = place.stored
        return hashlib.sha256(document.read(0, document.size)).hexdigest()
    try:
        with Path(place.path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as mistake:
        raise unreadable(place.path, mistake) from None


def _pinned(dataset: s.Dataset, path: Path, sha256: str) -> None:
    pin = dataset.sha256.lower()
    if pin and (len(pin) < FEWEST or not sha256.startswith(pin)):
        raise failed(
            "dataset-changed",
            f"{path} is not what dataset `{dataset.name}` was pinned to",
            reason=f"pinned: {pin}\nfound:  {sha256[: max(len(pin), FEWEST)]}",
            hint=f'if the change is meant: sha256: "{sha256[:16]}"',
        )


def _rows(place: Place) -> list[dict[str, Datum]]:
    """The rows, read as a source of a recipe is. Raises CodedError (bad-row and others)."""
    rows: list[dict[str, Datum]] = []
    kind = plugins.contract(SOURCES, kind_at(place.path, place.type))
    for name in place.options:
        if name not in (argument.name for argument in kind.arguments):
            raise _unreadable(f"{place.path} is read as {kind.name}, which has no `{name}`")
    for number, row in enumerate(items_of(plugins.opened(kind.name, place)), 1):
        if not isinstance(row, dict):
            words = f"{place.path}, example {number:,}, is no JSON object: one stands on each line"
            raise _unreadable(words)
        rows.append(row)
    return rows


def _example(
    number: int,
    row: Mapping[str, Datum],
    bind: Mapping[str, str],
    dataset: s.Dataset,
    recipe: r.Recipe,
    path: Path,
) -> Example:
    paths = [p.name for p in recipe.params if p.type.required() in PATHS]
    values: dict[str, Datum] = {}
    sources: dict[str, str] = {}
    for param, column in [*bind.items(), ("", dataset.want)]:
        if column not in row:
            raise failed(
                "missing-column",
                f"{path}, example {number + 1}, has no column `{column}`",
                hint=did_you_mean(column, list(row)),
            )
        if param in paths:
            sources[param] = str(path.parent / str(row[column]))
        elif param:
            values[param] = row[column]
    want, result = row[dataset.want], recipe.result
    empty = result.optional or result.is_list or isinstance(result, Fielded)
    if want in (None, "") and not empty:
        raise _unreadable(f"{path}, example {number + 1:,}, has nothing in `{dataset.want}`")
    return Example(number, values, sources, want)


def _as_dataset(problem: CodedError) -> CodedError:
    """A problem of a source, told as one of a dataset."""
    found = problem.diagnostic
    if found.code == "source-missing":
        hint = "the path is taken from the folder of the file that declares it"
        return failed("dataset-missing", found.message, hint=hint)
    if "source" in problem.entry:
        return failed("dataset-unreadable", found.message, reason=found.reason, hint=found.hint)
    return problem


def _unreadable(words: str) -> CodedError:
    return failed(
        "dataset-unreadable", words, hint="a dataset is .jsonl, .csv, .tsv, .xlsx or .parquet"
    )
