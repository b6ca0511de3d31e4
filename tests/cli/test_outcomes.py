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
