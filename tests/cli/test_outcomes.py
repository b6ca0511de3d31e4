"""Whatever goes wrong: JSON where it was asked for, and JUnit that machines can read."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rlmlang.cli.main import COMMANDS
from rlmlang.cli.main import rlm as group
from tests.conftest import SIMPLE, Rlm

KINDS = {
    "recipe": ("broken.rlm",),
    "file": ("nowhere.rlm",),
    "folder": ("folder",),
    "option": ("find.rlm", "--no-such-option"),
    "input": ("find.rlm", "--set", "nothing=3"),
    "value": ("find.rlm", "--set", "question"),
    "range": ("find.rlm", "--timeout", "0"),
}
WITH_JSON = [
    name
    for name in COMMANDS
    for found in [group.get_command(None, name)]  # type: ignore[arg-type]
    if found is not None and any("--json" in p.opts for p in found.params)
]


def test_warnings_fail_a_check_where_that_is_asked_for(book: Path, rlm: Rlm) -> None:
    unused = SIMPLE.replace("  return", "  let more = count(notes)\n  return")
    (book / "warned.rlm").write_text(unused)
    assert rlm("check", "warned.rlm").code == 0
    assert rlm("check", "warned.rlm", "--fail-on-warning").code == 65
    assert rlm("check", "find.rlm", "--fail-on-warning").code == 0
    assert rlm("plan", "warned.rlm").code == 0
    assert rlm("plan", "warned.rlm", "--fail-on-warning").code == 65


SUITE = """
test "one" for find {
  given question: "Where?"
  given book: "One page."
  mock notes returns "a note"
  expect result == "a note"
}

dataset dev {
  path: "dev.jsonl"
  want: answer
}

eval quality for find {
  over: dev
  score exact weight 1
}

tune better for find {
  optimizer: bootstrap
  eval: quality
  reflection: "offline/reader"
  split: { train: 40%, dev: 30%, test: 30% }
  knob note.demos in [0, 1]
  budget {
    calls <= 500
  }
}
"""
STRICT = (
    ("run", *("--source", "book=book.txt", "--set", "question=Where?")),
    ("eval", "quality"), ("tune", "better", "--dry-run"), ("test",),
)  # fmt: skip


@pytest.mark.parametrize("command", STRICT, ids=lambda c: c[0])
def test_warnings_fail_whatever_asks_models_before_one_is_asked(
    book: Path, rlm: Rlm, command: tuple[str, ...]
) -> None:
    name, *more = command
    unused = SIMPLE.replace("  return", "  let more = count(notes)\n  return")
    row = {"question": "Where?", "book": "One page.", "answer": "One page."}
    (book / "dev.jsonl").write_text(f"{json.dumps(row)}\n" * 10)
    (book / "warned.rlm").write_text(unused + SUITE)
    done = rlm(name, "warned.rlm", *more, "--fail-on-warning", "--quiet")
    assert done.code == 65, done.err
    assert "warning[unused-step]" in done.err and "error[" not in done.err
    assert not (book / ".rlm").exists()
    (book / "find.rlm").write_text(SIMPLE + SUITE)
    done = rlm(name, "find.rlm", *more, "--fail-on-warning", "--quiet")
    assert done.code == 0, done.err


def test_a_warning_that_fails_a_run_is_given_as_json(book: Path, rlm: Rlm) -> None:
    unused = SIMPLE.replace("  return", "  let more = count(notes)\n  return")
    (book / "warned.rlm").write_text(unused)
    done = rlm("run", "warned.rlm", *STRICT[0][1:], "--fail-on-warning", "--json")
    assert (done.code, json.loads(done.out)["problem"]["code"]) == (65, "unused-step")


def test_a_question_of_a_model_without_a_price_fails_where_warnings_do(
    book: Path, rlm: Rlm
) -> None:
    ask = ("ask", "Where?", "--source", "book.txt", "--model", "nobody/knows", "--quiet")
    done = rlm(*ask, "--api-base", "http://127.0.0.1:9", "--fail-on-warning")
    assert (done.code, "warning[price-unknown]" in done.err) == (65, True), done.err


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", WITH_JSON)
def test_json_is_given_whatever_goes_wrong(book: Path, rlm: Rlm, command: str, kind: str) -> None:
    (book / "folder").mkdir()
    (book / "broken.rlm").write_text(SIMPLE.replace("split book", "split bok"))
    done = rlm(command, *KINDS[kind], "--json")
    assert json.loads(done.out) is not None
    if done.code and command != "check":
        assert done.err


def test_junit_counts_files_that_do_not_check_and_stays_well_formed(book: Path, rlm: Rlm) -> None:
    (book / "broken.rlm").write_text(SIMPLE.replace("split book", "split bok"))
    (book / "odd.rlm").write_text(
        SIMPLE
        + 'test "odd \x01 ]]> \ufffe" for find {\n  given question: "a\x1b"\n  given book: "b ]]> \x08"\n'
        '  mock notes returns "x"\n  mock result returns "\x02"\n  expect result == "]]>\x03"\n}\n'
    )
    done = rlm("test", "broken.rlm", "odd.rlm", "--junit", "out.xml")
    assert done.code == 65
    (suite,) = ElementTree.parse(book / "out.xml").getroot()
    assert (suite.get("tests"), suite.get("errors")) == ("2", "1")
    assert [c.get("name") for c in suite] == ["odd \ufffd ]]> \ufffd", "check"]
    assert "unknown-name" in (suite[1][0].text or "")
