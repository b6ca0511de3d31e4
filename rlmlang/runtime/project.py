"""The project file `rlm.toml`, the price table and the real models that fill a recipe's."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from rlmlang import plugins, resources
from rlmlang.diagnostics.diagnostic import Diagnostic, failed
from rlmlang.diagnostics.suggest import nearest
from rlmlang.ir.binding import BoundModel, Price
from rlmlang.ir.models import Takes
from rlmlang.ir.predictors import HasSteps
from rlmlang.ir.recipe import Model, Recipe, Repl
from rlmlang.ir.walk import predictors
from rlmlang.models.capabilities import capabilities, known, tier_shares, with_changes
from rlmlang.models.offline import NAME
from rlmlang.runtime.profiles import Profile
from rlmlang.runtime.projectfile import ProjectFile, read_file
from rlmlang.runtime.root import FILE, Root
from rlmlang.schema.environment import MODEL, PROFILE
from rlmlang.schema.sandboxes import choices, chosen
from rlmlang.stores.address import StoreAddress, address_of, is_url
from rlmlang.tools.server import TIMEOUT, ServerSettings

Pace = tuple[int | None, float | None, float | None]
PRICE = ("input", "output")
NEAR = 0.8  # how much of two names of models must agree
PACE = ("parallel", "requests_per_minute", "tokens_per_minute")
OF_ALL = ("default", "api_base", "api_key_env", "engine")
BATCH_PACE = (15.0, 15.0)


@dataclass(frozen=True)
class Project:
    """What a project file says. `default` fills every model that the recipe leaves open; `paces`
    are a model's calls at a time, requests and tokens a minute, None where unknown; `takes` is what
    it says that a model takes, where the tables do not know or are wrong. `store` is the file that
    keeps runs, None where it names none. `engine` is how models are asked, `batch_shares` what
    calls in batches cost of a model's price, `batch_pace` the seconds before a batch is sent and
    between looks at it. `file` is the file itself, None where there is none;
    `root` is where it was found."""

    default: str = ""
    api_base: str = ""
    api_key_env: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    prices_from: str = ""
    contexts: Mapping[str, int] = field(default_factory=dict)
    tokenizers: Mapping[str, Path] = field(default_factory=dict)
    paces: Mapping[str, Pace] = field(default_factory=dict)
    takes: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    sandbox: tuple[str, ...] = ()
    servers: Mapping[str, ServerSettings] = field(default_factory=dict)
    store: StoreAddress | None = None
    file: ProjectFile | None = None
    root: Root | None = None
    engine: str = ""
    batch_shares: Mapping[str, float] = field(default_factory=dict)
    batch_pace: tuple[float, float] = BATCH_PACE

    @property
    def profile(self) -> Profile:
        """The profile that is chosen; one without a name where none is."""
        return self.file.profile if self.file is not None else Profile()


def load(root: Root, profile: str | None = "") -> Project:
    """The `rlm.toml` of a root, over the shipped price table, with a profile of it: the one that is
    named, else that of the environment; none for None.

    Raises CodedError (bad-project) that names the file and what is wrong in it, and
    unknown-profile.
    """
    name = "" if profile is None else profile or os.environ.get(PROFILE, "")
    date, shipped, known_contexts = _shipped()
    prices, contexts = dict(shipped), dict(known_contexts)
    if root.file is None:
        _without_file(root, name)
        return Project(prices=prices, prices_from=date, contexts=contexts, root=root)
    file = read_file(root.file).with_profile(name)
    for name, price in file.section("prices").items():
        sent, said = _amounts(price, PRICE)
        prices[name] = Price(sent or 0.0, said or 0.0, FILE)
    models = {n: str(v) for n, v in file.section("models").items()}
    default, base, key, engine = (models.pop(n, "") for n in OF_ALL)
    tiers, store = file.section("sandbox").get("tiers"), file.section("store").get("path")
    return Project(
        default,
        base,
        key,
        models,
        prices,
        date,
        contexts,
        {n: file.path.parent / str(v) for n, v in file.section("tokenizers").items()},
        {n: _pace(v) for n, v in file.section("limits").items()},
        {n: v for n, v in file.section("takes").items() if isinstance(v, dict)},
        tiers_of(tiers if isinstance(tiers, list) else (), f"{file.path}: [sandbox] tiers"),
        {n: _server(n, v, file) for n, v in file.section("mcp").items()},
        _store(str(store), file) if store is not None else None,
        file,
        root,
        engine,
        {n: share for n, v in file.section("prices").items() if (share := _share(v)) is not None},
        _batch_pace(file.section("batches")),
    )


def _share(price: object) -> float | None:
    return _amounts(price, ("batch",))[0]


def _batch_pace(found: Mapping[str, object]) -> tuple[float, float]:
    wait, poll = _amounts(found, ("wait", "poll"))
    return wait or BATCH_PACE[0], poll or BATCH_PACE[1]


@cache
def _shipped() -> tuple[str, Mapping[str, Price], Mapping[str, int]]:
    """The price table that comes along: its date, prices and contexts of models."""
    table = tomllib.loads(resources.package_text("prices.toml"))
    models = table["models"].items()
    prices = {n: Price(p["input"], p["output"]) for n, p in models}
    return str(table["date"]), prices, {n: p["context"] for n, p in models}


def _without_file(root: Root, profile: str) -> None:
    """Raises CodedError (unknown-profile) where a profile is named, and no file could have it."""
    if profile:
        words = f"there is no profile `{profile}`: no {FILE} lies at or above {root.folder}"
        hint = "call it from the project, or leave --profile and RLM_PROFILE out"
        raise failed("unknown-profile", words, hint=hint)


def _store(named: str, file: ProjectFile) -> StoreAddress:
    """A server by its URL, else a file from the folder of the project's."""
    return address_of(named) if is_url(named) else file.path.parent / named


