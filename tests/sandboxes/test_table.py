"""The table of tiers is all that is known of them, and it is true."""

from __future__ import annotations

import tomllib
from pathlib import Path
from pkgutil import resolve_name

import pytest

from rlmlang.schema.sandboxes import TIERS, Tier, choices, chosen

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def columns() -> dict[str, list[str]]:
    """The cells of the table in SANDBOXES.md by tier, `what it is` first."""
    lines = (ROOT / "rlmlang" / "SANDBOXES.md").read_text(encoding="utf-8").splitlines()
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in lines if line[:1] == "|"]
    head, _, *body = rows
    return {name.split("`")[1]: [r[n] for r in body] for n, name in enumerate(head) if "`" in name}


def test_the_page_shows_each_tier_as_the_table_has_it() -> None:
    found = columns()
    assert list(found) == list(TIERS)
    for name, (what, where, isolation, *_) in found.items():
        row = TIERS[name]
        assert what == row.what
        assert where.startswith(row.where), name
        assert isolation.startswith(row.isolation), name


@pytest.mark.parametrize("tier", TIERS.values(), ids=lambda t: t.name)
def test_a_row_names_what_there_is(tier: Tier) -> None:
    assert callable(resolve_name(tier.pool))
    assert not tier.guest or resolve_name(tier.guest).sessions > 0
    assert not tier.extra or tier.extra in PROJECT["optional-dependencies"]
    assert tier.name in choices()


def test_a_choice_is_one_or_a_subset_and_then_the_whole_language() -> None:
    names = [*TIERS, "docker"]
    pairs = [(a, b) for a in names for b in names if chosen((a, b))]
    assert pairs == [(a, b) for a in ("monty", "bubblewrap") for b in ("cpython", "wasm", "deno")]
    assert [n for n in names if chosen((n,))] == list(TIERS)
    assert not chosen(()) and not chosen(("monty", "cpython", "wasm"))


def test_a_tier_of_others_is_one_row() -> None:
    theirs = Tier("theirs", "", "", "", "", pool="rlmlang.sandboxes.monty:Workers")

    def find(group: str, name: str) -> object:
        return theirs if (group, name) == ("rlmlang.sandboxes", "theirs") else None

    assert chosen(("monty", "theirs"), find) == (TIERS["monty"], theirs)
    assert not chosen(("theirs", "monty"), find)
    assert not chosen(("monty", "theirs"))
