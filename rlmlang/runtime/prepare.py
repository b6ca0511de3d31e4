"""A recipe checked, bound to its inputs and models, and planned: ready to run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from rlmlang import compiler, plugins
from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import Diagnostic, failed
from rlmlang.diagnostics.source import SourceFile
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir import recipe as r
from rlmlang.ir.apply_tools import with_functions
from rlmlang.ir.apply_tuning import with_tuned
from rlmlang.ir.binding import Binding, BoundModel
from rlmlang.ir.suite import Checked
from rlmlang.partitions.measure import Encoded, Estimate, measure_for, shared
from rlmlang.plan.plan import Plan
from rlmlang.runtime.batching import with_batches
from rlmlang.runtime.beside import Beside, slips
from rlmlang.runtime.checking import Load, home_of, opened
from rlmlang.runtime.distinct import refuse_large, with_distinct
from rlmlang.runtime.effects import Effect, effects_of
from rlmlang.runtime.endpoint import endpoint_of, foreign, notes_on
from rlmlang.runtime.files import read_source
from rlmlang.runtime.images import most_of, with_images
from rlmlang.runtime.inputs import bind_inputs, real_sizes, wanted_of
from rlmlang.runtime.limits import unpriced
from rlmlang.runtime.placed_inputs import placed_texts
from rlmlang.runtime.prepared import Options, Prepared, sound
from rlmlang.runtime.project import (
    Project,
    bind_models,
    load,
    model_and_name,
    strays,
    tiers_of,
    unknown_names,
)
from rlmlang.runtime.root import STORE, root_of
from rlmlang.runtime.trust import doubt, hold, left_aside, store_of, trusts
from rlmlang.runtime.tuned import Tuning, tuning_for
from rlmlang.schema.formula import Sizes
from rlmlang.schema.settings import BUDGET

if TYPE_CHECKING:
    from rlmlang.stores.reader import StoreReader

Limited = TypeVar("Limited", bound=r.Interface)


def prepare(what: str | SourceFile | Plan, options: Options, *, need_all: bool) -> Prepared:
    """Checks, binds and plans the recipe of a file or text, or binds a plan or the file of one.
    Raises BadRecipe or CodedError."""
    tiers_of(options.sandbox.split(",") if options.sandbox else (), "--sandbox")
    path = _path_of(what)
    home = home_of(path, options.home)
    root = root_of(home)
    project = load(root, None if options.alone else options.profile)
    if options.store is STORE:
        trust = options.trust or not need_all  # what is only planned opens none
        options = replace(options, store=store_of(project, trust=trust), own_only=True)
    if isinstance(what, Plan) or (isinstance(what, str) and path.endswith(".json")):
        saved = (
            what if isinstance(what, Plan) else Plan.from_json(read_source(path).text, plugins.find)
        )
        ready = _from_plan(saved, path, options, project, need_all=need_all)
        return replace(ready, what=what)
    source, loader = opened(what, home, trust=options.trust, locked=options.locked)
    made = _from_recipe(source, loader, replace(options, home=home), project, need_all=need_all)
    return replace(made, what=what)


def _path_of(what: str | SourceFile | Plan) -> str:
    if isinstance(what, Plan):
        return what.recipe.path
    return what.path if isinstance(what, SourceFile) else what


def plan_of_run(reader: StoreReader, run: str) -> Plan:
    """The plan that a kept run ran. Raises CodedError."""
    return Plan.from_json(reader.document(reader.choose(run)), plugins.find)


def _from_recipe(
    source: SourceFile, load_import: Load, options: Options, project: Project, *, need_all: bool
) -> Prepared:
    path = source.path
    beside = Beside(project, options)
    first_look = _looked_at(source, load_import, options, beside)
    recipe = written = _choose(first_look, options.recipe, path)
    places = first_look.places.get(recipe.name, {})
    tuning, stale = _tuning(recipe, path, options)
    options = replace(
        options,
        sets={**tuning.sets, **options.sets},
        models=(*_models(tuning, options), *options.models),
    )
    found = beside.given(recipe, places, need_all=need_all)
    options = found.within(options)
    sets = _overrides(recipe, options, first_look)
    local = _local(options, project)
    models = bind_models(recipe, project, options.models, local=local)
    measure = shared(_measures(models, project).values())
    effects, closed = _effects(recipe, options.home, options, need_all=need_all)
    closed |= {s.name for s in recipe.sources if options.unopened}
    binds = partial(bind_inputs, need_all=need_all, settable=first_look.settable, closed=closed)
    inputs = binds(recipe, options, places=places)
    sizes = real_sizes(recipe, wanted_of(recipe), inputs, measure)
    images = most_of(with_images(models, recipe, inputs, mocked=options.alone))
    again = _measured(source, load_import, sizes, sets, measure, beside, images)
    recipe = _with_budget(_choose(sound(again), recipe.name, path), options)
    recipe = with_tuned(recipe, tuning.prompts)
    recipe = with_functions(recipe, options.tools.functions, options.tools.most)
    models = bind_models(recipe, project, options.models, local=local)
    models = with_images(models, recipe, inputs, mocked=options.alone)
    models = with_batches(models, recipe, options, project, endpoint_of(options, project).address)
    binding = _binding(models, sizes, inputs, measure, options, project)
    said = (*_said(again, stale), *strays(recipe, project), *slips(recipe, project))
    made = compiler.plan(recipe, binding, plugins.find, rewrite=options.rewrite)
    warnings = (*said, *_doubts(options.home, effects, options, need_all=need_all))
    ready = _ready(made, inputs, measure, options, project, warnings, tuning.words)
    return replace(ready, effects=effects, beside=found.words, written=written)


def _said(checked: Checked, stale: Diagnostic | None) -> Iterator[Diagnostic]:
    """What is warned of: a tuning that no longer fits, and what the checker found."""
    if stale is not None:
        yield stale
    yield from (d for d in checked.diagnostics if d.severity == "warning")


def _looked_at(source: SourceFile, load: Load, options: Options, beside: Beside) -> Checked:
    """The file checked, with what is set: it is not read from the environment, and may say which
    models there are."""
    sets = {k: v for k, v in options.sets.items() if not k.startswith("budget.")}
    return sound(
        compiler.check(source, load, None, sets, plugins=plugins, variable=beside.variable)
    )


def _measured(
    source: SourceFile,
    load: Load,
    sizes: Sizes,
    sets: Mapping[str, str],
    measure: Estimate | Encoded,
    beside: Beside,
    images: Mapping[str, int],
) -> Checked:
    """The file checked once more, with the real sizes of what is given."""
    most, grain, variable = measure.most, measure.grain, beside.variable
    return compiler.check(source, load, sizes, sets, most, grain, plugins, variable, images)


def _effects(
    found: r.Recipe | Plan, path: str, options: Options, *, need_all: bool
) -> tuple[tuple[Effect, ...], frozenset[str]]:
    """What nobody trusts a recipe with, and the sources and defaults that stay closed for it.
    Raises CodedError (recipe-untrusted)."""
    root = os.path.dirname(os.path.realpath(path)) if path else os.getcwd()
    given = {*options.sources, *options.values, *options.sets}
    parts = (found.recipe, *found.steps) if isinstance(found, Plan) else (found,)
    effects = effects_of(parts, root, given)
    if not effects or trusts(path, options):
        return (), frozenset()
    if need_all:
        hold(path, effects, options, runs=True)
        return effects, frozenset()
    return effects, frozenset(e.name for e in effects if e.name)


def _doubts(
    path: str, effects: tuple[Effect, ...], options: Options, *, need_all: bool
) -> tuple[Diagnostic, ...]:
    return (doubt(path, effects, options),) if effects and not need_all else ()


def _from_plan(
    saved: Plan, path: str, options: Options, project: Project, *, need_all: bool
) -> Prepared:
    """A plan with this time's inputs and models. Of what may be set it takes parameters and limits;
    numbers of its steps are changed in the plan."""
    saved = replace(saved, recipe=_with_budget(saved.recipe, options))
    found = Beside(project, options).given(saved.recipe, {}, need_all=need_all)
    options = found.within(options)
    models = bind_models(saved, project, options.models, local=_local(options, project))
    models = with_batches(models, saved, options, project, endpoint_of(options, project).address)
    measure = shared(_measures(models, project).values())
    effects, closed = _effects(saved, path, options, need_all=need_all)
    inputs = bind_inputs(saved.recipe, options, need_all=need_all, closed=closed)
    models = with_images(models, saved, inputs, mocked=options.alone)
    unbound = saved.bound_to(Binding()).facts.values()
    sizes = real_sizes(saved.recipe, unbound, inputs, measure)
    made = saved.bound_to(_binding(models, sizes, inputs, measure, options, project))
    doubts = _doubts(path, effects, options, need_all=need_all)
    return replace(
        _ready(made, inputs, measure, options, project, doubts, ""),
        effects=effects,
        beside=found.words,
    )


def _local(options: Options, project: Project) -> bool:
    """Whether models are asked at an endpoint of this machine or network."""
    address = endpoint_of(options, project).address
    return address is not None and address.local


def _binding(
    models: Mapping[str, BoundModel],
    sizes: Sizes,
    inputs: Mapping[str, Datum],
    measure: Estimate | Encoded,
    options: Options,
    project: Project,
) -> Binding:
    names = [b.name for b in models.values()]
    at = foreign(names, endpoint_of(options, project))
    return Binding(
        models,
        sizes,
        frozenset(inputs),
        project.prices_from,
        measure.name,
        measure.grain,
        measure.most,
        at,
    )


def _ready(
    plan: Plan,
    inputs: Mapping[str, Datum],
    measure: Estimate | Encoded,
    options: Options,
    project: Project,
    warnings: tuple[Diagnostic, ...],
    tuned: str,
) -> Prepared:
    refuse_large(plan, inputs, measure)
    plan = with_distinct(plan, inputs, measure)
    models, endpoint = plan.binding.models, endpoint_of(options, project)
    names = [b.name for b in models.values()]
    strange = () if foreign(names, endpoint) else unknown_names(names, project)
    aside = left_aside(project.root) if project.root is not None else ()
    warnings = (*warnings, *aside, *notes_on(names, endpoint), *strange)
    ready = Prepared(
        plan,
        placed_texts(plan, inputs),
        plan.binding,
        measure,
        _measures(models, project),
        options,
        project,
        warnings,
        tuned,
        endpoint.address,
    )
    notes = [d for d in unpriced(ready) if d.severity == "warning"]
    return replace(ready, warnings=(*warnings, *notes))


def _measures(models: Mapping[str, BoundModel], project: Project) -> dict[str, Estimate | Encoded]:
    """How each model counts."""
    return {name: measure_for(m.name, project.tokenizers) for name, m in models.items()}


def _models(tuning: Tuning, options: Options) -> tuple[str, ...]:
    """The models that a tuning chose, unless one is named for all."""
    return () if any(not model_and_name(m)[0] for m in options.models) else tuning.models


def _tuning(recipe: r.Recipe, path: str, options: Options) -> tuple[Tuning, Diagnostic | None]:
    """What a tuning found: the one that is given, else the one beside the recipe."""
    if options.tuning is not None:
        return options.tuning, None
    found, stale = (None, None) if options.untuned else tuning_for(recipe, path)
    return found or Tuning(), stale


def _overrides(recipe: r.Recipe, options: Options, found: Checked) -> dict[str, str]:
    """What is set besides parameters and budgets. Raises CodedError (not-settable)."""
    params = {p.name for p in recipe.params}
    sets = {
        k: v
        for k, v in options.sets.items()
        if k not in params and not k.startswith("budget.") and ("." in k or k in found.settable)
    }
    for name in sets:
        if name not in found.settable:
            raise failed(
                "not-settable",
                f"`{name}` may not be set from outside",
                reason="Parameters, constants, budgets, sizes of models and the numbers of "
                "partitions and steps may be set; prompts are code.",
                hint=did_you_mean(name, [*found.settable, *(f"budget.{b}" for b in BUDGET)]),
            )
    return sets


def _choose(found: Checked, name: str, path: str) -> r.Recipe:
    """The recipe of that name, the main one where none is named. Raises CodedError (no-recipe)."""
    chosen = found.recipes.get(name or found.main)
    if chosen is not None:
        return chosen
    names = list(found.recipes)
    if not names:
        raise failed("no-recipe", f"{path} declares no recipe", hint="add `recipe name(…) -> … {`")
    words = f"{path} has no recipe `{name}`" if name else f"{path} has {len(names)} recipes"
    hint = "choose one: --recipe " + " | ".join(names)
    also = "" if name else f"; or write `main recipe {names[0]}(…)` in the file"
    raise failed("no-recipe", words, hint=hint + also)


def _with_budget(recipe: Limited, options: Options) -> Limited:
    """The recipe with limits set on the command line."""
    changes: dict[str, object] = {}
    of_models = recipe.budget.of_models
    for name, text in options.sets.items():
        if not name.startswith("budget."):
            continue
        key = name.removeprefix("budget.")
        if " of " in key:
            of_models = _with_model(of_models, key, text)
            continue
        if key not in BUDGET:
            hint = did_you_mean(key, BUDGET)
            raise failed("wrong-input", f"a budget has no `{key}`", hint=hint)
        value = changes[key] = compiler.limit(key, text)
        if value is None:
            raise failed("wrong-input", f"{name}={text}: {BUDGET[key].takes} is wanted")
    return replace(recipe, budget=recipe.budget.having({**changes, "of_models": of_models}))


def _with_model(declared: tuple[r.OfModel, ...], key: str, text: str) -> tuple[r.OfModel, ...]:
    """The limits of single models, of which one that is declared is set anew."""
    known = [f"{limit} of {model}" for limit, model, _ in declared]
    if key not in known:
        hint = did_you_mean(key, known) or "declare it in the recipe's budget"
        raise failed("wrong-input", f"the budget has no `{key}`", hint=hint)
    at, limit = known.index(key), key.partition(" ")[0]
    most = compiler.limit(limit, text)
    if most is None:
        raise failed("wrong-input", f"budget.{key}={text}: {BUDGET[limit].takes} is wanted")
    return (*declared[:at], (limit, declared[at][1], most), *declared[at + 1 :])
