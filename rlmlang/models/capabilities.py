"""What models take, and how much room they need: the dated table of models that DSPy brings along,
read as data, and the rows of `capabilities.toml`, which hold what differs. Nothing here imports
DSPy, so that a plan may ask."""

from __future__ import annotations

import functools
import gzip
import importlib.util
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlmlang import resources
from rlmlang.ir.models import Takes
from rlmlang.schema.capabilities import TIERS
from rlmlang.schema.image_rules import NONE

TABLE = Path("clients") / "model_metadata" / "snapshot.json.gz"
RULES, INFO, MAKERS = "fallback_generalizations", "model_info", "fill_missing_for_providers"
ROOM = 16_000
"""The least tok that a model which thinks before it answers is allowed, thinking included. It is
what DSPy demands for such models; a smaller limit is used up before the first word of an answer."""
Facts = Mapping[str, Any]
"""What a table says of a model, or a row of settings of it."""
Found = dict[str, Any]


@functools.cache
def capabilities(name: str, local: bool = False) -> Takes:
    """What a model takes, by its name, whatever providers stand before it; `local` where a server
    of this machine or network answers."""
    name, rows = name.lower(), _rows()
    found = {**rows["usual"], **_by_dspy(name)}
    if local:
        found |= rows["local"]
    for row in rows["rows"]:
        if re.search(row["names"], name):
            found |= {k: v for k, v in row.items() if k not in ("names", *_kept(name, row))}
    return Takes(**found)


def with_changes(takes: Takes, changes: Facts) -> Takes:
    """The same with what a project or a recipe says of it."""
    known = {k: tuple(v) if isinstance(v, list) else v for k, v in changes.items()}
    changed: Takes = replace(takes, **Found(known))
    return changed


def rows_from() -> str:
    """The date of our own rows."""
    return str(_rows()["date"])


def known() -> list[str]:
    """The names of models that DSPy's table has."""
    return [n for n in _table() if n != RULES]


def _kept(name: str, row: Facts) -> tuple[str, ...]:
    """What a row for names in general does not say of a model that DSPy's table knows."""
    known = _by_dspy(name)
    thinks = ("thinking",) if "thinking" in row and known.get("thinking") else ()
    return (*thinks, "images") if known.get("images") == NONE else thinks


def _by_dspy(name: str) -> Found:
    """What DSPy's table says, in our words."""
    entry, rules = _entry(name), _rules(name)
    facts = {k: v for found in (*rules, entry) for k, v in {**found, **found.get(INFO, {})}.items()}
    thinks = bool(facts.get("supports_reasoning"))
    makers = {entry.get("litellm_provider"), *(p for r in rules for p in r.get(MAKERS) or ())}
    found: Found = _priced(entry)
    if entry and not facts.get("supports_vision"):
        found["images"] = NONE
    if facts.get("supports_response_schema"):
        found["structured"] = "json_schema"
    if thinks and "openai" in makers:
        return {
            **found,
            "limit_field": "max_completion_tokens",
            "temperature": False,
            "thinking": ROOM,
        }
    asked_to = "claude" in name and not facts.get("thinking_always_on")
    if thinks and not asked_to:  # Claude thinks when it is asked to, not before
        found["thinking"] = ROOM
    if facts.get("supports_sampling_params") is False:
        found["temperature"] = False
    return found


def _priced(entry: Facts) -> Found:
    """The tiers and batches that have a price of their own."""
    prices = [k for k in entry if k.startswith("input_cost_per_token_")]
    tiers = tuple(t for t in TIERS if any(k.endswith(t) for k in prices))
    batch = {"batch": True} if any(k.endswith("_batches") for k in prices) else {}
    return {"tiers": tiers, **batch} if tiers else dict(batch)


def tier_shares(name: str, tier: str) -> tuple[float, float] | None:
    """What a tier of a model's service costs, in and out, as shares of its usual price; None where
    the table has no price of it."""
    entry, shares = _entry(name.lower()), list[float]()
    for side in ("input", "output"):
        usual, there = (entry.get(f"{side}_cost_per_token{end}") for end in ("", f"_{tier}"))
        if not usual or there is None:
            return None
        shares.append(float(there) / float(usual))
    return shares[0], shares[1]


def _entry(name: str) -> Facts:
    """What the table says of a model: by itself, then without its provider, then as it is named."""
    table = _table()
    names = (name.rsplit("/", 1)[-1], name.split("/", 1)[-1], name)
    entries = [table[n] for n in names if n in table and n != RULES]
    return {k: v for entry in entries for k, v in entry.items() if v is not None}


def _rules(name: str) -> list[Facts]:
    """The rules about families of names that a name falls under."""
    names = (name, name.rsplit("/", 1)[-1])
    rules: list[Facts] = _table().get(RULES, {}).get("rules", [])
    return [r for r in rules if any(re.search(r["pattern"], n) for n in names)]


@functools.cache
def _rows() -> Found:
    return tomllib.loads(resources.package_text("capabilities.toml"))


@functools.cache
def _table() -> Found:
    """The table, or nothing where DSPy has none."""
    spec = importlib.util.find_spec("dspy")
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    path = next((Path(p) / TABLE for p in places if (Path(p) / TABLE).is_file()), None)
    if path is None:
        return {}
    table: Found = json.loads(gzip.decompress(path.read_bytes()))
    return table
