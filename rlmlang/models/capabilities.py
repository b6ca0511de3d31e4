"""What models take, and how much room they need: the dated table of models that DSPy brings along,
read as data. Nothing here imports DSPy, so that a plan may ask."""

from __future__ import annotations

import functools
import gzip
import importlib.util
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path("clients") / "model_metadata" / "snapshot.json.gz"
RULES, INFO, MAKERS = "fallback_generalizations", "model_info", "fill_missing_for_providers"
ROOM = 16_000
"""The least tok that a model which thinks before it answers is allowed, thinking included. It is
what DSPy demands for such models; a smaller limit is used up before the first word of an answer."""


@dataclass(frozen=True)
class Capabilities:
    """`limit_field` is what the limit of an answer is called; `temperature` whether one may be
    given; `room` the least tok that must be allowed for an answer."""

    limit_field: str = "max_tokens"
    temperature: bool = True
    room: int = 0


@functools.cache
def capabilities(name: str) -> Capabilities:
    """What a model takes, by its name, whatever providers stand before it."""
    name = name.lower()
    entry, rules = _entry(name), _rules(name)
    facts = {k: v for found in (*rules, entry) for k, v in {**found, **found.get(INFO, {})}.items()}
    thinks = bool(facts.get("supports_reasoning"))
    makers = {entry.get("litellm_provider"), *(p for r in rules for p in r.get(MAKERS) or ())}
    if thinks and "openai" in makers:
        return Capabilities("max_completion_tokens", False, ROOM)
    asked_to = "claude" in name and not facts.get("thinking_always_on")
    room = ROOM if thinks and not asked_to else 0  # Claude thinks when it is asked to, not before
    return Capabilities(temperature=facts.get("supports_sampling_params") is not False, room=room)


def _entry(name: str) -> Mapping[str, Any]:
    """What the table says of a model: by itself, then without its provider, then as it is named."""
    table = _table()
    names = (name.rsplit("/", 1)[-1], name.split("/", 1)[-1], name)
    entries = [table[n] for n in names if n in table and n != RULES]
    return {k: v for entry in entries for k, v in entry.items() if v is not None}


def _rules(name: str) -> list[Mapping[str, Any]]:
    """The rules about families of names that a name falls under."""
    names = (name, name.rsplit("/", 1)[-1])
    rules: list[Mapping[str, Any]] = _table().get(RULES, {}).get("rules", [])
    return [r for r in rules if any(re.search(r["pattern"], n) for n in names)]


@functools.cache
def _table() -> dict[str, Any]:
    """The table, or nothing where DSPy has none."""
    spec = importlib.util.find_spec("dspy")
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    path = next((Path(p) / TABLE for p in places if (Path(p) / TABLE).is_file()), None)
    if path is None:
        return {}
    table: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return table