def _server(name: str, found: object, file: ProjectFile) -> ServerSettings:
    """An MCP server, whose settings its reader has looked at. Raises CodedError (bad-project)."""
    said = dict(found) if isinstance(found, dict) else {}
    if bool(said.get("command")) == bool(said.get("url")):
        raise failed(
            "bad-project",
            f"{file.path}: [mcp.{name}] has either a `command` or a `url`",
            hint='command = ["npx", "some-server"], or url = "https://tools.example.org/mcp"',
        )
    return ServerSettings(
        name,
        tuple(said.get("command", ())),
        said.get("url", ""),
        said.get("key_env", ""),
        tuple(said.get("env", ())),
        float(said.get("timeout", TIMEOUT)),
        file.path.parent,
    )


def _pace(found: object) -> Pace:
    calls, requests, tokens = _amounts(found, PACE)
    return None if calls is None else int(calls), requests, tokens


def _amounts(table: object, names: tuple[str, ...]) -> list[float | None]:
    """Numbers of a table, which its reader has looked at; None for those it does not have."""
    found = [table.get(n) if isinstance(table, dict) else None for n in names]
    return [float(x) if isinstance(x, int | float) else None for x in found]


def tiers_of(names: Iterable[object], where: str) -> tuple[str, ...]:
    """A choice of sandboxes, none where nothing is said. Raises CodedError (unknown-tier)."""
    found = tuple(str(n).strip() for n in names)
    if found and not chosen(found, plugins.find):
        raise failed(
            "unknown-tier", f"{where}: {', '.join(found)} is no choice of sandboxes", hint=choices()
        )
    return found


def models_of(recipe: HasSteps) -> list[Model]:
    """The models of a recipe or plan, each once."""
    found: dict[str, Model] = {}
    for _, ask in predictors(recipe.steps):
        found[ask.prompt.model.name] = ask.prompt.model
        for model in _inside(ask.prompt.repl):
            found[model.name] = model
    return list(found.values())


def _inside(repl: Repl | None) -> list[Model]:
    """The models that code of a free-form node asks."""
    if repl is None:
        return []
    inside = [a.prompt.model for tool in repl.patterns for _, a in predictors(tool.steps)]
    sub = [repl.sub] if repl.sub is not None else []
    return [*sub, *repl.others, *(p.model for p in repl.prompts), *inside]


