"""Profiles of `rlm.toml`: what they set, over what, and who may set it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlmlang.runtime.project import load
from rlmlang.runtime.root import root_at
from tests.conftest import Rlm

PROFILES = """
[models]
default = "a/usual"
reader = "a/reader"

[prices]
"a/usual" = { input = 1, output = 2 }

[limits]
"a/usual" = { parallel = 8, requests_per_minute = 100 }

[values]
row = { a = 1, b = 2 }

[mcp.tickets]
command = ["serve"]

[profile.base]
models.reader = "a/base"
limits."a/usual".parallel = 2
values.row = { a = 3 }

[profile.dev]
inherits = "base"

[profile.dev.models]
default = "a/dev"

[profile.dev.mcp.tickets]
url = "https://tools.example.org/mcp"

[profile.prod.store]
path = "team/runs.db"
"""
PLAN = ("plan", "find.rlm", "--source", "book=book.txt", "--set", "question=where is the key")
RUN = ("run", *PLAN[1:])
BATCH = """rlm 1
recipe said(name: Text, word: Text = "recipe", other: Text = "recipe") -> Text {
  return "{name}: {word}, {other}"
}
batch all for said {
  each name in ["ann", "ben"]
  set word = "batch"
  set other = "batch"
  name: "{name}"
  output: "out/{name}.txt"
}
"""


def test_a_profile_sets_what_it_names_and_leaves_the_rest(book: Path) -> None:
    (book / "rlm.toml").write_text(PROFILES)
    usual, dev = load(root_at(book)), load(root_at(book), "dev")
    assert (usual.default, usual.models["reader"], usual.profile.name) == (
        "a/usual",
        "a/reader",
        "",
    )
    assert (dev.default, dev.models["reader"], dev.profile.name) == ("a/dev", "a/base", "dev")
    assert (usual.paces["a/usual"], dev.paces["a/usual"]) == ((8, 100, None), (2, 100, None))
    assert dev.prices["a/usual"].output == 2, "of the file's own sections"
    assert dev.file is not None and dev.file.section("values")["row"] == {"a": 3}, "a whole value"
    assert (dev.servers["tickets"].url, dev.servers["tickets"].command) == (
        "https://tools.example.org/mcp",
        (),
    )
    assert load(root_at(book), "prod").store == book.resolve() / "team" / "runs.db"
    assert usual.store is None


def test_the_environment_chooses_where_the_command_does_not(
    book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    (book / "rlm.toml").write_text(PROFILES)
    monkeypatch.setenv("RLM_PROFILE", "dev")
    assert load(root_at(book)).default == "a/dev"
    assert load(root_at(book), "base").default == "a/usual"
    assert load(root_at(book), None).profile.name == ""
    assert "models: a/dev" in rlm(*PLAN).out
    assert "models: a/usual" in rlm(*PLAN, "--profile", "prod").out


def test_plan_and_doctor_say_what_a_profile_sets(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").write_text(PROFILES)
    line = (
        'profile dev (base below it): models.reader = "a/base", models.default = "a/dev", '
        "limits.a/usual.parallel = 2, values.row, "
        'mcp.tickets = {"url": "https://tools.example.org/mcp"}'
    )
    assert line in rlm(*PLAN, "--profile", "dev").err.splitlines()
    assert "profile " not in rlm(*PLAN).err
    assert line in rlm("doctor", "--profile", "dev").out
    found = json.loads(rlm("doctor", "--json", "--profile", "dev").out)
    assert [row["words"] for row in found if row["what"] == "profile"] == [line]


@pytest.mark.parametrize(
    "command",
    [PLAN, RUN, ("runs",), ("show",), ("doctor",), ("models",), ("store", "ls"), ("store", "gc")],
)
def test_an_unknown_profile_is_refused_with_the_nearest_name(
    command: tuple[str, ...], book: Path, rlm: Rlm
) -> None:
    (book / "rlm.toml").write_text(PROFILES)
    done = rlm(*command, "--profile", "prdo")
    assert (done.code, "[unknown-profile]" in done.err, "`prod` is near" in done.err) == (
        2,
        True,
        True,
    )


def test_a_profile_without_a_project_file_is_refused(
    book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no rlm.toml lies at or above" in rlm(*PLAN, "--profile", "dev").err
    monkeypatch.setenv("RLM_PROFILE", "dev")
    done = rlm("runs")
    assert (done.code, "[unknown-profile]" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[profile.a]\ninherits = "b"\n[profile.b]\ninherits = "a"\n', 2, "a → b → a"),
        ('[profile.a]\ninherits = "a"\n', 2, "a → a"),
        ('[profile.base]\n[profile.a]\ninherits = "bse"\n', 3, "`base` is near"),
        ('[profile.a.modles]\ndefault = "x/y"\n', 1, "`models` is near"),
        ('[profile.a.models]\napi_bse = "http://x/v1"\n', 2, "`api_base` is near"),
        ('[profile.a.package]\nname = "acme/x"\n', 1, "there is no setting `profile.a.package`"),
        ("[profile.a.prices]\nm = { input = 1 }\n", 2, "has no `output`"),
        ("[profile.a]\nmodels = 3\n", 2, "`profile.a.models` is a table"),
        ("[profile]\ndev = 3\n", 2, "`profile.dev` is a table"),
        ("[profile.a]\ninherits = 3\n", 2, "takes text"),
    ],
)
def test_a_profile_that_is_wrong_is_refused_whether_it_is_chosen_or_not(
    book: Path, rlm: Rlm, text: str, line: int, said: str
) -> None:
    (book / "rlm.toml").write_text(text)
    done = rlm(*PLAN)
    words = " ".join(done.err.split())
    assert (done.code, "[bad-project]" in words, f"rlm.toml:{line}: " in words) == (2, True, True)
    assert said in words


def test_runs_of_a_profile_are_kept_and_found_in_its_store(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").write_text('[profile.team.store]\npath = "team/runs.db"\n')
    (book / "team").mkdir()
    rlm("trust", ".")
    assert rlm(*RUN, "--profile", "team").code == 0
    assert (book / "team" / "runs.db").is_file() and not (book / ".rlm").exists()
    assert len(json.loads(rlm("runs", "--json", "--profile", "team").out)) == 1
    assert "[unknown-run]" in rlm("runs").err
    assert rlm("show", "--answer", "--profile", "team").code == 0
    assert json.loads(rlm("store", "ls", "--json", "--profile", "team").out)["runs"] == 1


def test_what_needs_trust_needs_it_in_a_profile_too(book: Path, rlm: Rlm) -> None:
    """Only what the chosen profile sets is asked about, and the store before it is made."""
    (book / "rlm.toml").write_text(
        '[profile.far.models]\napi_base = "http://127.0.0.1:9/v1"\n'
        '[profile.team.store]\npath = "team.db"\n[profile.plain.models]\ndefault = "x/y"\n'
    )
    for profile, setting in (("far", "models.api_base"), ("team", "store.path")):
        done = rlm(*RUN, "--profile", profile)
        assert (done.code, "[project-untrusted]" in done.err, setting in done.err) == (
            2,
            True,
            True,
        )
        planned = rlm(*PLAN, "--profile", profile)
        assert (planned.code, "warning[project-untrusted]" in planned.err) == (0, True)
    assert "[project-untrusted]" in rlm("runs", "--profile", "team").err
    assert "[project-untrusted]" not in rlm(*PLAN, "--profile", "plain").err
    assert not (book / "team.db").exists()
    assert rlm(*RUN, "--profile", "team", "--store", "own.db").code == 0
    assert rlm(*RUN, "--profile", "team", "--trust").code == 0
    said = rlm("trust", ".").out
    assert "profile.far.models.api_base" in said and 'profile.team.store.path = "team.db"' in said
    assert rlm("runs", "--profile", "team").code == 0


def test_recipe_then_file_then_batch_then_profile_then_command(book: Path, rlm: Rlm) -> None:
    (book / "said.rlm").write_text(BATCH)
    (book / "rlm.toml").write_text(
        '[values]\nword = "file"\n[profile.p.values]\nword = "profile"\nname = "nobody"\n'
    )
    order = [
        ((), "ann: batch, batch"),
        (("--profile", "p"), "ann: profile, batch"),
        (("--profile", "p", "--set", "word=command"), "ann: command, batch"),
    ]
    for more, answer in order:
        done = rlm("batch", "said.rlm", *more)
        assert done.code == 0, done.err
        assert (book / "out" / "ann.txt").read_text().strip() == answer
    one = ("run", "said.rlm", "--set", "name=x", "--quiet")
    assert rlm(*one).out.strip() == "x: file, recipe"
    assert rlm(*one, "--profile", "p").out.strip() == "x: profile, recipe"


def test_tests_know_no_profile(book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test is the same everywhere."""
    (book / "said.rlm").write_text(
        BATCH + 'test "word" for said {\n  given name: "x"\n'
        '  expect result == "x: recipe, recipe"\n}\n'
    )
    (book / "rlm.toml").write_text('[profile.p.values]\nword = "profile"\n')
    monkeypatch.setenv("RLM_PROFILE", "p")
    assert "1 of 1 tests passed" in rlm("test", "said.rlm").err
