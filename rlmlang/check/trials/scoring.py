"""`dataset`, `metric` and `eval`: labelled examples, how answers are scored, what must hold."""

from __future__ import annotations

from rlmlang.check.module import Module
from rlmlang.check.resolve import code_of, limits_in
from rlmlang.check.settings import Settings, settings_of, value_of
from rlmlang.check.trials.tests import form, means
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.suggest import instead
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.ir.expressions import Code
from rlmlang.ir.types import fits
from rlmlang.metrics import METRICS
from rlmlang.schema.calls import WEIGHT
from rlmlang.schema.settings import OF_FILES
from rlmlang.syntax import tree as t
from rlmlang.syntax.trials import Expect, Score, Trial


def dataset_of(module: Module, name: str) -> s.Dataset | None:
    """The dataset of that name."""
    found = module.find(name)
    if found is None or not isinstance(found[1], t.Settings) or found[1].word != "dataset":
        return None
    return _dataset(found[0], found[1])


def _dataset(module: Module, decl: t.Settings) -> s.Dataset:
    block = Settings(module, decl.block, "dataset")
    path, column = block.find("path", str), block.find("want", t.Name)
    bind = _columns(module, block.find("bind", t.Block))
    want = column.text if column is not None else ""
    if path is None:
        module.report(_incomplete(decl, 'path: "data/dev.jsonl"'))
    if not want:
        module.report(_incomplete(decl, "want: the column of the label"))
    options = tuple((a.name, block.values[a.name]) for a in OF_FILES if a.name in block.values)
    sha256, base = block.find("sha256", str) or "", module.source.path
    return s.Dataset(decl.name.text, path or "", sha256, bind, want, base, options)


def _columns(module: Module, written: t.Block | None) -> tuple[tuple[str, str], ...]:
    """Parameters and the columns that fill them."""
    found = []
    for entry in written.entries if written is not None else ():
        if isinstance(entry, t.Setting) and isinstance(entry.value, t.Name | t.Text):
            column = entry.value
            name = column.text if isinstance(column, t.Name) else column.value
            found.append((entry.key.text, name))
        else:
            module.report(form(entry, "parameter: column"))
    return tuple(found)


def eval_of(module: Module, trial: Trial, recipe: r.Recipe) -> s.Eval | None:
    """A checked eval; None when it has no dataset to go over."""
    own = settings_of(module, trial)
    over = _over(module, trial, own.find("over", t.Name), recipe)
    written = [i for i in trial.items if isinstance(i, Score)]
    scores = tuple(x for i in written for x in _score(module, i, recipe))
    if not any(x.weight for x in scores):
        module.report(_no_score(trial))
    names = [*(x.metric.name for x in scores), "score", "failed"]
    require = tuple(means(module, i, names) for i in trial.items if isinstance(i, Expect))
    most, spend = own.find("limit", int), limits_in(own.find("budget", Settings))
    if over is None:
        return None
    return s.Eval(
        trial.name.text,
        recipe.name,
        over,
        scores,
        require,
        most,
        spend,
        trial.span.line,
        recipe.path,
        module.source.path,
    )


def _over(module: Module, trial: Trial, name: t.Name | None, recipe: r.Recipe) -> s.Dataset | None:
    if name is None:
        module.report(_no_dataset(trial))
        return None
    found = dataset_of(module, name.text)
    if found is None:
        known = list(module.known(t.Settings))
        module.report(_unknown_dataset(name, known))
        return None
    params = [p.name for p in recipe.params]
    for bound, _ in found.bind:
        if bound not in params:
            module.report(_unbound(name, found, bound, params))
    return found


def _score(module: Module, item: Score, recipe: r.Recipe) -> list[s.Score]:
    weight = value_of(module, WEIGHT, item.weight)
    amount = float(weight) if isinstance(weight, int | float) else 1.0
    metric = _metric(module, item.metric, recipe)
    return [s.Score(metric, amount)] if metric is not None else []


def _metric(module: Module, name: t.Name, recipe: r.Recipe) -> s.Metric | None:
    found = module.find(name.text)
    if found is not None and isinstance(found[1], t.Code) and found[1].word == "metric":
        code = code_of(found[0], found[1])
        if len(code.params) != 2 or not fits(recipe.result, code.params[0].type):
            module.report(_metric_type(name, recipe, code))
        return s.Metric(name.text, code)
    ours = METRICS.find(name.text, module.library.plugins.find)
    if ours is None:
        installed = module.library.plugins.names(METRICS.group)
        module.report(_unknown_metric(name, [*METRICS, *installed, *module.known(t.Code)]))
        return None
    if ours.limit and getattr(recipe.budget, ours.limit) is None:
        module.report(_no_limit(name, ours.limit))
    return s.Metric(name.text)


# ── messages ─────────────────────────────────────────────────────────────────


def _incomplete(decl: t.Settings, form: str) -> Diagnostic:
    return error(
        "incomplete-dataset",
        f"dataset `{decl.name.text}` is not complete",
        decl.name.span,
        hint=f"add `{form}`",
    )


def _no_dataset(trial: Trial) -> Diagnostic:
    return error(
        "missing-dataset",
        f"eval `{trial.name.text}` has no dataset",
        trial.name.span,
        hint="add `over: NAME` of a dataset",
    )


def _unknown_dataset(name: t.Name, known: list[str]) -> Diagnostic:
    return error(
        "unknown-dataset",
        f"no dataset is called `{name.text}`",
        name.span,
        hint=instead(name.span, known),
    )


def _unbound(name: t.Name, found: s.Dataset, param: str, known: list[str]) -> Diagnostic:
    return error(
        "unknown-name",
        f"dataset `{found.name}` binds `{param}`, which is no parameter of the recipe",
        name.span,
        hint=instead(name.span, known, name=param),
    )


def _no_score(trial: Trial) -> Diagnostic:
    return error(
        "nothing-expected",
        f"eval `{trial.name.text}` scores nothing",
        trial.name.span,
        hint="add `score exact weight 1`",
    )


def _no_limit(name: t.Name, what: str) -> Diagnostic:
    return error(
        "unscaled-cost",
        f"the recipe's budget has no `{what}`",
        name.span,
        reason="A cost is scored as the part of the budget that was left.",
        hint=f"add `{what} <= …` to the recipe's budget",
    )


def _metric_type(name: t.Name, recipe: r.Recipe, code: Code) -> Diagnostic:
    takes = ", ".join(f"{p.name}: {p.type}" for p in code.params)
    return error(
        "wrong-type",
        f"metric `{name.text}` takes ({takes}), where `{recipe.name}` gives {recipe.result}",
        name.span,
        hint=f"metric {name.text}(got: {recipe.result}, want: Text) -> Float from …",
    )


def _unknown_metric(name: t.Name, known: list[str]) -> Diagnostic:
    return error(
        "unknown-metric",
        f"no metric is called `{name.text}`",
        name.span,
        hint=instead(name.span, known),
    )
