"""The result that the store keeps of a run, with its type."""

from __future__ import annotations

from dataclasses import dataclass

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir.types import Type
from rlmlang.runtime.prepare import plan_of_run
from rlmlang.stores.reader import StoreReader
from rlmlang.value import Json


@dataclass(frozen=True)
class KeptAnswer:
    """A run's name and recipe, and what it gave."""

    run: str
    recipe: str
    type: Type
    result: Json


def kept_answer(reader: StoreReader, run: str) -> KeptAnswer:
    """The result of a run. Raises CodedError (no-answer, unknown-run)."""
    row = reader.choose(run)
    ended = reader.ended(row)
    interface = plan_of_run(reader, row.name).recipe
    if ended is None or ended.outcome != "finished":
        why = f": {ended.message}" if ended is not None and ended.message else ""
        raise failed(
            "no-answer",
            f"{row.name} came to no answer{why}",
            hint="the same `rlm run` command goes on with it",
        )
    if interface.result.is_list and isinstance(ended.result, str):
        raise failed(
            "no-answer",
            f"the answer of {row.name} is not kept in one piece: {ended.result}",
            hint="the same `rlm run` command, with --out, pays nothing again",
        )
    return KeptAnswer(row.name, row.recipe, interface.result, ended.result)
