"""`tune`: which optimizer, over which part of the examples, and what it may move."""

from __future__ import annotations

from rlmlang.check.module import Module
from rlmlang.check.overrides import settable_here
from rlmlang.check.resolve import limits_in
from rlmlang.check.settings import Settings, settings_of
from rlmlang.check.trials.tests import words
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.suggest import did_you_mean, instead
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.ir.kinds import has_images
from rlmlang.ir.predictors import named, prompts_of
from rlmlang.schema.settings import BLOCKS
from rlmlang.syntax import tree as t
from rlmlang.syntax.trials import Item, Trial

OPTIMIZERS = BLOCKS["tune"].setting("optimizer").choices
SHARES = ("train", "dev", "test")


def tune_of(module: Module, trial: Trial, recipe: r.Recipe, evals: list[s.Eval]) -> s.Tune | None:
    """A checked tuning; None when nothing says what is better."""
    own = settings_of(module, trial)
    judged = _eval(module, trial, own.find("eval", t.Name), evals)
    named = own.find("optimizer", t.Name)
    optimizer = named.text if named is not None else own.get("optimizer", str)
    if named is not None and optimizer not in OPTIMIZERS:
        module.report(_unknown_optimizer(named))
    knobs = tuple(k for i in trial.said("knob") for k in _knob(module, i, recipe))
    if not trial.said("knob"):
        module.report(_no_knob(trial))
    shares, seed = _split(own)
    if judged is None:
        return None
    return s.Tune(
        trial.name.text,
        recipe.name,
        judged,
        optimizer,
        knobs,
        *shares,
        seed,
        own.get("trials", int),
        own.find("reflection", str) or "",
        limits_in(own.find("budget", Settings)),
        trial.span.line,
    )


def _eval(module: Module, trial: Trial, name: t.Name | None, evals: list[s.Eval]) -> s.Eval | None:
    """The eval that is named, the one of the tuning's own name, or the only one of the recipe."""
    mine = [e for e in evals if e.recipe == trial.target.text]
    wanted = name.text if name is not None else trial.name.text
    found = next((e for e in mine if e.name == wanted), None)
    if found is None and name is None and len(mine) == 1:
        found = mine[0]
    if found is None:
        module.report(_no_eval(trial, wanted, [e.name for e in mine]))
    return found


def _split(tune: Settings) -> tuple[tuple[float, float, float], int]:
    """The shares of the examples for traces, for choosing and for the score, and the seed. Where
    some are written, the others are empty."""
    own, usual = tune.find("split", Settings), Settings(tune.module, None, "shares")
    train, dev, test = (usual.get(name, float) for name in SHARES)
    if own is None:
        return (train, dev, test), usual.get("seed", int)
    train, dev, test = (own.get(n, float) if n in own.values else 0.0 for n in SHARES)
    if not train or not (dev or test) or train + dev + test > 1.0001:
        tune.module.report(_split_form(tune.entries["split"]))
    elif not test:  # two parts: the second is held out, the first is chosen from
        train, dev, test = train / 2, train / 2, dev
    return (train, dev or train / 2, test), own.get("seed", int)


def _knob(module: Module, item: Item, recipe: r.Recipe) -> list[s.Knob]:
    path = path_of(item.key)
    owner, _, last = path.rpartition(".")
    rewrites = isinstance(item.value, t.Name) and item.value.text == "rewrite"
    written = item.value.items if isinstance(item.value, t.ListOf) else ()
    choices = tuple(module.literal(x) for x in written)
    if last in ("task", "demos") and (predictors := named(recipe, owner)):
        if any(_sees(prompts_of(recipe)[name]) for name in predictors):
            module.report(_seeing_knob(item, path))
        if last == "task" and not rewrites:
            module.report(_knob_form(item, f"knob {path} in rewrite"))
        if last == "demos" and not (choices and all(isinstance(c, int) for c in choices)):
            module.report(_knob_form(item, f"knob {path} in [0, 4, 8]"))
        return [s.Knob(path, last, choices, predictors)]
    names = {p.model.name for p in prompts_of(recipe).values()}
    kind = "model" if last == "default" and owner in names else "number"
    if kind == "number" and path not in settable_here(module.decls.values()):
        module.report(_unknown_knob(item, path, recipe, settable_here(module.decls.values())))
        return []
    if not choices:
        module.report(_knob_form(item, f"knob {path} in [a, b]"))
        return []
    if kind == "number":  # with its unit
        choices = tuple(words(x) for x in written)
    return [s.Knob(path, kind, choices)]


def _sees(prompt: r.Prompt) -> bool:
    return any(has_images(p.type) for p in prompt.params)


def path_of(key: t.Expr) -> str:
    """What is written as `name.label`."""
    if isinstance(key, t.Member):
        return f"{path_of(key.base)}.{key.name.text}"
    return key.text if isinstance(key, t.Name) else ""


# ── messages ─────────────────────────────────────────────────────────────────


def _unknown_optimizer(name: t.Name) -> Diagnostic:
    return error(
        "unknown-optimizer",
        f"no optimizer is called `{name.text}`",
        name.span,
        hint=instead(name.span, OPTIMIZERS),
    )


def _no_eval(trial: Trial, wanted: str, known: list[str]) -> Diagnostic:
    return error(
        "missing-eval",
        f"nothing says what tuning `{trial.name.text}` is to make better",
        trial.name.span,
        reason="A tuning is judged by an eval of its recipe.",
        hint=did_you_mean(wanted, known) if known else f"declare `eval {wanted} for …`",
    )


def _no_knob(trial: Trial) -> Diagnostic:
    return error(
        "nothing-to-tune",
        f"tuning `{trial.name.text}` may move nothing",
        trial.name.span,
        hint="add `knob STEP.task in rewrite` or `knob partition.max in [2ktok, 4ktok]`",
    )


def _split_form(item: t.Node) -> Diagnostic:
    return error(
        "trial-form",
        "the parts of a split are shares of the examples, together at most 100 %",
        item.span,
        hint="write `split: { train: 40%, dev: 20%, test: 40%, seed: 7 }`",
    )


def _knob_form(item: Item, form: str) -> Diagnostic:
    return error("trial-form", "this knob cannot be read", item.span, hint=f"write `{form}`")


def _unknown_knob(item: Item, path: str, recipe: r.Recipe, known: list[str]) -> Diagnostic:
    tasks = [f"{p}.task" for p in prompts_of(recipe)]
    return error(
        "unknown-knob",
        f"`{path}` cannot be moved",
        item.span,
        reason="Tasks and demonstrations of prompts, settable numbers and models may be tuned.",
        hint=instead(item.key.span, [*tasks, *known], name=path),
    )


def _seeing_knob(item: Item, path: str) -> Diagnostic:
    return error(
        "unknown-knob",
        f"`{path}` cannot be moved: its prompt shows images",
        item.span,
        reason="An optimizer works with text: it would be told of their bytes, and write them into "
        "demonstrations.",
        hint="tune what reads the answers of that prompt, or numbers and models",
    )
