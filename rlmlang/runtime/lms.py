"""Models that a program names: by their names, or as a `dspy.LM` of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir import recipe as r
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.project import models_of
from rlmlang.runtime.setting_kinds import MODEL, hold

if TYPE_CHECKING:
    from rlmlang.models.engines.call_context import Engine
    from rlmlang.models.lm import Lm
    from rlmlang.program.module import Asked


def named_models(
    said: Mapping[str, str | Lm],
) -> tuple[tuple[str, ...], dict[str, Engine]]:
    """Models as options name them, and engines for those that are LMs. "" is the one for all.
    Raises CodedError (wrong-input) for what is no model."""
    for of, model in said.items():
        hold(of or "model", MODEL, model)
    names = tuple(f"{of}={_name(model)}" for of, model in said.items())
    return names, _engines({k: v for k, v in said.items() if not isinstance(v, str)})


def answered_by(options: Options, asked: Asked, recipe: r.Recipe) -> Options:
    """The options of a call: LMs that were set for predictors answer for their models, DSPy's own
    for models that nobody named. Raises CodedError (not-applicable)."""
    lms = _of_models(asked, recipe)
    if asked.lm is not None and not options.models:
        open_ = [m for m in models_of(recipe) if not m.default and m.name not in lms]
        lms = {**{m.name: asked.lm for m in open_}, **lms}
    if not lms:
        return options
    kept = {m.name: m.default for m in models_of(recipe) if m.default and m.name not in lms}
    names, engines = named_models({**kept, **lms} if "" in lms else lms)
    all_ = (*(n for n in names if n.startswith("=")), *options.models)
    single = tuple(n for n in names if not n.startswith("="))
    return replace(options, models=(*all_, *single), engines={**options.engines, **engines})


def _of_models(asked: Asked, recipe: r.Recipe) -> dict[str, Lm]:
    """The LMs that were set for predictors, by the models of their prompts."""
    found: dict[str, Lm] = {}
    for name, lm in asked.lms.items():
        model = asked.program.prompt(name).model.name
        if found.setdefault(model, lm) is not lm:
            raise failed(
                "not-applicable",
                f"the predictors of the model `{model or 'of all prompts'}` have two LMs",
                reason="A plan knows one price and one context for each model of a recipe.",
                hint="declare a model for each: `model judge { … }`, and `model: judge` in the "
                "prompt",
            )
    return found


def _engines(lms: Mapping[str, object]) -> dict[str, Engine]:
    if not lms:
        return {}
    from rlmlang.models.lm import engine_of

    return {name: engine_of(lm) for name, lm in lms.items()}


def _name(model: str | Lm) -> str:
    return model if isinstance(model, str) else str(model.model)