def strays(recipe: Recipe, project: Project) -> Iterator[Diagnostic]:
    """A warning for each model of the project that looks like a slip for one of the recipe's. One
    that does not may be another recipe's."""
    known = [m.name for m in models_of(recipe) if m.name]
    for name in project.models:
        near = nearest(name, known) if name not in known else ""
        if near and near not in project.models:
            yield Diagnostic(
                "undeclared-model",
                f"{FILE} names a model `{name}`, which this recipe does not have",
                hint=f"`{near}` is near: was that meant?",
                softened=True,
            )


def near_name(name: str, project: Project) -> str:
    """The known model whose name is near that of one nobody knows; empty where none is."""
    table = known()
    tail = name.partition("/")[2] or name
    if name in project.prices or any(n in table for n in (name, tail)):
        return ""
    return nearest(name, project.prices, NEAR) or nearest(name, table, NEAR)


def unknown_names(names: Iterable[str], project: Project) -> Iterator[Diagnostic]:
    """A warning for each model of a provider that looks like a slip for a known one."""
    for name in dict.fromkeys(names):
        near = "" if name.startswith("offline/") else near_name(name, project)
        if near:
            yield Diagnostic(
                "no-model",
                f"nobody here knows a model `{name}`",
                hint=f"`{near}` is near: was that meant?",
                softened=True,
            )


def model_and_name(given: str) -> tuple[str, str]:
    """`MODEL=NAME`, or `NAME` for every model. A name may have signs of equality of its own: what
    stands before the first names a model only where it is a word, and `=NAME` is for every one."""
    model, equals, name = given.partition("=")
    return (model, name) if equals and (not model or model.isidentifier()) else ("", given)


def bind_models(
    recipe: HasSteps, project: Project, given: Iterable[str], *, local: bool = False
) -> dict[str, BoundModel]:
    """What fills each model: the recipe's default, the project's, the environment's, the command's.

    `given` are `NAME` for every model or `MODEL=NAME` for one; `local` says that they are asked at
    an endpoint of this machine or network.

    Raises CodedError (undeclared-model).
    """
    everywhere, single = os.environ.get(MODEL, ""), dict[str, str]()
    for model, name in map(model_and_name, given):
        if model:
            single[model] = name
        else:
            everywhere = name
    models = models_of(recipe)
    unknown = [n for n in single if n not in [m.name for m in models]]
    if unknown:
        known = ", ".join(m.name for m in models if m.name) or "none has a name"
        raise failed(
            "undeclared-model",
            f"the recipe has no model `{unknown[0]}`",
            hint=f"its models: {known}; a name with a = in it: --model ={unknown[0]}=…",
        )
    return {
        m.name: bound(m, project, single.get(m.name) or everywhere, local=local) for m in models
    }


def bound(model: Model, project: Project, given: str, *, local: bool = False) -> BoundModel:
    """What fills a model of the recipe: the one that is given, the project's, the recipe's own.
    What it takes is as the tables have it, then as the project says, then as the recipe does."""
    name = given or project.models.get(model.name) or model.default or project.default or NAME
    price = project.prices.get(name) or project.prices.get(f"openai/{name}")
    if model.price is not None and not given:
        price = Price(*model.price, "the recipe")
    if name.startswith("offline/"):
        price = price or Price(0.0, 0.0)
    takes = with_changes(takes_of(name, project, local=local), dict(model.takes))
    found = BoundModel(model.name, name, price, takes)
    return at_tier(found, model.service_tier) if model.service_tier else found


def at_tier(bound: BoundModel, tier: str) -> BoundModel:
    """A model that is asked for at a service tier. Raises CodedError (tier-unpriced) where nobody
    knows what that costs; a model that costs nothing, or whose price nobody knows, is asked as
    usual."""
    usual = bound.price
    if usual is None or not (usual.input or usual.output):
        return bound
    shares = tier_shares(bound.name, tier)
    if shares is None:
        raise failed(
            "tier-unpriced",
            f"nobody knows what the tier {tier} of {bound.name} costs",
            hint="remove `service_tier`, or take a model with it: rlm models",
        )
    sent, written = shares
    price = Price(usual.input * sent, usual.output * written, usual.origin)
    return replace(bound, tier=tier, tier_price=price)


def takes_of(name: str, project: Project, *, local: bool = False) -> Takes:
    """What a real model takes: as the tables have it, then as the project says."""
    return with_changes(capabilities(name, local), project.takes.get(name, {}))
