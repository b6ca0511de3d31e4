"""The example of a team: its README's commands one after another, with the night killed once."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Rlm
from tests.packages.repositories import WHO
from tests.servers import Reply, Server, chat_server, completion

TEAM = ROOT / "examples" / "team"
COMMAND = re.compile(r"^    ((?:rlm|git|python|cd) .*)$", re.MULTILINE)
NIGHT = "rlm batch nightly.rlm"
FIRST = (
    "rlm run nightly.rlm --source contract=contracts/001.md --source log=logs/001.log --profile dev"
)
AT_ONCE = 8


def answer(body: dict[str, Any]) -> Reply:
    """What the lines in a request say, as a careful model would read them."""
    asked = str(body["messages"][-1]["content"]).splitlines()
    lines = [json.loads(line)["text"] for line in asked if line.startswith('{"text":')]
    return completion(json.dumps({"result": [row(line) for line in lines]}))


def row(text: str) -> dict[str, Any]:
    """One line as the record of its package."""
    (number,) = re.findall(r"\d+", text)
    if text.startswith("DOWN"):
        return {"minutes": int(number), "cause": "network"}
    kind = "penalty" if "penalty" in text else "downtime"
    return {"kind": kind, "amount": int(number), "said": text.strip()}


class Night:
    """A server that says when half of the night is over."""

    def __init__(self) -> None:
        self.half = threading.Event()
        self.server: Server | None = None

    def __call__(self, body: dict[str, Any]) -> Reply:
        if self.server is not None and len(self.server.requests) >= 80:
            self.half.set()
        return answer(body)


@pytest.fixture
def night(monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    made = Night()
    with chat_server(made) as made.server:
        monkeypatch.setenv("RLM_API_BASE", made.server.base)
        monkeypatch.setenv("RLM_API_KEY", "none")
        yield made


@pytest.fixture
def team(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A copy of the example, with a cache and a place for distributions of its own."""
    here, site = folder / "team", tmp_path_factory.mktemp("site")
    shutil.copytree(TEAM, here, ignore=shutil.ignore_patterns(".rlm"))
    for name, value in WHO.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(site)]))
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("SITE", str(site))
    monkeypatch.chdir(here)
    return here


def told(line: str, rlm: Rlm) -> str:
    """Carries out a command of the README; gives what it printed."""
    program, *args = shlex.split(line.replace("$PWD", str(Path.cwd())))
    if program == "rlm":
        done = rlm(*args)
        assert done.code == (1 if args[0] == "diff" else 0), line + done.out + done.err
        return done.out + done.err
    if "pip" in args:  # without a network, and into a folder of this test
        args += ["--no-index", "--no-build-isolation", "--target", os.environ["SITE"]]
    command = [sys.executable if program == "python" else program, *args]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, line + found.stdout + found.stderr
    return found.stdout


def killed(night: Night) -> int:
    """Begins the night and kills it in the middle; gives how many requests the server has seen."""
    assert night.server is not None
    command = [sys.executable, "-m", "rlmlang", *shlex.split(NIGHT)[1:], "--quiet"]
    with subprocess.Popen(command) as process:
        assert night.half.wait(120)
        process.send_signal(signal.SIGKILL)
    for path in Path("answers").glob("*.json"):
        assert json.loads(path.read_text()).keys() == {"allowed", "down", "owed"}
    return len(night.server.requests)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL here")
def test_a_stranger_follows_the_readme_and_the_night_is_killed_once(
    team: Path, night: Night, rlm: Rlm
) -> None:
    assert night.server is not None
    said: dict[str, str] = {}
    nights = 0
    for line in COMMAND.findall((team / "README.md").read_text()):
        if line.startswith("cd "):
            os.chdir(line.removeprefix("cd "))
        elif line == NIGHT and not nights:
            assert night.server.requests == []
            nights = killed(night)
        else:
            said[line] = told(line, rlm)
    first = json.loads(said[FIRST].partition("}")[0] + "}")
    assert first == {"allowed": 40, "down": 45, "owed": 30}  # the first row of truth.csv
    assert said["rlm check --locked ."] == "nightly.rlm: no problems\n"
    assert said["python check.py"] == "100 right, 0 wrong, 0 missing\n"
    requests = [json.dumps(body["messages"]) for body in night.server.requests]
    assert 80 <= nights < len(requests) <= len(set(requests)) + AT_ONCE * 2
    comment = (team / "project" / "comment.md").read_text()
    assert comment == (TEAM / "comment.md").read_text()


def test_its_recipes_are_laid_out(rlm: Rlm) -> None:
    assert rlm("fmt", "--check", str(TEAM)).code == 0
