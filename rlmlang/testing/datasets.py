"""Labelled examples from JSON lines, CSV or Parquet, held to the hash that pins them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlmlang.check import recipe as r
from rlmlang.check import suite as s
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.sources.tables import parquet_rows

FEWEST = 8  # hexadecimal digits that a pin must have
PATHS = ("Doc", "Tree")


@dataclass(frozen=True)
class Example:
    """A row: inputs by parameter, paths of those that are files, and the label."""

    number: int
    values: Mapping[str, Any]
    sources: Mapping[str, str]
    want: Any


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
        data = path.read_bytes()
    except OSError as mistake:
        hint = "the path is taken from the folder of the file that declares it"
        raise failed("dataset-missing", f"{path} cannot be opened: {mistake.strerror}",
                     hint=hint) from None  # fmt: skip
    sha256 = hashlib.sha256(data).hexdigest()
    _pinned(dataset, path, sha256)
    rows = _rows(path, data)
    if not rows:
        raise failed("dataset-unreadable", f"{path} has no examples")
    bind = dict(dataset.bind) or {p.name: p.name for p in recipe.params if p.name in rows[0]}
    made = [_example(n, row, bind, dataset, recipe, path) for n, row in enumerate(rows)]
    return Examples(dataset, tuple(made), sha256)


def _pinned(dataset: s.Dataset, path: Path, sha256: str) -> None:
    pin = dataset.sha256.lower()
    if pin and (len(pin) < FEWEST or not sha256.startswith(pin)):
        raise failed(
            "dataset-changed",
            f"{path} is not what dataset `{dataset.name}` was pinned to",
            reason=f"pinned: {pin}\nfound:  {sha256[: max(len(pin), FEWEST)]}",
            hint=f'if the change is meant: sha256: "{sha256[:16]}"',
        )


def _rows(path: Path, data: bytes) -> list[dict[str, Any]]:
    try:
        if path.suffix == ".parquet":
            return parquet_rows(str(path))
        text = data.decode("utf-8-sig")
        if path.suffix == ".csv":
            return [dict(row) for row in csv.DictReader(io.StringIO(text))]
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, csv.Error) as mistake:
        raise _unreadable(path, str(mistake)) from None
    if not all(isinstance(row, dict) for row in found):
        raise _unreadable(path, "every line must be a JSON object")
    return found


def _example(
    number: int, row: dict[str, Any], bind: Mapping[str, str], dataset: s.Dataset,
    recipe: r.Recipe, path: Path,
) -> Example:  # fmt: skip
    kinds = {p.name: p.type.kind for p in recipe.params}
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for param, column in [*bind.items(), ("", dataset.want)]:
        if column not in row:
            raise failed(
                "missing-column", f"{path}, example {number + 1}, has no column `{column}`",
                hint=did_you_mean(column, list(row)),
            )  # fmt: skip
        if kinds.get(param) in PATHS:
            sources[param] = str(path.parent / str(row[column]))
        elif param:
            values[param] = row[column]
    return Example(number, values, sources, row[dataset.want])


def _unreadable(path: Path, words: str) -> CodedError:
    return failed("dataset-unreadable", f"{path} cannot be read: {words}",
                  hint="a dataset is .jsonl, .csv or .parquet")  # fmt: skip
