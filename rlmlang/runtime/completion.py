"""`completion`: a plain question over a context of any size, through one free-form node."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlmlang.budget import Usage
from rlmlang.models.engines.call_context import Engine
from rlmlang.runtime import execute
from rlmlang.runtime.given import refuse_halves
from rlmlang.runtime.limits import refuse
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options, Outcome, Prepared
from rlmlang.runtime.session import Session
from rlmlang.sources.tree import open_several
from rlmlang.trajectory.receipt import Line

RECIPE = "std/rlm"


@dataclass(frozen=True)
class Completion:
    """An answer with what it used, in calls, tok and exact dollars (None where a price is
    unknown), the receipt of what was read, and the run's name for `rlm show`."""

    text: str
    usage: Usage
    usd: float | None
    receipt: tuple[Line, ...]
    run: str

    def __str__(self) -> str:
        return self.text


def prepared(
    prompt: str,
    paths: Sequence[str],
    model: str,
    sub_model: str,
    budget: Mapping[str, str | float],
    **options: Any,
) -> Prepared:
    """The library's recipe for a question over a file, a folder, or several of them, bound."""
    models = [f"root={model}", f"reader={sub_model or model}"] if model else []
    sets = {"question": prompt, **{f"budget.{k}": str(v) for k, v in budget.items()}}
    several = len(paths) > 1
    recipe = "ask_files" if several or os.path.isdir(paths[0]) else "ask"
    sources = {} if several else {"context": paths[0]}
    values = {"context": open_several(paths)} if several else {}
    given = Options(recipe, sets, sources, tuple(models), values, **options)
    return prepare(RECIPE, given, need_all=True)


async def acompletion(
    prompt: str,
    context: str | Path | Sequence[Path] | None = None,
    *,
    engine: Engine | None = None,
    **options: Any,
) -> Completion:
    """`completion` in the running event loop; cancelled, it ends at once, and what was answered by
    then is kept."""
    with _ready(prompt, context, **options) as ready:
        refuse(ready)
        outcome = await Session(ready, engine=engine).run()
    return _answer(outcome)


def completion(
    prompt: str,
    context: str | Path | Sequence[Path] | None = None,
    *,
    engine: Engine | None = None,
    **options: Any,
) -> Completion:
    """Answers a question over a text, or over files and folders of any size.

    `context` is the text itself, a Path, or several. `options` are `model`, `sub_model`, a `budget`
    with limits of `calls`, `tokens`, `usd` and `wall` (seconds), and those of `Options`, such as
    `api_base` or `store`. Raises CodedError for what stopped it; what was answered by then is kept.
    May be called where an event loop is running; it waits for the answer all the same.
    """
    with _ready(prompt, context, **options) as ready:
        return _answer(execute(ready, engine=engine))


@contextmanager
def _ready(
    prompt: str,
    context: str | Path | Sequence[Path] | None,
    *,
    model: str = "",
    sub_model: str = "",
    budget: Mapping[str, float] | None = None,
    **options: Any,
) -> Iterator[Prepared]:
    """The question, bound, for as long as its context lies where it lies."""
    with tempfile.TemporaryDirectory() as folder:
        paths = _paths(context, Path(folder) / "context.txt")
        yield prepared(prompt, paths, model, sub_model, budget or {}, **options)


def _paths(context: str | Path | Sequence[Path] | None, file: Path) -> list[str]:
    """Where a context lies; text is written to a file first."""
    if isinstance(context, Path):
        return [str(context)]
    if context and not isinstance(context, str):
        return [str(path) for path in context]
    refuse_halves(context, "context")
    file.write_text(str(context or "(no context)\n"), encoding="utf-8")
    return [str(file)]


def _answer(outcome: Outcome) -> Completion:
    if outcome.problem is not None:
        raise outcome.problem
    usd = float(outcome.usage.usd) if outcome.priced else None
    return Completion(str(outcome.result), outcome.usage, usd, outcome.receipt, outcome.run)
