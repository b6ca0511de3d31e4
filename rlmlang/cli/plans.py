"""The price of many recipes: a line for each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rlmlang.cli.edge import exit_code_of, write
from rlmlang.schema.exits import BUDGET, OK

if TYPE_CHECKING:
    from rlmlang.plan.plan import Plan
    from rlmlang.runtime.prepared import Options


@dataclass(frozen=True)
class Planned:
    """What came of planning a recipe of a file: its plan, or the problem that stands against it."""

    file: str
    recipe: str
    plan: Plan | None = None
    problem: Exception | None = None

    @property
    def code(self) -> int:
        """The exit code that follows."""
        if self.problem is not None:
            return exit_code_of(self.problem)
        cannot = self.plan is not None and self.plan.verdict.word == "cannot fit"
        return BUDGET if cannot else OK


def plan_all(files: Sequence[str], options: Options, out: str | None, *, as_values: bool) -> int:
    """Plans every recipe of files, or the one that the options name, and shows what each may cost.
    Gives the worst exit code."""
    found = [one for file in files for one in _of_file(file, options)]
    if as_values:
        values = [_values(one) for one in found]
        write(json.dumps(values, indent=2, ensure_ascii=False), out)
    else:
        _show(found, out)
    return max((one.code for one in found), default=OK)


def _of_file(file: str, options: Options) -> list[Planned]:
    """The recipes of a file, planned; a file of patterns only has none."""
    from rlmlang.diagnostics.diagnostic import CodedError
    from rlmlang.runtime import check
    from rlmlang.runtime.prepared import BadRecipe, sound

    try:
        found = sound(check(file))
    except (CodedError, BadRecipe) as problem:
        return [Planned(file, "", problem=problem)]
    names = [n for n in found.recipes if options.recipe in ("", n)]
    return [_planned(file, name, options) for name in names]


def _planned(file: str, recipe: str, options: Options) -> Planned:
    from rlmlang.diagnostics.diagnostic import CodedError
    from rlmlang.runtime.prepare import prepare
    from rlmlang.runtime.prepared import BadRecipe

    try:
        ready = prepare(file, replace(options, recipe=recipe), need_all=False)
    except (CodedError, BadRecipe) as problem:
        return Planned(file, recipe, problem=problem)
    return Planned(file, recipe, ready.plan)


def _values(one: Planned) -> dict[str, object]:
    from rlmlang.diagnostics.raised import diagnostics_of
    from rlmlang.diagnostics.render import as_json

    problems = diagnostics_of(one.problem) if one.problem is not None else ()
    return {
        "file": one.file,
        "recipe": one.recipe,
        "plan": json.loads(one.plan.to_json()) if one.plan is not None else None,
        "problems": [as_json(d) for d in problems],
    }


def _show(found: Sequence[Planned], out: str | None) -> None:
    import io

    from rich.console import Console

    from rlmlang.cli.console import console
    from rlmlang.cli.width import PRINTED
    from rlmlang.report.plan import plans_view

    view = plans_view([(one.file, one.recipe, one.plan) for one in found])
    if out is None:
        console("stdout", width=PRINTED).print(view)
        return
    text = io.StringIO()
    Console(file=text, width=PRINTED, highlight=False).print(view)
    write(text.getvalue(), out)
