"""Completion in real shells, and what is offered; a shell that is not installed is not tried."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rlmlang.cli.completion import Bash, answer
from rlmlang.cli.flags import FLAGS
from rlmlang.cli.main import rlm
from rlmlang.cli.suggestions import KINDS
from tests.conftest import ROOT, Rlm

# what is typed, where the word that is completed stands as `^`, and what must and must not be offered
CASES: dict[str, tuple[str, set[str], set[str]]] = {
    "commands": ("rlm ex", {"export", "explain"}, {"run"}),
    "recipe files": ("rlm check fi", {"find.rlm"}, {"book.txt"}),
    "a folder's recipes": ("rlm check rec", {"recipes/a.rlm", "recipes/b.rlm"}, set()),
    "recipes": ("rlm run find.rlm --recipe ", {"find"}, set()),
    "settings": (
        "rlm run find.rlm --set ",
        {"question=", "budget.calls=", "notes.parallel="},
        set(),
    ),
    "sources": ("rlm run find.rlm --source bo", {"book="}, {"question="}),
    "runs": ("rlm show ", {"last"}, set()),
    "codes": ("rlm explain unsound", {"unsound-coverage"}, {"budget"}),
    "words": ("rlm explain ma", {"map"}, set()),
    "models": ("rlm plan find.rlm --model offline/", {"offline/reader"}, {"openai/gpt-5"}),
    "the library": ("rlm run std/nee", {"std/needle"}, set()),
}
ASK = ("--source", "book=book.txt", "--set", "question=where does the key hang")


@pytest.fixture
def ready(book: Path, rlm: Rlm) -> Path:
    """A folder with recipes and a run, and an `rlm` that shells find."""
    (book / "recipes").mkdir()
    for name in ("a", "b"):
        (book / "recipes" / f"{name}.rlm").write_text((book / "find.rlm").read_text())
    rlm("run", "find.rlm", *ASK)
    tool = book / "bin" / "rlm"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m rlmlang "$@"\n')
    tool.chmod(0o755)
    return book


@pytest.mark.parametrize("what", CASES)
def test_what_is_offered(
    what: str, ready: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    typed, wanted, unwanted = CASES[what]
    found = asked(typed, monkeypatch, capfd)
    assert wanted <= found
    assert not unwanted & found


def asked(
    typed: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> set[str]:
    """What a shell is told for the last word of a line; nothing on stderr."""
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split(" ")) - 1))
    monkeypatch.setenv("_RLM_COMPLETE", "bash_complete")
    capfd.readouterr()
    assert answer(rlm) in (0, 1)
    told = capfd.readouterr()
    assert told.err == ""
    return {line.removeprefix("plain,") for line in told.out.splitlines() if line}


@pytest.mark.parametrize(
    "typed",
    ["rlm run nowhere.rlm --set ", "rlm run bad.rlm --recipe ", "rlm show --store bad.rlm ",
     "rlm check no/where/", "rlm nothing ", "rlm run find.rlm --recipe none --source "],
)  # fmt: skip
def test_mistakes_are_silent(
    typed: str, ready: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (ready / "bad.rlm").write_bytes(b"rlm 1\n\xff\x00")
    assert asked(typed, monkeypatch, capfd) == set()


def test_bash_parts_words_at_the_sign_of_equality(monkeypatch: pytest.MonkeyPatch) -> None:
    for words, at, wanted in (
        ("rlm run f.rlm --source book = bo", 6, (["run", "f.rlm", "--source"], "book=bo")),
        ("rlm run f.rlm --source book =", 5, (["run", "f.rlm", "--source"], "book=")),
        ("rlm run f.rlm --source b", 4, (["run", "f.rlm", "--source"], "b")),
    ):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(at))
        assert Bash.__new__(Bash).get_completion_args() == wanted


def test_every_kind_is_used_and_known() -> None:
    assert {f.offers for f in FLAGS} - {""} <= set(KINDS)


BASH = """
eval "$(rlm completion bash)"
COMP_WORDS=({typed}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) COMPREPLY=()
_rlm_completion rlm 2>&1
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
ZSH = """
autoload -U compinit && compinit -u -D
eval "$(rlm completion zsh)"
compadd() {{ [[ $1 == -U ]] && print -rl -- ${{(P)@[-1]}} }}
_describe() {{ print -rl -- ${{(P)@[3]}} }}
words=({typed}) CURRENT=$#words
_rlm_completion
"""
FISH = 'rlm completion fish | source; complete -C "{typed}"'
SHELLS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


@pytest.mark.parametrize("shell", SHELLS)
def test_in_a_real_shell(shell: str, ready: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    path = f"{ready / 'bin'}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(ready)}
    for what in ("a folder's recipes", "settings", "recipes"):
        typed, wanted, _ = CASES[what]
        words = typed if shell == "fish" or not typed.endswith(" ") else f"{typed}''"
        script = SHELLS[shell].format(typed=words)
        done = subprocess.run(
            [shell, *(["-f"] if shell == "zsh" else []), "-c", script],
            cwd=ready,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        found = {line.partition("\t")[0] for line in done.stdout.splitlines()}
        assert wanted <= found, (what, done.stdout, done.stderr)
