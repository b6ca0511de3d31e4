"""Votes: equal requests of a step, where the model is asked at a temperature."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from rlmlang.ir.calls import CallId
from rlmlang.models.engines.draws import Draws
from tests.conftest import Rlm
from tests.servers import chat_server, completion

RECIPE = """rlm 1

model reader {{ temperature: {temperature} }}

prompt say({param}) -> Text max 40tok {{
  model: reader
  task: "Say a word."
}}

recipe go(question: Text max 60tok) -> [Text] {{
  budget {{ calls <= 40 }}

  let seats = {seats}

  return map seats with say()
}}
"""
EQUAL = {"param": "page: Text max 60tok", "seats": "[question, question, question]"}
RUN = ("run", "go.rlm", "--set", "question=Who?", "--model", "my/model", "--json", "--api-base")


def play(folder: Path, rlm: Rlm, said: Any, *more: str, **about: str) -> tuple[list[str], int]:
    """The answers of a run, and how many requests the server had."""
    (folder / "go.rlm").write_text(RECIPE.format(**about))
    with chat_server(lambda body: completion(f"[[ ## result ## ]]\nw{next(said)}")) as server:
        done = rlm(*RUN, server.base, *more)
    return json.loads(done.out)["result"], len(server.requests)


def test_votes_at_a_temperature_are_asked_one_by_one(folder: Path, rlm: Rlm) -> None:
    said = count()
    votes, asked = play(folder, rlm, said, temperature="0.9", **EQUAL)
    assert (sorted(votes), asked) == (["w0", "w1", "w2"], 3)


def test_at_no_temperature_one_answer_serves_all(folder: Path, rlm: Rlm) -> None:
    votes, asked = play(folder, rlm, count(), temperature="0", **EQUAL)
    assert (votes, asked) == (["w0"] * 3, 1)


def test_kept_votes_are_kept(folder: Path, rlm: Rlm) -> None:
    (folder / "go.rlm").write_text(RECIPE.format(temperature="0.9", **EQUAL))
    said = count()
    with chat_server(lambda body: completion(f"[[ ## result ## ]]\nw{next(said)}")) as server:
        first = json.loads(rlm(*RUN, server.base).out)["result"]
        again = json.loads(rlm(*RUN, server.base).out)["result"]
        longer = EQUAL["seats"].replace("[", '["What?", ')
        (folder / "go.rlm").write_text(
            RECIPE.format(temperature="0.9", param=EQUAL["param"], seats=longer)
        )
        more = json.loads(rlm(*RUN, server.base).out)["result"]
    assert again == first
    assert len(server.requests) == 4
    assert more[1:] == first


@pytest.mark.parametrize("place", ["[{}]", "[{}].turn 0", "[{}].child 1.turn 0"])
def test_draws_are_numbered_in_order(place: str) -> None:
    draws = Draws()
    found = [draws.of(CallId("s", place.format(n)), b"k") for n in range(3)]
    assert found[0] == ""
    assert len(set(found)) == 3
    assert [draws.of(CallId("s", place.format(n), 1), b"other") for n in range(3)] == found
    assert draws.of(CallId("s", place.format(7)), b"new") == ""


def test_a_step_that_is_a_session_draws_for_each_of_its_calls() -> None:
    draws = Draws()
    places = (".turn 0", ".query 1", ".query 2", ".child 1.turn 0", ".last")
    found = [draws.of(CallId("s", place), b"q") for place in places]
    assert found[:2] == ["", ".1"]
    assert len({(p.rpartition(".")[0], f) for p, f in zip(places, found, strict=True)}) == 5
