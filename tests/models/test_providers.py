"""Every model of the price table is asked in a form that its provider takes, whoever asks."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from rlmlang import resources
from tests.conftest import Rlm
from tests.hosts import ANSWER, Hosts, RefusedError, hosts, openai
from tests.servers import Reply, chat_server, completion

NAMES = [n for n in tomllib.loads(resources.package_text("prices.toml"))["models"]
         if not n.startswith("offline/")]  # fmt: skip
THINK = [n for n in NAMES if re.match(r"openai/(gpt-5|o\d)", n)]
RECIPE = """rlm 1

prompt say(page: Text max 2ktok) -> Text max 100tok "Where is the key?"

recipe find(page: Text max 2ktok) -> Text {
  budget {
    calls <= 2
    usd <= 1.00
  }
  return say(page)
}
"""
RUN = ("run", "find.rlm", "--set", "page=The key hangs behind the bell.")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """The providers' hosts."""
    names = {n.split("/", 1)[1] for n in NAMES}
    with hosts(tmp_path_factory.mktemp("tls"), names) as found:
        yield found


@pytest.fixture
def asked(real: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hosts:
    """The same, with nothing asked yet, from a folder with a recipe."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "find.rlm").write_text(RECIPE)
    real.asked.clear()
    real.refused.clear()
    return real


def proxy(body: dict[str, Any]) -> Reply:
    """A server with OpenAI's rules for every name, as a proxy has."""
    try:
        status, found = openai(body, {body["model"]})
    except RefusedError as mistake:
        return mistake.status, {"error": {"message": str(mistake), "param": mistake.param}}
    return status, found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_every_name_reaches_its_provider(asked: Hosts, rlm: Rlm, name: str) -> None:
    done = rlm(*RUN, "--model", name, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["result"] == "behind the bell"
    assert not asked.refused
    assert {host for host, _, _ in asked.asked} == {asked.asked[0][0]}


@pytest.mark.parametrize("name", [*NAMES, "gpt-5-mini", "o3", "azure/gpt-5-mini"])
def test_every_name_passes_through_a_proxy(asked: Hosts, rlm: Rlm, name: str) -> None:
    with chat_server(proxy) as server:
        done = rlm(*RUN, "--model", name, "--api-base", server.base)
    assert (done.code, done.out) == (0, "behind the bell\n"), done.err
    assert len(server.requests) == 1


@pytest.mark.parametrize("base", [(), ("--api-base",)], ids=["provider", "proxy"])
@pytest.mark.parametrize("command", ["ask", "eval", "tune"])
def test_other_commands(asked: Hosts, rlm: Rlm, command: str, base: tuple[str, ...]) -> None:
    Path("rows.jsonl").write_text(
        "".join(
            json.dumps({"page": f"page {i}", "want": "elsewhere" if i % 2 else "here"}) + "\n"
            for i in range(12)
        )
    )
    Path("find.rlm").write_text(RECIPE + TRIALS)
    Path("book.txt").write_text("The key hangs behind the bell.\n")
    commands = {
        "ask": ("ask", "Where?", "--source", "book.txt"),
        "eval": ("eval", "find.rlm"),
        "tune": ("tune", "find.rlm", "--reflection", "openai/o3"),
    }

    with chat_server(proxy) as server:
        where = (*base, server.base) if base else ()
        done = rlm(*commands[command], "--model", "openai/gpt-5-mini", *where)
    requests = server.requests if base else [body for _, _, body in asked.asked]
    assert requests, done.err
    assert not asked.refused
    assert all(b["max_completion_tokens"] >= 16_000 for b in requests)
    assert done.code == 0, done.err
    if command == "tune":
        assert "o3" in {b["model"] for b in requests}


TRIALS = """
dataset rows {
  path: "rows.jsonl"
  want: want
}

eval quality for find {
  over: rows
  score exact weight 1
}

tune quality for find {
  optimizer: gepa
  split: { train: 34%, dev: 33%, test: 33%, seed: 1 }
  trials: 20
  budget {
    usd <= 20.00
  }
  knob say.task in rewrite
}
"""


def test_completion(asked: Hosts) -> None:
    found = rlmlang.completion(
        "Where?", "The key hangs behind the bell.", model="openai/gpt-5", store=None
    )
    assert found.text == "behind the bell"
    assert asked.asked
    assert not asked.refused


def test_a_plan_counts_the_room_that_is_set_aside(asked: Hosts, rlm: Rlm) -> None:
    plan = json.loads(rlm("plan", *RUN[1:], "--model", "openai/gpt-5-mini", "--json").out)
    plain = json.loads(rlm("plan", *RUN[1:], "--model", "openai/gpt-4o", "--json").out)
    worst, usual = (p["totals"]["worst"]["tokens_out"] for p in (plan, plain))
    assert (worst, usual) == (32_000, 448)
    assert rlm(*RUN, "--model", "openai/gpt-5-mini").code == 0
    assert asked.asked[-1][2]["max_completion_tokens"] == 16_000


def test_what_is_declared_above_the_room_is_sent_as_it_is(asked: Hosts, rlm: Rlm) -> None:
    text = (
        Path("find.rlm")
        .read_text()
        .replace('"Where is', '{ task: "Where is')
        .replace('key?"', 'key?" model: big }')
    )
    Path("find.rlm").write_text(
        text.replace("prompt", "model big { output <= 20ktok }\n\nprompt", 1)
    )
    assert rlm(*RUN, "--model", "openai/o3", "--set", "budget.usd=9").code == 0
    assert asked.asked[-1][2]["max_completion_tokens"] == 20_000


UNKNOWN: dict[str, tuple[dict[str, Any], str]] = {
    "limit": ({"max_tokens": "this model takes no max_tokens; send max_completion_tokens"},
              "max_completion_tokens"),
    "limit, by a validator": ({"max_tokens": [{"type": "extra_forbidden",
                                                "loc": ["body", "max_tokens"],
                                                "msg": "Extra inputs are not permitted"}]},
                              "max_completion_tokens"),
    "temperature": ({"temperature": "invalid temperature: only 1 is allowed for this model"},
                    "max_tokens"),
    "both": ({"max_tokens": "Unsupported parameter: 'max_tokens'",
              "temperature": "`temperature` is deprecated for this model."},
             "max_completion_tokens"),
}  # fmt: skip


@pytest.mark.parametrize("kind", UNKNOWN)
def test_an_unknown_server_is_learned_from_once(asked: Hosts, rlm: Rlm, kind: str) -> None:
    rules, field = UNKNOWN[kind]
    Path("many.rlm").write_text("""rlm 1
prompt say(page: Slice) -> Text "Where is the key?"
recipe find(book: Text) -> [Text] {
  let pages = split book by lines(per: 1)
  let notes = map pages with say()
  return notes
}
""")
    Path("book.txt").write_text("".join(f"The key hangs behind bell {n}.\n" for n in range(6)))

    def answer(body: dict[str, Any]) -> Reply:
        bad = next((name for name in rules if name in body), None)
        if bad is not None:
            return 400, {"error": {"message": rules[bad], "param": bad}, "detail": rules[bad]}
        return completion(ANSWER)

    with chat_server(answer) as server:
        done = rlm(
            "run",
            "many.rlm",
            "--source",
            "book=book.txt",
            "--model",
            "my/alias",
            "--api-base",
            server.base,
            "--parallel",
            "1",
            "--json",
        )
    assert done.code == 0, done.err
    assert len(server.requests) == 6 + len(rules)
    assert field in server.requests[-1]
    assert json.loads(done.out)["usage"]["tokens_in"] == 60


def test_a_server_that_takes_no_form_is_given_up(asked: Hosts, rlm: Rlm) -> None:
    def answer(body: dict[str, Any]) -> Reply:
        words = " ".join(f"unsupported parameter {name}" for name in body)
        return 400, {"error": {"message": words}}

    with chat_server(answer) as server:
        done = rlm(*RUN, "--model", "m", "--api-base", server.base, "--set", "budget.calls=90")
    assert "model-refused-request" in done.err
    assert len(server.requests) <= 4


def test_a_name_with_its_prefix_is_tried_where_the_one_without_is_unknown(
    asked: Hosts, rlm: Rlm
) -> None:
    def answer(body: dict[str, Any]) -> Reply:
        if body["model"] != "openai/gpt-oss-20b":
            return 404, {"error": {"message": f"The model `{body['model']}` does not exist."}}
        return completion(ANSWER)

    with chat_server(answer) as server:
        assert rlm(*RUN, "--model", "openai/gpt-oss-20b", "--api-base", server.base).code == 0
    assert [b["model"] for b in server.requests] == ["gpt-oss-20b", "openai/gpt-oss-20b"]
