"""`completion`: a plain question over a context of any size, through one free-form node."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlmlang.budget import Usage
from rlmlang.runtime.prepare import prepare, refuse
from rlmlang.runtime.prepared import Options, Outcome, Prepared
from rlmlang.runtime.session import Session

RECIPE = "std/rlm"


@dataclass(frozen=True)
class Completion:
    """An answer with what it used, in calls, tok and exact dollars (None where a price is
    unknown), the receipt of what was read, and the run's name for `rlm show`."""

    text: str
    usage: Usage
    usd: float | None
    receipt: tuple[Any, ...]
    run: str

    def __str__(self) -> str:
        return self.text


def prepared(
    prompt: str, path: str, model: str, sub_model: str, budget: Mapping[str, float], **options: Any
) -> Prepared:
    """The library's recipe for a question over a file or folder, bound."""
    models = [f"root={model}", f"reader={sub_model or model}"] if model else []
    sets = {"question": prompt, **{f"budget.{k}": str(v) for k, v in budget.items()}}
    recipe = "ask_files" if Path(path).is_dir() else "ask"
    given = Options(recipe, sets, {"context": path}, tuple(models), **options)
    return prepare(RECIPE, given, need_all=True)


async def acompletion(
    prompt: str,
    context: str | Path | None = None,
    *,
    model: str = "",
    sub_model: str = "",
    budget: Mapping[str, float] | None = None,
    engine: Any = None,
    **options: Any,
) -> Completion:
    """Answers a question over a text, file or folder of any size.

    `context` is the text itself, or a Path; `budget` has limits of `calls`, `tokens`, `usd` and
    `wall` (seconds); `options` are those of `Options`, such as `api_base` or `store`. Raises
    CodedError for what stopped it; what was answered by then is kept.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = context if isinstance(context, Path) else Path(folder) / "context.txt"
        if not isinstance(context, Path):
            path.write_text(context or "(no context)\n", encoding="utf-8")
        ready = prepared(prompt, str(path), model, sub_model, budget or {}, **options)
        refuse(ready)
        outcome = await Session(ready, engine=engine).run()
    return _answer(outcome)


def completion(prompt: str, context: str | Path | None = None, **more: Any) -> Completion:
    """`acompletion` in an event loop of its own."""
    return asyncio.run(acompletion(prompt, context, **more))


def _answer(outcome: Outcome) -> Completion:
    if outcome.problem is not None:
        raise outcome.problem
    usd = float(outcome.usage.usd) if outcome.priced else None
    return Completion(str(outcome.result), outcome.usage, usd, outcome.receipt, outcome.run)
