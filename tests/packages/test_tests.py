"""`rlm test --deps`, and recipes of packages that tests, evals and batches of a project name."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import Rlm
from tests.packages.repositories import LEGAL, Published, dep, legal, manifest

OWN = """
test "what is paid" for all {
  given contract: "Ann pays within 30 days."
  mock clauses returns [Clause(text: term)]
  expect result == [Clause(text: "30 days")]
}
"""
TERMS = 'rlm 1\n\nexport const term = "30 days"\n'


@pytest.fixture
def terms(
    project: Path, published: Published, tmp_path_factory: pytest.TempPathFactory
) -> Published:
    """`acme/legal` 3.3.0 with a test, which uses `acme/terms` of another repository; both in use."""
    found = Published(tmp_path_factory.mktemp("git") / "terms")
    found.commit({"rlm.toml": manifest("acme/terms", "1.0.0"), "terms.rlm": TERMS}, "v1.0.0")
    asks = "[deps]\n" + dep("acme/terms", git=found.url, tag="v1.0.0")
    text = LEGAL.replace("rlm 1\n", 'rlm 1\n\nuse "acme/terms" { term }\n', 1)
    text = text.replace('"List the clauses."', '"List the clauses. {term}"') + OWN
    published.commit({**legal("3.3.0", asks), "legal.rlm": text}, "v3.3.0")
    uses = dep("acme/legal", git=published.url, tag="v3.3.0")
    (project / "rlm.toml").write_text(f"[deps]\n{uses}")
    return found


def test_tests_of_packages_run_where_they_are_used(
    project: Path, terms: Published, rlm: Rlm
) -> None:
    assert rlm("deps", "lock").code == 0
    done = rlm("test", "--deps", "--junit", "out.xml")
    assert (done.code, "1 of 1 tests passed" in done.err) == (0, True), done.err
    lines = done.out.splitlines()
    assert lines[0] == "acme/legal@3.3.0"
    assert lines[1].startswith('ok   all: "what is paid"')
    assert lines[2] == "acme/terms@1.0.0  no test"
    suites = ElementTree.parse(project / "out.xml").getroot()
    found = {x.get("name"): x.get("tests") for x in suites}
    assert found == {"acme/legal@3.3.0": "1", "acme/terms@1.0.0": "0"}
    (value,) = json.loads(rlm("test", "--deps", "acme/legal", "--json").out)
    assert (value["package"], value["passed"]) == ("acme/legal@3.3.0", True)
    assert "error[no-tests]" in rlm("test", "--deps", "acme/terms").err
    assert rlm("test", "--deps", "acme/terms", "--allow-none").code == 0
    assert "`acme/legal` is near" in rlm("test", "--deps", "acme/leagl").err


def test_they_fail_where_the_project_has_another_version_of_what_they_use(
    project: Path, terms: Published, rlm: Rlm
) -> None:
    later = TERMS.replace("30", "90")
    terms.commit({"rlm.toml": manifest("acme/terms", "1.1.0"), "terms.rlm": later}, "v1.1.0")
    with (project / "rlm.toml").open("a") as file:
        file.write(dep("acme/terms", git=terms.url, tag="v1.1.0"))
    assert "error[package-not-locked]" in rlm("test", "--deps").err
    assert rlm("deps", "lock").code == 0
    done = rlm("test", "--deps")
    assert (done.code, "0 of 1 tests passed" in done.err) == (1, True)
    assert "got        result is [{'text': \"90 days\"}]".replace('"', "'") in done.out


def test_a_project_without_packages_has_no_tests_of_any(project: Path, rlm: Rlm) -> None:
    assert "uses no package" in rlm("test", "--deps").err


NAMED = """rlm 1

use "acme/legal" { Clause, all }

test "of theirs" for all {
  given contract: "Ann pays."
  mock clauses returns [Clause(text: "Ann pays.")]
  expect count(result) == 1
}

batch each_one for all {
  each contract in ["Ann pays.", "Bob pays."]
}

test "two items" for each_one {
  expect items == 2
}

dataset known {
  path: "known.jsonl"
  want: want
}

eval held for all {
  over: known
  score exact weight 1
}
"""


def test_a_recipe_of_a_package_is_tested_and_run_over_in_the_project_that_names_it(
    project: Path, terms: Published, rlm: Rlm
) -> None:
    assert rlm("deps", "lock").code == 0
    (project / "go.rlm").write_text(NAMED)
    (project / "known.jsonl").write_text('{"contract": "Ann pays.", "want": []}\n')
    with (project / "rlm.toml").open("a") as file:
        file.write('\n[models]\ndefault = "offline/none"\n')
    done = rlm("test", "go.rlm")
    assert (done.code, "2 of 2 tests passed" in done.err) == (0, True), done.out + done.err
    assert "offline/none" in rlm("batch", "go.rlm").err  # the model that the project names
    done = rlm("batch", "go.rlm", "--model", "offline/reader", "--json")
    assert (done.code, json.loads(done.out)["items"]) == (0, {"done": 2})
    assert (project / ".rlm" / "store.db").is_file()
    done = rlm("eval", "go.rlm", "--model", "offline/reader", "--json")
    assert (done.code, len(json.loads(done.out)["rows"])) == (0, 1), done.err


MOCKED = OWN.replace("[Clause(text: term)]", 'scripted("say.py:say")')


def test_python_of_a_packages_test_runs_only_where_the_project_allows_it(
    project: Path, terms: Published, published: Published, rlm: Rlm
) -> None:
    toml = (published.folder / "rlm.toml").read_text()
    toml = toml.replace('"3.3.0"\n', '"3.3.1"\ninclude = ["*.rlm", "say.py"]\n')
    text = (published.folder / "legal.rlm").read_text().replace(OWN, MOCKED)
    say = "def say(page):\n    return [{'text': '30 days'}]\n"
    published.commit({"rlm.toml": toml, "legal.rlm": text, "say.py": say}, "v3.3.1")
    assert rlm("deps", "update").code == 0
    done = rlm("test", "--deps", "--trust")
    assert (done.code, "error[code-not-allowed]" in done.out) == (1, True), done.out + done.err
    with (project / "rlm.toml").open("a") as file:
        file.write('\n[code]\nallow = ["acme/legal"]\n')
    assert rlm("trust", ".").code == 0
    done = rlm("test", "--deps")
    assert (done.code, "1 of 1 tests passed" in done.err) == (0, True), done.out + done.err
