"""What others' repositories take from ours: hooks for pre-commit, and the action of pull requests."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, SIMPLE
from tests.servers import serving

HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
BIN = Path(sys.executable).parent


def git(*args: str) -> None:
    name = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *name, *args], check=True, capture_output=True)


@pytest.fixture
def repository(book: Path) -> Path:
    """A repository at whose branch `main` stands a recipe, which is another one now."""
    git("init", "-q", "-b", "main")
    git("add", "find.rlm")
    git("commit", "-qm", "first")
    git("checkout", "-qb", "change")
    (book / "find.rlm").write_text(SIMPLE.replace("say about", "say of"))
    return book


@contextmanager
def comments(found: list[dict[str, Any]]) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """The part of GitHub's interface that comments go through; gives its address, and what was
    written: method, path, text."""
    written: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(found if self.path.endswith("&page=1") else [])

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            assert self.headers["authorization"] == "Bearer t0ken"
            written.append((self.command, self.path, body["body"]))
            self._reply({})

        def do_PATCH(self) -> None:
            self.do_POST()

        def _reply(self, value: object) -> None:
            data = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with serving(Handler) as address:
        yield f"http://{address}", written


def review(**more: str) -> subprocess.CompletedProcess[str]:
    """What the action's last step does, in the current folder."""
    about = {"REVIEW_PATH": ".", "REVIEW_BASE": "main", "GITHUB_REPOSITORY": "team/recipes"}
    return subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "review.py")],
        env={**os.environ, **about, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def test_hooks_do_what_they_say(repository: Path) -> None:
    """Each entry is a command that finds what is wrong with the files that are appended to it."""
    (repository / "wide.rlm").write_text(SIMPLE.replace("{\n  let", "{\n\n\n     let"))
    (repository / "bad.rlm").write_text("rlm 1\n\nrecipe r() -> Text {\n  return x\n}\n")
    for hook, file, code in (("rlm-fmt", "wide.rlm", 0), ("rlm-check", "bad.rlm", 65)):
        entry = next(h["entry"] for h in HOOKS if h["id"] == hook).split()
        done = subprocess.run([BIN / entry[0], *entry[1:], file], capture_output=True, check=False)
        assert done.returncode == code, done.stderr
    assert (repository / "wide.rlm").read_text() == SIMPLE


def test_the_action_runs_files_that_are_there() -> None:
    """Nothing that a pull request says stands in a script: it comes by the environment."""
    steps = [s["run"] for s in ACTION["runs"]["steps"] if "run" in s]
    assert not any("${{" in s for s in steps)
    named = [w.strip('"') for s in steps for w in s.split() if "GITHUB_ACTION_PATH/" in w]
    assert named == ["$GITHUB_ACTION_PATH/.ci/review.py"]
    assert (ROOT / named[0].partition("/")[2]).is_file()


@pytest.mark.skipif(find_spec("check_jsonschema") is None, reason="check-jsonschema is not there")
def test_the_action_is_of_its_schema() -> None:
    about = ["--builtin-schema", "vendor.github-actions", str(ROOT / "action.yml")]
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *about],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_what_the_guide_says_of_both_is_so() -> None:
    """Its workflow gives the action what that takes, and its hooks are among ours."""
    text = (ROOT / "docs" / "guides" / "sharing.md").read_text()
    workflow, hooks = map(
        yaml.safe_load, re.findall(r"^```yaml \S+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    )
    (used,) = [s for s in workflow["jobs"]["recipes"]["steps"] if "/rlmlang@" in s["uses"]]
    assert set(used.get("with", {})) <= set(ACTION["inputs"])
    assert workflow["jobs"]["recipes"]["permissions"]["pull-requests"] == "write"
    (repo,) = hooks["repos"]
    assert {h["id"] for h in repo["hooks"]} == {h["id"] for h in HOOKS}


def test_a_change_becomes_one_comment(repository: Path) -> None:
    """The first time it is written, later it is written anew; those of others stay."""
    summary = str(repository / "summary.md")
    about = {"REVIEW_PULL": "7", "REVIEW_TOKEN": "t0ken", "GITHUB_STEP_SUMMARY": summary}
    git("commit", "-qam", "change")
    with comments([]) as (base, written):
        done = review(**about, GITHUB_API_URL=base)
        assert done.returncode == 0, done.stdout + done.stderr
    ((method, path, text),) = written
    assert (method, path) == ("POST", "/repos/team/recipes/issues/7/comments")
    assert "say [-about-]{+of+} the question?" in text
    assert Path(summary).read_text() == text + "\n"
    marked = text.splitlines()[0]
    others = [
        {"id": 1, "body": marked, "user": {"type": "User"}},
        {"id": 2, "body": "hello", "user": {"type": "Bot"}},
        {"id": 3, "body": f"{marked}\nold", "user": {"type": "Bot"}},
    ]
    with comments(others) as (base, written):
        review(**about, GITHUB_API_URL=base)
    assert [w[:2] for w in written] == [("PATCH", "/repos/team/recipes/issues/comments/3")]


def test_mistakes_fail_the_action_and_are_told(repository: Path) -> None:
    """So does a recipe that cannot be compared, which stands in no one's way; a new one is named."""
    (repository / "new.rlm").write_text(SIMPLE.replace("recipe find", "recipe other"))
    (repository / "find.rlm").write_text(SIMPLE.replace("note(question)", "note(nobody)"))
    git("add", ".")
    git("commit", "-qm", "change")
    summary = repository / "summary.md"
    done = review(GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 65 and "error[unknown-name]" in done.stdout
    assert "`new.rlm` is new." in summary.read_text()
    assert "`find.rlm` cannot be compared: `error[unknown-name]" in summary.read_text()


def test_without_a_commit_to_compare_with_it_says_so(repository: Path) -> None:
    summary = repository / "summary.md"
    assert review(REVIEW_BASE="0" * 40, GITHUB_STEP_SUMMARY=str(summary)).returncode == 0
    assert "no commit" in summary.read_text()
