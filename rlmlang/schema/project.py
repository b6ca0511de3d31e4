"""What `rlm.toml` may say: one table, read by its reader and by whatever explains it."""

from __future__ import annotations

import re

from rlmlang.schema.capabilities import TAKES
from rlmlang.schema.provider_batches import ENGINE, PACE
from rlmlang.schema.setting import MODEL as MODEL_NAME
from rlmlang.schema.setting import MOMENT, Setting
from rlmlang.schema.setting import PACKAGE as PACKAGE_NAME
from rlmlang.value import value

NAME, MODEL = "NAME", "MODEL"  # in a path: a model of the recipe, a real one
PROFILE = "PROFILE"  # in a path: a profile of the file
PACKAGE = "PACKAGE"  # a package's name, with `@MAJOR` behind it where two majors are used
FREE = {
    NAME: re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
    MODEL: re.compile(MODEL_NAME),
    PROFILE: re.compile(r"[A-Za-z_][A-Za-z0-9_-]*"),
    PACKAGE: re.compile(rf"{PACKAGE_NAME}(@[0-9]+(\.[0-9]+)?)?"),
}
FORMS = {
    NAME: "a name has letters, digits and _: `reader`",
    MODEL: "a model is named as its provider does: `openai/gpt-5-mini`",
    PROFILE: "a profile's name has letters, digits, _ and -: `dev`",
    PACKAGE: "a package's name has small letters, digits, _, - and /: `acme/legal`",
}
"""How a name that the user chooses is written, by its place in a path."""


@value
class ProjectSetting(Setting):
    """A setting of the file: its path in it, and the names that other tools have for it.

    `guarded` ones decide where prompts, keys or code go: they hold only in a file that the user
    trusts. A `required` one may not be left out of its table.
    """

    path: tuple[str, ...] = ()
    guarded: bool = False
    also: tuple[str, ...] = ()


def _at(
    path: str,
    kind: str,
    doc: str,
    example: str,
    *,
    unit: str = "",
    least: float | None = None,
    guarded: bool = False,
    required: bool = False,
    also: tuple[str, ...] = (),
) -> ProjectSetting:
    keys = tuple(path.split("."))
    return ProjectSetting(
        keys[-1],
        kind,
        doc=doc,
        example=example,
        unit=unit,
        least=least,
        required=required,
        path=keys,
        guarded=guarded,
        also=also,
    )


def _written(setting: Setting) -> str:
    """How a setting of a model block is written in TOML."""
    if setting.choices:
        first = f'"{setting.choices[0]}"'
        return f"[{first}]" if setting.kind == "names" else first
    return "false" if setting.kind == "truth" else "4_000"


