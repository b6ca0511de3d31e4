"""`completion`: a plain question over a context of any size, through one free-form node."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Unpack

from rlmlang.budget import Usage
from rlmlang.models.engines.call_context import Engine
from rlmlang.runtime import execute
from rlmlang.runtime.given import refuse_halves
from rlmlang.runtime.limits import refuse
from rlmlang.runtime.live import shown
from rlmlang.runtime.lms import named_models
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options, Outcome, Prepared
from rlmlang.runtime.python_settings import Running, options_of
from rlmlang.runtime.session import Session
from rlmlang.sources.tree import open_several
from rlmlang.trajectory.receipt import Line
from rlmlang.trajectory.trajectory import Trajectory

if TYPE_CHECKING:
    from rlmlang.models.lm import Lm

Context: TypeAlias = "str | Path | Sequence[Path] | None"
Model: TypeAlias = "str | Lm"
RECIPE = "std/rlm"


@dataclass(frozen=True)
class Completion:
    """An answer with what it used, in calls, tok and exact dollars (None where a price is
    unknown), the receipt of what was read, the run's name for `rlm show`, and its `outcome`."""

    text: str
    usage: Usage
    usd: float | None
    receipt: tuple[Line, ...]
    run: str
    outcome: Outcome = field(repr=False, compare=False)

    @property
    def trajectory(self) -> Trajectory:
        """All that happened in the run."""
        return self.outcome.trajectory

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.outcome._repr_html_()


def prepared(
    prompt: str,
    paths: Sequence[str],
    budget: Mapping[str, str | float],
    options: Options,
) -> Prepared:
    """The library's recipe for a question over a file, a folder, or several of them, bound."""
    sets = {"question": prompt, **{f"budget.{k}": str(v) for k, v in budget.items()}}
    several = len(paths) > 1
    given = replace(
        options,
        recipe="ask_files" if several or os.path.isdir(paths[0]) else "ask",
        sets=sets,
        sources={} if several else {"context": paths[0]},
        values={"context": open_several(paths)} if several else {},
    )
    return prepare(RECIPE, given, need_all=True)


def both(model: Model, sub_model: Model) -> dict[str, Model]:
    """The models of that recipe: the one that writes code, and the one that code asks."""
    return {"root": model, "reader": sub_model or model} if model else {}


async def acompletion(
    prompt: str,
    context: Context = None,
    *,
    model: Model = "",
    sub_model: Model = "",
    budget: Mapping[str, float] | None = None,
    engine: Engine | None = None,
    **how: Unpack[Running],
) -> Completion:
    """`completion` in the running event loop; cancelled, it ends at once, and what was answered by
    then is kept."""
    with _ready(prompt, context, both(model, sub_model), budget or {}, how) as ready:
        refuse(ready)
        with shown(ready.plan) as heard:
            outcome = await Session(ready, heard, engine).run()
    return _answer(outcome)


def completion(
    prompt: str,
    context: Context = None,
    *,
    model: Model = "",
    sub_model: Model = "",
    budget: Mapping[str, float] | None = None,
    engine: Engine | None = None,
    **how: Unpack[Running],
) -> Completion:
    """Answers a question over a text, or over files and folders of any size.

    `context` is the text itself, a Path, or several. `model` writes code, `sub_model` is asked by
    it: names, or `dspy.LM`s. The `budget` has limits of `calls`, `tokens`, `usd` and `wall`
    (seconds). Raises CodedError for what stopped it; what was answered by then is kept. May be
    called where an event loop is running; it waits for the answer all the same.
    """
    with _ready(prompt, context, both(model, sub_model), budget or {}, how) as ready:
        return _answer(execute(ready, engine=engine))


@contextmanager
def _ready(
    prompt: str,
    context: Context,
    models: Mapping[str, Model],
    budget: Mapping[str, float],
    how: Running,
) -> Iterator[Prepared]:
    """The question, bound, for as long as its context lies where it lies."""
    names, engines = named_models(models)
    options = replace(options_of(how), models=names, engines=engines)
    with tempfile.TemporaryDirectory() as folder:
        paths = _paths(context, Path(folder) / "context.txt")
        yield prepared(prompt, paths, budget, options)


def _paths(context: Context, file: Path) -> list[str]:
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
    return Completion(
        str(outcome.result), outcome.usage, usd, outcome.receipt, outcome.run, outcome
    )
