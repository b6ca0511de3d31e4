"""What is written of a run at its beginning: its name, what it was given, its first event."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rlmlang.runtime.identity import identity_of
from rlmlang.runtime.prepared import Prepared
from rlmlang.runtime.shown import in_short, left_out
from rlmlang.stores.runs import RunData, RunRow
from rlmlang.trajectory.events import FilesLeftOut, RunStarted

SHOWN = 200  # characters of an input that are kept with the run


def new_run(name: str) -> str:
    """A run's name: the time, the recipe, and four letters against doubles."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return f"{stamp}-{name}-{secrets.token_hex(2)}"


def row_of(ready: Prepared, redact: Callable[[str], str], about: RunData) -> RunRow:
    """A run as the store begins it; `about` is kept with it."""
    recipe = ready.recipe
    name, data = new_run(recipe.name), _given(ready, redact)
    same = identity_of(ready, about["item"]["round"] if "item" in about else "")
    data.update(about)
    return RunRow(0, name, same, recipe.name, ready.plan.hash, recipe.path, data=data)


def first_events(
    ready: Prepared, redact: Callable[[str], str], beside: str
) -> Iterator[RunStarted | FilesLeftOut]:
    """What a run begins with: `beside` is the run that an unfinished one goes on beside. Then what
    its folders leave out."""
    name, fork = ready.recipe.name, ready.options.fork
    yield RunStarted(
        recipe=name,
        plan=ready.plan.hash,
        path=ready.recipe.path,
        beside=beside,
        models=_models(ready),
        inputs=_inputs(ready, redact),
        forked_from=fork.run if fork is not None else "",
        forked_at=fork.at if fork is not None else "",
        given=fork is not None and fork.answer is not None,
        within={f"{name}.{n.id}": f"{name}.{n.within}" for n in ready.plan.nodes if n.within},
        packages=dict(ready.recipe.packages),
    )
    for source, files in left_out(ready.inputs).items():
        named = [[redact(name), reason] for name, reason in files]
        yield FilesLeftOut(node=ready.recipe.name, source=source, files=named)


def _given(ready: Prepared, redact: Callable[[str], str]) -> RunData:
    """What a run was given, in short and in full, so that it can be given again."""
    options = ready.options
    fork = options.fork
    forked: RunData = {"forked_from": fork.run, "forked_at": fork.at} if fork is not None else {}
    sources = {k: str(Path(v).resolve()) for k, v in options.sources.items() if v != "-"}
    return {
        "models": _models(ready),
        "inputs": _inputs(ready, redact),
        "sets": dict(options.sets),
        "sources": sources,
        "binding": ready.plan.binding_values(),
        **forked,
    }


def _models(ready: Prepared) -> dict[str, str]:
    return {k or "default": v.name for k, v in ready.binding.models.items()}


def _inputs(ready: Prepared, redact: Callable[[str], str]) -> dict[str, str]:
    return {k: redact(in_short(v))[:SHOWN] for k, v in ready.inputs.items()}
