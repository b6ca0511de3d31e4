"""The README is true: its recipe checks, its error is the error, its commands exist."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

import rlmlang
from rlmlang import resources
from rlmlang.cli.main import COMMANDS
from tests.conftest import ROOT, Rlm
from tests.hosts import ANSWER, Hosts, hosts
from tests.servers import chat_server, completion

README = (ROOT / "README.md").read_text()


def blocks(kind: str) -> list[str]:
    """The fenced blocks of a kind."""
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


def test_the_first_recipe_is_laid_out_and_runs(folder: Path, rlm: Rlm) -> None:
    recipe = blocks("rlm")[0]
    (folder / "find.rlm").write_text(recipe)
    (folder / "book.txt").write_text("The key hangs behind the bell.\n")
    assert rlm("check", "find.rlm").code == 0
    done = rlm("run", "find.rlm", "--source", "book=book.txt", "--set", "question=where is the key")
    assert done.out == "The key hangs behind the bell.\n"


def test_every_recipe_and_project_file_that_is_shown_is_sound(book: Path, rlm: Rlm) -> None:
    for recipe in blocks("rlm"):
        (book / "shown.rlm").write_text(recipe)
        assert rlm("check", "shown.rlm").code == 0
        assert rlm("fmt", "--check", "shown.rlm").code == 0
    for project in blocks("toml"):
        (book / "rlm.toml").write_text(project)
        assert rlm("plan", "find.rlm").code == 0


def test_the_error_that_is_shown_is_the_error(folder: Path, rlm: Rlm) -> None:
    recipe = blocks("rlm")[0]
    (folder / "find.rlm").write_text(recipe.replace("with note(", "with notte("))
    shown = next(b for b in blocks("text") if b.startswith("error["))
    assert shown.strip() in rlm("check", "find.rlm").err


def shell(line: str, folder: Path, **more: str) -> str:
    """What a line prints in a shell of its own, in which `rlm` is the one that is tried."""
    bin_ = folder / "bin"
    bin_.mkdir(exist_ok=True)
    tool = bin_ / "rlm"
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m rlmlang "$@"\n')
    tool.chmod(0o755)
    path = f"{bin_}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        line,
        shell=True,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **more},
    )
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    return done.stdout + done.stderr


def block(beginning: str) -> str:
    """The block of commands that begins so."""
    return next(b for b in blocks("sh") if b.startswith(beginning))


def test_the_commands_that_are_shown_exist() -> None:
    named = set(re.findall(r"(?:^|`)rlm ([a-z]+)", README, re.MULTILINE))
    assert named <= set(COMMANDS)


def test_the_session_that_is_shown_runs_in_a_shell(folder: Path) -> None:
    (folder / "book.txt").write_text("Marta Vey keeps the key.\n" * 40)
    printed = shell("set -e\n" + block("rlm new"), folder)
    assert "Marta Vey keeps the key." in printed


def test_the_plan_that_is_saved_is_run(folder: Path) -> None:
    (folder / "book.txt").write_text("Marta Vey keeps the key.\n" * 40)
    printed = shell(f"set -e\nrlm new find.rlm\n{block('rlm plan')}", folder)
    assert "Marta Vey keeps the key." in printed


def test_the_words_that_are_named_have_a_page(rlm: Rlm) -> None:
    (named,) = re.findall(r"one for every word: (.*?) shows", README, re.DOTALL)
    words = re.findall(r"`(?:rlm explain )?([\w-]+)`", named)
    assert len(words) == 9
    assert [w for w in words if rlm("explain", w).code] == []


def test_the_first_command_prints_what_is_shown(folder: Path) -> None:
    """All but its making of an environment, for which this one stands in."""
    shutil.copytree(ROOT / "examples" / "needle", folder / "examples" / "needle")
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(folder / "bin")
    shell(f"ln -s {sys.executable} bin/python", folder)
    make, install, *rest = block("python3 -m venv").strip().split(" && ")
    assert (make, install) == ("python3 -m venv .venv", ".venv/bin/pip install -q .")
    printed = shell(" && ".join(rest), folder)
    shown = next(b for b in blocks("text") if b.startswith("plan")).splitlines()
    seen = [" ".join(x.split()) for x in printed.splitlines()]
    for line in map(str.rstrip, shown):
        words = " ".join(line.partition(", $0.0000")[0].partition("…")[0].split())
        assert any(words in x for x in seen), (words, printed)


@pytest.mark.parametrize("name", resources.names("stdlib", ".rlm"))
def test_what_new_prints_works_as_it_is_printed(folder: Path, rlm: Rlm, name: str) -> None:
    for file in ("a", "b", "book", "report", "manual", "history", "letter", "answers"):
        (folder / f"{file}.txt").write_text("The key hangs behind the bell.\n")
    (folder / "src").mkdir()
    (folder / "src" / "a.py").write_text("print('here')\n")
    printed = rlm("new", "my own.rlm", "--from", name).err
    commands = re.findall(r"^  rlm (.*)$", printed, re.MULTILINE)
    text = resources.text("stdlib", f"{name}.rlm")
    assert len(commands) == 1 + bool(
        re.search("^(export )?(main )?recipe ", text, re.MULTILINE)
    ) + ("// rlm run" in text)
    if name == "needle":
        assert "behind the bell" in shell(f"rlm {commands.pop()}", folder)
    for command in commands:
        done = rlm(*shlex.split(command))
        assert done.code == 0, done.err


@pytest.fixture(scope="module")
def providers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """The providers' hosts, on loopback."""
    with hosts(tmp_path_factory.mktemp("tls"), {"gpt-5-mini", "gpt-5"}) as found:
        yield found


