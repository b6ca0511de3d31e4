"""The project file `rlm.toml`, the price table and the models that fill a recipe's roles."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlmlang import resources
from rlmlang.catalog.sandboxes import WORDS, chosen
from rlmlang.check.expressions import asks
from rlmlang.check.recipe import Model, Recipe, Repl
from rlmlang.diagnostics.diagnostic import EXIT_USAGE, failed
from rlmlang.plan.bind import BoundModel, Price

DEFAULT_MODEL = "offline/reader"
FILE = "rlm.toml"


Pace = tuple[int | None, float | None, float | None]
PACE = ("parallel", "requests_per_minute", "tokens_per_minute")


@dataclass(frozen=True)
class Project:
    """What a project file says. `default` fills every role that the recipe leaves open; `paces`
    are a model's calls at a time, requests and tokens a minute, None where unknown."""

    default: str = ""
    api_base: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    prices_from: str = ""
    contexts: Mapping[str, int] = field(default_factory=dict)
    paces: Mapping[str, Pace] = field(default_factory=dict)
    sandbox: tuple[str, ...] = ()


def load(folder: Path) -> Project:
    """The nearest `rlm.toml` at or above a folder, over the shipped price table.

    Raises CodedError (bad-project) that names the file and what is wrong in it.
    """
    table = tomllib.loads(resources.package_text("prices.toml"))
    prices = {n: Price(p["input"], p["output"]) for n, p in table["models"].items()}
    contexts = {n: p["context"] for n, p in table["models"].items()}
    path = next((p / FILE for p in [folder, *folder.parents] if (p / FILE).is_file()), None)
    found = _read(path) if path is not None else {}
    models = _section(found, "models", path)
    for name, value in _section(found, "prices", path).items():
        prices[name] = _price(name, value, path)
    paces = {n: _pace(n, v, path) for n, v in _section(found, "limits", path).items()}
    roles = {k: str(v) for k, v in models.items() if k not in ("default", "api_base")}
    return Project(
        str(models.get("default", "")), str(models.get("api_base", "")), roles, prices,
        str(table["date"]), contexts, paces, _sandbox(_section(found, "sandbox", path), path),
    )  # fmt: skip


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as mistake:
        raise failed("bad-project", f"{path}: {mistake}", hint="mend the file, or remove it",
                     exit_code=EXIT_USAGE) from None  # fmt: skip


def _section(found: dict[str, Any], name: str, path: Path | None) -> dict[str, Any]:
    section = found.get(name, {})
    if not isinstance(section, dict):
        raise failed(
            "bad-project", f"{path}: `{name}` is a section: [{name}]", exit_code=EXIT_USAGE
        )
    return section


def _price(name: str, value: Any, path: Path | None) -> Price:
    try:
        return Price(float(value["input"]), float(value["output"]), "rlm.toml")
    except (KeyError, TypeError, ValueError):
        raise failed(
            "bad-project",
            f"{path}: the price of {name} is not two numbers",
            hint=f'"{name}" = {{ input = 0.25, output = 2.00 }}, dollars per million tok',
            exit_code=EXIT_USAGE,
        ) from None


def _pace(name: str, value: Any, path: Path | None) -> Pace:
    known = isinstance(value, dict) and set(value) <= set(PACE)
    if not known or not all(isinstance(v, int | float) and v > 0 for v in value.values()):
        raise failed(
            "bad-project",
            f"{path}: the limits of {name} are not numbers above 0 of {', '.join(PACE)}",
            hint=f'"{name}" = {{ requests_per_minute = 500, tokens_per_minute = 200_000 }}',
            exit_code=EXIT_USAGE,
        )
    parallel = value.get("parallel")
    return (int(parallel) if parallel else None, value.get(PACE[1]), value.get(PACE[2]))


def _sandbox(section: Mapping[str, Any], path: Path | None) -> tuple[str, ...]:
    tiers = section.get("tiers", [])
    if set(section) - {"tiers"} or not isinstance(tiers, list):
        raise failed("bad-project", f"{path}: [sandbox] takes `tiers`, a list",
                     hint='tiers = ["monty", "cpython"]', exit_code=EXIT_USAGE)  # fmt: skip
    return tiers_of(tiers, f"{path}: [sandbox] tiers")


def tiers_of(names: Iterable[Any], where: str) -> tuple[str, ...]:
    """A choice of sandboxes, none where nothing is said. Raises CodedError (unknown-tier)."""
    found = tuple(str(n).strip() for n in names)
    if found and not chosen(found):
        raise failed("unknown-tier", f"{where}: {', '.join(found)} is no choice of sandboxes",
                     hint=WORDS, exit_code=EXIT_USAGE)  # fmt: skip
    return found


def roles_of(recipe: Recipe) -> list[Model]:
    """The roles a recipe uses, each once."""
    found: dict[str, Model] = {}
    for ask in asks(recipe.steps):
        found[ask.prompt.model.name] = ask.prompt.model
        for model in _inside(ask.prompt.repl):
            found[model.name] = model
    return list(found.values())


def _inside(repl: Repl | None) -> list[Model]:
    """The roles that code of a free-form node asks."""
    if repl is None:
        return []
    inside = [a.prompt.model for tool in repl.patterns for a in asks(tool.steps)]
    sub = [repl.sub] if repl.sub is not None else []
    return [*sub, *(p.model for p in repl.prompts), *inside]


def bind_models(
    recipe: Recipe, project: Project, given: Iterable[str], measure: str
) -> dict[str, BoundModel]:
    """The model of each role: the recipe's, then the project's, the environment's, the command's.

    `given` are `NAME` for every role or `ROLE=NAME` for one. Raises CodedError (unknown-role).
    """
    everywhere, single = os.environ.get("RLM_MODEL", ""), dict[str, str]()
    for each in given:
        role, equals, name = each.partition("=")
        if equals:
            single[role] = name
        else:
            everywhere = each
    roles = roles_of(recipe)
    unknown = [n for n in single if n not in [m.name for m in roles]]
    if unknown:
        known = ", ".join(m.name for m in roles if m.name) or "none has a name"
        raise failed("unknown-role", f"the recipe has no model `{unknown[0]}`",
                     hint=f"its models: {known}", exit_code=EXIT_USAGE)  # fmt: skip
    return {m.name: _bound(m, project, single.get(m.name) or everywhere, measure) for m in roles}


def _bound(role: Model, project: Project, given: str, measure: str) -> BoundModel:
    name = given or project.roles.get(role.name) or role.default or project.default or DEFAULT_MODEL
    price = project.prices.get(name) or project.prices.get(f"openai/{name}")
    if role.price is not None and not given:
        price = Price(*role.price, "the recipe")
    if name.startswith("offline/"):
        price = price or Price(0.0, 0.0)
    return BoundModel(role.name, name, price, measure)
