"""What tests share: a folder to work in, and the command line called as a user would."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from rlmlang.cli.main import main
from rlmlang.runtime.trust_list import Listed, keep
from tests.groups import group_of

ROOT = Path(__file__).parents[1]
FETCHING = ROOT / "examples" / "team" / "project"
"""The example whose packages have to be fetched first: tests/batch/test_team.py."""
SIMPLE = """rlm 1

prompt note(page: Slice, question: Text) -> Text? "What does the page say about the question?"

prompt merge(notes: [Text], question: Text) -> Text "Answer the question from the notes."

recipe find(question: Text, book: Text) -> Text {
  let notes = map (split book by tokens(max: 200tok)) with note(question)
  return reduce notes with merge(question)
}
"""
BOOK = "The road was wet. Nobody sang.\n" * 40 + "The key hangs behind the third bell.\n"


@dataclass(frozen=True)
class Result:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


Rlm = Callable[..., Result]


@pytest.fixture
def folder(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """An empty folder of one's own to stand in: trusted, without keys or settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "OPENAI_API_KEY",
        "RLM_MODEL",
        "RLM_PROFILE",
        "RLM_API_BASE",
        "RLM_API_KEY",
        "ANTHROPIC_API_KEY",
        "RLM_TRUST",
        "COLUMNS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("settings")))
    keep(Listed(folders=(str(tmp_path.resolve()),)))
    return tmp_path


@pytest.fixture
def book(folder: Path) -> Path:
    """A folder with a simple recipe and a small book."""
    (folder / "find.rlm").write_text(SIMPLE)
    (folder / "book.txt").write_text(BOOK)
    return folder


@pytest.fixture
def rlm(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Rlm:
    """Calls the command line in this process; a traceback fails the test."""

    def call(*args: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["rlm", *args])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfd.readouterr()
        assert "Traceback" not in err + out
        return Result(int(end.value.code or 0), out, err)

    return call


@pytest.fixture(scope="session")
def seeds(request: pytest.FixtureRequest) -> range:
    """The seeds of simulated worlds."""
    first, colon, last = str(request.config.getoption("--seeds")).partition(":")
    return range(int(first), int(last) if colon else int(first) + 1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` writes expected outputs anew."""
    parser.addoption("--seeds", default="0:500", help="simulated worlds: FIRST:AFTER_LAST, or one")
    parser.addoption("--update", action="store_true", help="write expected outputs anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks each test with its group."""
    for item in items:
        served = item.get_closest_marker("postgres") is not None
        item.add_marker("second" if served else group_of(item.nodeid))


settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
