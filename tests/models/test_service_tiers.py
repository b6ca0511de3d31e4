"""Service tiers: asked for in the request, priced in the plan, paid as they were served."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from dspy.lm15 import Message, Response, TextPart, Usage
from hypothesis import given
from hypothesis import strategies as st

import rlmlang
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.binding import BoundModel, Price
from rlmlang.models.engines.meter import price_at
from rlmlang.models.engines.usage import served_by
from tests.servers import Reply, chat_server, completion

RECIPE = """rlm 1

model reader {
  default: "openai/MODEL"
  service_tier: TIER
}

prompt note(page: Slice) -> Text max 60tok {
  task: "What does the page say?"
  model: reader
}

recipe notes(book: Text) -> [Text] {
  budget {
    usd <= 1.00
  }
  let pages = split book by lines(per: 1, max: 100tok)
  return map pages with note()
}
"""
USUAL = Fraction(10 * 25 + 5 * 200, 100_000_000)  # 10 tok in at $0.25 a million, 5 out at $2.00


def written(folder: Path, tier: str, model: str = "gpt-5-mini") -> str:
    """A recipe that asks at a tier."""
    (folder / "book.txt").write_text("One line.\nAnother line.\n")
    text = RECIPE.replace("TIER", tier).replace("MODEL", model)
    (folder / "notes.rlm").write_text(text if tier else text.replace("  service_tier: \n", ""))
    return str(folder / "notes.rlm")


@pytest.mark.parametrize(
    ("tier", "served", "share"),
    [
        ("flex", "flex", Fraction(1, 2)),
        ("flex", "default", 1),
        ("flex", None, 1),
        ("priority", "priority", Fraction(9, 5)),
        ("priority", "default", 1),
        ("priority", None, Fraction(9, 5)),
        ("priority", ["odd"], 1),
        ("", "default", 1),
    ],
)
def test_what_was_served_is_what_is_paid(
    tier: str, served: object, share: Fraction, folder: Path
) -> None:
    def answer(body: dict[str, object]) -> Reply:
        status, found, *_ = completion("bees")
        return status, {**found, **({"service_tier": served} if served else {})}

    with chat_server(answer) as server:
        outcome = rlmlang.run(
            written(folder, tier),
            sources={"book": folder / "book.txt"},
            api_base=server.base,
            model=None,
        )
    assert outcome.problem is None and outcome.result == ["bees", "bees"]
    assert {body.get("service_tier", "") for body in server.requests} == {tier}
    assert outcome.usage.usd == 2 * USUAL * share


def test_a_plan_expects_the_tier_and_sets_aside_the_dearer(folder: Path) -> None:
    made = {}
    for tier in ("", "flex", "priority"):
        plan = rlmlang.plan_recipe(written(folder, tier), sources={"book": folder / "book.txt"})
        totals = plan.totals
        made[tier] = [c.usd.number for c in (totals.best, totals.expected, totals.worst)]
    best, expected, worst = made[""]
    assert made["flex"] == [best / 2, expected / 2, worst]
    assert made["priority"] == [best, expected * Fraction(9, 5), worst * Fraction(9, 5)]


def test_a_tier_without_a_price_is_refused(folder: Path) -> None:
    with pytest.raises(CodedError) as refused:
        rlmlang.plan_recipe(written(folder, "flex", "gpt-4.1-mini"))
    assert refused.value.diagnostic.code == "tier-unpriced"


@pytest.mark.parametrize(
    ("said", "tier"),
    [
        ({"service_tier": "flex"}, "flex"),
        ({"usage": {"service_tier": "Priority"}}, "priority"),
        ({"usageMetadata": {"serviceTier": "FLEX"}}, "flex"),
        ({"usage": [1], "usageMetadata": "no"}, ""),
        (None, ""),
    ],
)
def test_each_provider_says_it_in_its_place(said: dict[str, object] | None, tier: str) -> None:
    text = Message.assistant([TextPart("bees")])
    response = Response(
        id="x", model="m", message=text, finish_reason="stop", usage=Usage(), provider_data=said
    )
    assert served_by(response) == tier


PRICES = st.builds(Price, st.floats(0, 99), st.floats(0, 99))


@given(PRICES, PRICES, st.sampled_from(["", "flex", "default", "odd"]))
def test_no_tier_costs_more_than_is_set_aside(usual: Price, there: Price, served: str) -> None:
    bound = BoundModel("m", "m", usual, tier="flex", tier_price=there)
    paid, least, most = price_at(bound, served), bound.least_price, bound.most_price
    assert paid is not None and least is not None and most is not None
    assert least.input <= paid.input <= most.input
    assert least.output <= paid.output <= most.output
