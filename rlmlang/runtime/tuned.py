"""`NAME.tuned.json`: what a tuning found, read beside its recipe and used while the two match."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, failed, warning
from rlmlang.ir import recipe as r
from rlmlang.ir.predictors import prompts_of
from rlmlang.plan.serialize import hash_of
from rlmlang.runtime.files import write_whole

FORMAT = 1
SUFFIX = ".tuned.json"
Values: TypeAlias = Mapping[str, Any]
"""A file of tunings, or a part of it, as it is read."""


@dataclass(frozen=True)
class Tuning:
    """A tuning's result: by predictor what was found, numbers that are set, models by name; the
    hashes of the recipe and of each prompt that it was found for; all else as it was written."""

    prompts: Mapping[str, r.Tuned] = field(default_factory=dict)
    sets: Mapping[str, str] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    source: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)
    about: Values = field(default_factory=dict)

    @property
    def words(self) -> str:
        """What is said of a tuning that is used."""
        if "score" not in self.about:
            return ""
        before, after = (self.about["score"][k]["mean"] for k in ("before", "after"))
        return f"tuned by {self.about['tune']}: {before:.3f} → {after:.3f} on held-out examples"


def path_of(recipe_path: str, name: str) -> Path:
    """Where the tuning of a recipe lies."""
    return Path(recipe_path).parent / f"{name}{SUFFIX}"


def source_hash(recipe: r.Recipe) -> str:
    """What a tuning is for: all of the recipe but its budget and where its sources lie."""
    return hash_of(replace(recipe, budget=r.Budget(), sources=()))


def prompt_hashes(recipe: r.Recipe) -> dict[str, str]:
    """The hash of each predictor's prompt."""
    return {name: hash_of(prompt) for name, prompt in prompts_of(recipe).items()}


def tuning_for(recipe: r.Recipe, path: str) -> tuple[Tuning | None, Diagnostic | None]:
    """The tuning to use for a recipe, or a warning that says why the one there is not used.

    Raises CodedError (tuned-unreadable).
    """
    file = path_of(path, recipe.name)
    if path.startswith("std/") or not file.is_file():
        return None, None
    found = read_tuning(file)
    if found.source == source_hash(recipe):
        return found, None
    return None, _stale(file, recipe, found)


def read_tuning(file: Path) -> Tuning:
    """A tuning's file. Raises CodedError (tuned-unreadable)."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise _unreadable(file, f"its format is {values['format']}, this rlm reads {FORMAT}")
        prompts = {k: _tuned(v) for k, v in values["prompts"].items()}
        knobs = values.get("knobs", {})
        sets = {k: str(v) for k, v in knobs.get("numbers", {}).items()}
        models = tuple(f"{k}={v}" for k, v in knobs.get("models", {}).items())
        hashes = {k: str(v["was"]) for k, v in values["prompts"].items()}
        return Tuning(prompts, sets, models, str(values["source"]), hashes, values)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as mistake:
        raise _unreadable(file, f"{type(mistake).__name__}: {mistake}") from None


def _tuned(values: Values) -> r.Tuned:
    demos = tuple(tuple((str(k), v) for k, v in demo.items()) for demo in values.get("demos", []))
    return r.Tuned(str(values.get("task", "")), demos)


def found_by_hand(recipe: r.Recipe, found: Mapping[str, r.Tuned]) -> dict[str, Any]:
    """The contents of a tuning's file for what was found outside of a `tune`."""
    return {
        "format": FORMAT,
        "recipe": recipe.name,
        "source": source_hash(recipe),
        "prompts": prompts_found(recipe, found),
    }


def prompts_found(recipe: r.Recipe, found: Mapping[str, r.Tuned]) -> dict[str, Any]:
    """What was found for each predictor, with the hash of the prompt that it was found for."""
    hashes = prompt_hashes(recipe)
    return {
        name: {
            "was": _hash_of(hashes, name) or "",
            "task": tuned.task,
            "demos": [dict(d) for d in tuned.demos],
        }
        for name, tuned in sorted(found.items())
    }


def _hash_of(hashes: Mapping[str, str], name: str) -> str | None:
    """The hash of a predictor's prompt; those of a module stand below the name of its step."""
    while name not in hashes and "." in name:
        name = name.rpartition(".")[0]
    return hashes.get(name)


def write_tuning(file: Path, values: Values) -> None:
    """Writes a tuning's file in one step. Raises CodedError (file-unwritable)."""
    write_whole(file, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def _stale(file: Path, recipe: r.Recipe, found: Tuning) -> Diagnostic:
    now = prompt_hashes(recipe)
    by_name = {n: _hash_of(now, n) for n in found.hashes}
    changed = [
        f"the prompt of `{n}`" for n, was in found.hashes.items() if by_name[n] not in (None, was)
    ]
    gone = [f"`{n}` is gone" for n, hash_ in by_name.items() if hash_ is None]
    what = ", ".join([*changed, *gone]) or "a step, a type or a model"
    return warning(
        "tuned-stale",
        f"{file.name} is not used: it was made for another version of `{recipe.name}`",
        None,
        reason=f"What changed since: {what}.",
        hint="tune again: rlm tune, or remove the file; --untuned leaves it aside",
    )


def _unreadable(file: Path, words: str) -> CodedError:
    return failed(
        "tuned-unreadable",
        f"{file} cannot be read: {words}",
        hint="tune again, remove the file, or say --untuned",
    )