def test_the_models_that_are_named_are_known() -> None:
    known = set(tomllib.loads(resources.package_text("prices.toml"))["models"])
    makers = "|".join({n.split("/")[0] for n in known})
    named = set(re.findall(rf"\b(?:{makers})/[a-z0-9][\w.-]*\w", README))
    assert len(named) >= 3
    assert named <= known


def test_the_options_for_a_model_reach_it(
    book: Path, rlm: Rlm, providers: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ["run", "find.rlm", "--source", "book=book.txt", "--set", "question=Who?", "--fresh"]
    (variable,) = re.findall(r"`export (\w+)=…`", README)
    monkeypatch.setenv(variable, "key")
    (option,) = re.findall(r"`(--model [^`]*)`", README)
    assert rlm(*run, *option.split()).out == "behind the bell\n"
    (words,) = re.findall(r"`(--api-base [^`]*)`", README)
    monkeypatch.delenv(variable)
    with chat_server(lambda body: completion(ANSWER)) as server:
        local = words.replace("http://localhost:8000/v1", server.base).split()
        assert rlm(*run, *local).out == "behind the bell\n"
        limited = SIMPLE_LIMIT.join((book / "find.rlm").read_text().split("  let notes", 1))
        (book / "find.rlm").write_text(limited)
        assert rlm(*run, *local).code == 0


SIMPLE_LIMIT = """  budget {
    usd <= 1.00
  }
  let notes"""


def test_the_project_files_that_are_shown_choose_the_model(
    book: Path, rlm: Rlm, providers: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    providers.asked.clear()
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    (book / "rlm.toml").write_text("\n".join(blocks("toml")))
    assert rlm("trust", ".").code == 0
    done = rlm("run", "find.rlm", "--source", "book=book.txt", "--set", "question=Who?")
    assert (done.code, done.out) == (0, "behind the bell\n"), done.err
    assert {b["model"] for _, _, b in providers.asked} == {"gpt-5-mini"}
    assert not providers.refused


def test_the_line_of_python_and_its_command_answer(
    folder: Path, rlm: Rlm, providers: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    (folder / "contracts").mkdir()
    (folder / "contracts" / "a.txt").write_text("Acme pays.\n")
    (line,) = re.findall(r"`(rlmlang\.completion\([^`]*\))`", README)
    assert eval(line, {"rlmlang": rlmlang, "Path": Path}).text == "behind the bell"
    (command,) = re.findall(r"`(rlm ask [^`]*)`", README)
    done = rlm(*shlex.split(command)[1:], "--model", "openai/gpt-5")
    assert (done.code, done.out) == (0, "behind the bell\n"), done.err


def test_the_recipe_with_trials_is_tested_scored_and_tuned(folder: Path, rlm: Rlm) -> None:
    recipe = next(b for b in blocks("rlm") if "\ntune " in b)
    (folder / "route.rlm").write_text(recipe)
    assert "1 of 1 tests passed" in rlm("test", "route.rlm").err
    rows = [{"ticket": f"Where is my refund of {n}?", "queue": "billing"} for n in range(40)]
    (folder / "tickets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    changed = rlm("eval", "route.rlm")
    assert "error[dataset-changed]" in changed.err
    own = re.search(r"[0-9a-f]{16,}", changed.err.replace("9f2c0b7e51d0aa3e", ""))
    assert own is not None, changed.err
    (folder / "route.rlm").write_text(recipe.replace("9f2c0b7e51d0aa3e", own[0]))
    assert "exact" in rlm("eval", "route.rlm").out
    assert rlm("tune", "route.rlm").code == 0
    assert (folder / "route.tuned.json").is_file()
    assert rlm("tune", "route.rlm", "--show").code == 0


def test_the_numbers_that_are_set_from_outside_may_be_set(folder: Path, rlm: Rlm) -> None:
    (folder / "find.rlm").write_text(blocks("rlm")[0])
    (folder / "book.txt").write_text("The key hangs behind the bell.\n")
    given = re.findall(r"`--set ([a-z]+\.[a-z]+=\w+)`", README)
    assert len(given) == 3
    sets = [x for each in given for x in ("--set", each)]
    run = ["run", "find.rlm", "--source", "book=book.txt", "--set", "question=where is the key"]
    assert rlm(*run, *sets).code == 0
    for command in ("runs", "show", "export", "run … --why-miss STEP", "run … --replay"):
        assert command.split(" …")[0] in README
        words = command.replace("STEP", "notes").split()
        line = [*run, *words[2:]] if "…" in words else words
        assert rlm(*line).code == 0, command


def test_the_project_file_that_is_shown_is_read(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").write_text(blocks("toml")[0])
    assert "openai/gpt-5-mini" in rlm("plan", "find.rlm").out


def test_no_place_or_registry_is_named_in_the_project() -> None:
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    banned = ["pypi" + ".org", "python" + "hosted", "/work/" + "main"]
    for name in files.stdout.split():
        path = ROOT / name
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="ignore")
            assert not [b for b in banned if b in text], name


@pytest.mark.skipif(shutil.which("git") is None, reason="needs a build")
def test_the_wheel_works_from_another_folder(tmp_path: Path) -> None:
    """Built, installed beside nothing of the checkout, and run from elsewhere."""
    import site

    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    inside = next((tmp_path / "env").glob("lib/*/site-packages"))
    import zipfile

    zipfile.ZipFile(wheel).extractall(inside)
    assert (inside / "rlmlang" / "_data" / "grammar" / "rlm.lark").is_file()
    assert (inside / "rlmlang" / "py.typed").is_file()
    (inside / "rest.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    (tmp_path / "a.txt").write_text("The key hangs behind the bell.\n")
    found = subprocess.run(
        [
            str(python),
            "-m",
            "rlmlang",
            "run",
            "std/needle",
            "--recipe",
            "find",
            "--source",
            "haystack=a.txt",
            "--set",
            "question=where is the key",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert (found.returncode, found.stdout) == (0, "The key hangs behind the bell.\n"), found.stderr
    where = subprocess.run(
        [str(python), "-c", "import rlmlang; print(rlmlang.__file__)"],
        check=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert str(inside) in where.stdout
