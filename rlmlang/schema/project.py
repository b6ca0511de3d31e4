"""What `rlm.toml` may say: one table, read by its reader and by whatever explains it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from rlmlang.value import Frozen, value

ROLE, MODEL = "ROLE", "MODEL"  # in a path: any name of a role, any name of a model
FREE = {ROLE: re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), MODEL: re.compile(r"\S([^\n\r\t]*\S)?")}
HTTP = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
MOST = 1e9  # of any number that is a price or a pace


@value
class Setting(Frozen):
    """A setting: its path in the file, what kind of value it takes and in which unit, one line of
    documentation, a value to show, and the names that other tools have for it.

    `guarded` ones decide where prompts, keys or code go: they hold only in a file that the user
    trusts. A `needed` one may not be left out of its table.
    """

    path: tuple[str, ...]
    kind: str
    words: str
    example: str
    unit: str = ""
    guarded: bool = False
    needed: bool = False
    also: tuple[str, ...] = ()


SETTINGS = (
    Setting(("models", "default"), "model", "the model of every role that the recipe leaves open",
            '"openai/gpt-5-mini"'),
    Setting(("models", "api_base"), "url", "the OpenAI-compatible endpoint of all models",
            '"http://localhost:8000/v1"', guarded=True,
            also=("base_url", "endpoint", "openai_api_base")),
    Setting(("models", "api_key_env"), "variable", "the variable that holds the endpoint's key",
            '"MY_SERVER_KEY"', guarded=True, also=("api_key", "apikey", "env_key")),
    Setting(("models", ROLE), "model", "the model of one role", '"openai/gpt-5-mini"'),
    Setting(("prices", MODEL, "input"), "amount", "the price of what is sent", "0.25",
            "dollars per million tok", needed=True),
    Setting(("prices", MODEL, "output"), "amount", "the price of what is written", "2.00",
            "dollars per million tok", needed=True),
    Setting(("limits", MODEL, "parallel"), "count", "the calls at a time", "8", "calls"),
    Setting(("limits", MODEL, "requests_per_minute"), "pace", "what the provider allows", "500",
            "requests a minute"),
    Setting(("limits", MODEL, "tokens_per_minute"), "pace", "what the provider allows", "200_000",
            "tok a minute"),
    Setting(("tokenizers", MODEL), "file", "the model's `tokenizer.json`, from this file's folder",
            '"gemma3/tokenizer.json"', guarded=True),
    Setting(("sandbox", "tiers"), "names", "where code that models write runs",
            '["monty", "cpython"]', guarded=True),
)  # fmt: skip


def _number(found: Any) -> bool:
    plain = isinstance(found, int | float) and not isinstance(found, bool)
    return plain and abs(found) <= MOST and isfinite(found)


KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "model": ("a model's name, as text",
              lambda v: isinstance(v, str) and bool(FREE[MODEL].fullmatch(v))
              and "://" not in v),
    "url": ("a URL that begins with http:// or https://",
            lambda v: isinstance(v, str) and bool(HTTP.fullmatch(v))),
    "file": ("the path of a file, as text", lambda v: isinstance(v, str) and bool(v.strip())),
    "variable": ("the name of a variable of the environment, never the key itself",
                 lambda v: isinstance(v, str) and bool(VARIABLE.fullmatch(v))),
    "amount": ("a number, 0 or more", lambda v: _number(v) and v >= 0),
    "pace": ("a number above 0", lambda v: _number(v) and v > 0),
    "count": ("a whole number, 1 or more",
              lambda v: _number(v) and isinstance(v, int) and v >= 1),
    "names": ("a list of names",
              lambda v: isinstance(v, list) and all(isinstance(x, str) for x in v)),
}  # fmt: skip


def setting_at(pattern: tuple[str, ...]) -> Setting | None:
    """The setting of a path of the table."""
    return next((s for s in SETTINGS if s.path == pattern), None)