PRICE = "dollars per million tok"
SETTINGS = (
    _at("models.default", "model", "what fills every model that the recipe leaves open",
        '"openai/gpt-5-mini"'),
    _at("models.api_base", "url", "the OpenAI-compatible endpoint of all models",
        '"http://localhost:8000/v1"', guarded=True,
        also=("base_url", "endpoint", "openai_api_base")),
    _at("models.api_key_env", "variable", "the variable that holds the endpoint's key",
        '"MY_SERVER_KEY"', guarded=True, also=("api_key", "apikey", "env_key")),
    ProjectSetting("engine", "choice", doc=ENGINE.doc, choices=ENGINE.choices,
                   example='"batch"', path=("models", "engine")),
    _at("models.NAME", "model", "what fills one model of the recipe", '"openai/gpt-5-mini"'),
    _at("prices.MODEL.input", "number", "the price of what is sent", "0.25", unit=PRICE, least=0,
        required=True),
    _at("prices.MODEL.output", "number", "the price of what is written", "2.00", unit=PRICE,
        least=0, required=True),
    _at("prices.MODEL.batch", "number", "what a call in a batch of the provider's costs of these "
        "prices", "0.5", unit="shares of 1", least=0),
    *(ProjectSetting(s.name, s.kind, doc=s.doc, choices=s.choices, least=s.least,
                     example=_written(s), path=("takes", MODEL, s.name)) for s in TAKES),
    _at("limits.MODEL.parallel", "count", "the calls at a time", "8", unit="calls", least=1),
    _at("limits.MODEL.requests_per_minute", "number", "what the provider allows", "500",
        unit="requests a minute", least=MOMENT),
    _at("limits.MODEL.tokens_per_minute", "number", "what the provider allows", "200_000",
        unit="tok a minute", least=MOMENT),
    *(ProjectSetting(s.name, s.kind, doc=s.doc, least=s.least, unit=s.unit, example=s.example,
                     path=("batches", s.name)) for s in PACE),
    _at("tokenizers.MODEL", "path", "the model's `tokenizer.json`, from this file's folder",
        '"gemma3/tokenizer.json"', guarded=True),
    _at("sandbox.tiers", "names", "where code that models write runs", '["monty", "cpython"]',
        guarded=True),
    _at("store.path", "path", "the file that keeps runs, from this file's folder",
        '"/srv/team/store.db"', guarded=True),
    _at("mcp.NAME.command", "command", "what begins an MCP server, whose tools a recipe may name: "
        "`tools: [NAME.tool]`", '["npx", "some-server"]', guarded=True),
    _at("mcp.NAME.url", "url", "where an MCP server is reached that runs already",
        '"https://tools.example.org/mcp"', guarded=True),
    _at("mcp.NAME.key_env", "variable", "the variable that holds the key of that URL",
        '"MY_TOOLS_KEY"', guarded=True),
    _at("mcp.NAME.env", "names", "variables that the command is given, besides HOME, PATH and "
        "the like", '["GITHUB_TOKEN"]', guarded=True),
    _at("mcp.NAME.timeout", "number", "what the server may take to begin, and for each call", "60",
        unit="seconds", least=MOMENT),
    _at("values.NAME", "given", "a parameter's value, for every recipe that has one of that name",
        '"…"'),
    _at("recipe.NAME.NAME", "given", "a parameter's value, for the recipe of that name", '"…"'),
    _at("profile.PROFILE.inherits", "text", "the profile whose settings hold where this one sets "
        "nothing", '"base"'),
    _at("package.name", "package", "what others call this package", '"acme/legal"', required=True),
    _at("package.version", "version", "its version: a first number that grows when a user must "
        "change something", '"3.2.1"', required=True),
    _at("package.edition", "count", "the edition of the language that it is written in", "1",
        least=1),
    _at("package.include", "names", "the files that belong to it: `*` is a part of a name, `**/` "
        "any folders", '["**/*.rlm", "rules.py"]'),
    _at("deps.PACKAGE.path", "path", "its folder, from this file's", '"../shared"'),
    _at("deps.PACKAGE.git", "text", "its repository: a URL that git can fetch",
        '"https://git.acme.eu/legal"'),
    _at("deps.PACKAGE.tag", "text", "the tag of the repository", '"v3.2.0"'),
    _at("deps.PACKAGE.branch", "text", "the branch of the repository", '"main"'),
    _at("deps.PACKAGE.rev", "text", "the commit of the repository", '"4be1f6a"'),
    _at("deps.PACKAGE.subdir", "text", "its folder in the repository", '"recipes"'),
    _at("deps.PACKAGE.python", "versions", "the versions of the installed Python distribution that "
        "has it", '">=1.4,<2"'),
    _at("code.allow", "names", "packages whose Python may run", '["acme/legal"]', guarded=True),
    _at("env.allow", "names", "variables whose text a recipe may read: env(\"TEAM\")", '["TEAM"]',
        guarded=True),
)  # fmt: skip

ALWAYS = ("profile", "package", "deps", "code")
"""Sections that hold whatever the profile: what a package is, and uses, depends on none."""
OF_PROFILE = ("profile", PROFILE)
PROFILED = tuple(dict.fromkeys(s.path[0] for s in SETTINGS if s.path[0] not in ALWAYS))
"""Sections that a profile may have as well, as `[profile.PROFILE.SECTION]`."""
WHOLE = ("mcp",)
"""Sections of which a profile replaces an entry, and not single keys of it."""
SECTIONS = {
    "profile": "settings by a name, in place of the file's own: --profile NAME, or RLM_PROFILE. "
    "It has the sections " + ", ".join(f"[profile.NAME.{s}]" for s in PROFILED) + ". It counts "
    "for more than the recipe, the rest of the file and what a batch sets, and for less than "
    "--set and other options.",
}
"""What a section is for, where its keys do not say it."""


def depth_of(section: str) -> int:
    """How many names stand between a section and its values."""
    most = max(len(s.path) for s in SETTINGS if s.path[0] == section) - 1
    return 1 if section in WHOLE else most


def setting_at(pattern: tuple[str, ...]) -> ProjectSetting | None:
    """The setting of a path of the table."""
    return next((s for s in SETTINGS if s.path == pattern), None)
