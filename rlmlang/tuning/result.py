"""What a tuning found as a file for review, as text, and written back into the recipe."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from rlmlang import compiler
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.source import SourceFile
from rlmlang.ir import recipe as r
from rlmlang.ir.predictors import prompts_of
from rlmlang.ir.suite import Tune
from rlmlang.runtime.tuned import FORMAT, Tuning, prompts_found, source_hash
from rlmlang.testing.evals import metric_stamp
from rlmlang.testing.interval import Interval
from rlmlang.tuning.tune import Tuned


def as_values(found: Tuned, recipe: r.Recipe, dataset: str) -> dict[str, Any]:
    """The contents of `NAME.tuned.json`."""
    tune = found.tune
    models = dict(m.split("=", 1) for m in found.tuning.models)
    used = found.usage
    return {
        "format": FORMAT,
        "recipe": recipe.name,
        "tune": tune.name,
        "source": source_hash(recipe),
        "dataset": {"name": tune.eval.over.name, "sha256": dataset},
        "metrics": _metrics(tune),
        "optimizer": tune.optimizer,
        "seed": tune.seed,
        "trials": tune.trials,
        "split": {
            "train": len(found.parts.train),
            "dev": len(found.parts.dev),
            "test": len(found.parts.test),
        },
        "score": _score(found),
        "tried": [{"what": x.words, "dev": round(x.mean, 6)} for x in found.tried],
        "cost": {
            "runs": found.runs,
            "calls": used.calls,
            "tokens": used.tokens,
            "usd": float(used.usd),
        },
        "knobs": {"numbers": dict(found.tuning.sets), "models": models},
        "prompts": prompts_found(recipe, found.tuning.prompts),
    }


def _metrics(tune: Tune) -> dict[str, dict[str, object]]:
    return {
        x.metric.name: {"weight": x.weight, "is": metric_stamp(x.metric)} for x in tune.eval.scores
    }


def _score(found: Tuned) -> dict[str, object]:
    return {
        "before": _interval(found.before),
        "after": _interval(found.after),
        "difference": _interval(found.difference),
        "verdict": found.verdict,
    }


def _interval(x: Interval) -> dict[str, float]:
    return {
        "mean": round(x.mean, 6),
        "low": round(x.low, 6),
        "high": round(x.high, 6),
        "examples": x.count,
    }


def lines_of(values: dict[str, Any]) -> list[str]:
    """A tuning's file in a few lines."""
    score, cost = values["score"], values["cost"]
    before, after, change = (score[k] for k in ("before", "after", "difference"))
    out = [
        f"{values['recipe']}: {score['verdict']}",
        f"  before      {before['mean']:.3f} [{before['low']:.3f}, {before['high']:.3f}]",
        f"  after       {after['mean']:.3f} [{after['low']:.3f}, {after['high']:.3f}]",
        f"  difference  {change['mean']:+.3f} [{change['low']:+.3f}, {change['high']:+.3f}]"
        f" over {change['examples']:,} examples that the optimizer never saw",
        "",
    ]
    out += [f"  {tried['dev']:.3f} on dev  {tried['what']}" for tried in values["tried"]]
    out.append(
        f"  {cost['runs']:,} runs, {cost['calls']:,} calls, {cost['tokens']:,} tok, "
        f"${cost['usd']:,.4f}"
    )
    return out


def differences(values: dict[str, Any], recipe: r.Recipe) -> Iterator[str]:
    """What a tuning changes, as a difference of text."""
    prompts = prompts_of(recipe)
    for group in values["knobs"].values():
        for name, value in group.items():
            yield f"{name} = {value}"
    for name, tuned in values["prompts"].items():
        old = prompts[name].task.splitlines() if name in prompts else []
        new = (tuned["task"] or "\n".join(old)).splitlines()
        yield from difflib.unified_diff(
            old, new, f"{name} (recipe)", f"{name} (tuned)", lineterm=""
        )
        for demo in tuned["demos"]:
            shown = ", ".join(f"{k}: {' '.join(str(v).split())[:60]}" for k, v in demo.items())
            yield f"+ demonstration of {name}: {shown}"


def applied(source: SourceFile, recipe: r.Recipe, tuning: Tuning, only: str) -> str:
    """The recipe's text with tuned tasks written into its prompts, laid out, comments kept.

    Raises CodedError (not-applicable).
    """
    names, text = {n: p.name for n, p in prompts_of(recipe).items()}, source.text
    rewritten = {n: t for n, t in tuning.prompts.items() if t.task}
    found = {n: t for n, t in rewritten.items() if only in ("", n, names.get(n))}
    if not found:
        raise failed(
            "not-applicable",
            "the tuning has no rewritten task to write back",
            hint="demonstrations and numbers stay in its own file",
        )
    for name, tuned in found.items():
        own = names.get(name)
        written = SourceFile(source.path, text)
        changed = compiler.with_task(written, own, tuned.task) if own is not None else None
        if changed is None:
            raise failed(
                "not-applicable",
                f"the task of `{name}` is not written in {source.path}",
                hint="it comes from another file, or is a part of a free-form prompt or a module",
            )
        text = changed
    return compiler.format(SourceFile(source.path, text))[0]
