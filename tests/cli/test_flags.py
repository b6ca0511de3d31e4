"""Shared options and exit codes: each stands in one table, and the commands keep to it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from rlmlang.cli.flags import FLAGS, Flag
from rlmlang.cli.main import COMMANDS, rlm
from rlmlang.schema.codes import CODES
from rlmlang.schema.exits import EXITS, exit_of
from tests.conftest import Rlm
from tests.servers import Reply, chat_server, completion


def walk() -> Iterator[tuple[str, click.Command]]:
    """Every command, and those below it."""
    for name in COMMANDS:
        command = rlm.get_command(click.Context(rlm), name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {below}", made) for below, made in command.commands.items())
        else:
            yield name, command


WALKED = dict(walk())


@pytest.mark.parametrize("flag", FLAGS, ids=lambda f: f.words[0])
def test_a_flag_is_on_the_commands_on_which_it_means_something(flag: Flag) -> None:
    assert set(flag.on) <= set(WALKED) and len(set(flag.on)) == len(flag.on) >= 2
    found = {name for name, c in WALKED.items() if any(_is(p, flag) for p in c.params)}
    assert found - set(flag.on) == set(flag.own), "has it, and means nothing there"
    assert set(flag.on) - found == set(), "lacks it"


def _is(option: click.Parameter, flag: Flag) -> bool:
    written = {w for words in flag.words for w in words.split("/")}
    return bool(written & {*option.opts, *option.secondary_opts})


@pytest.mark.parametrize("flag", FLAGS, ids=lambda f: f.words[0])
def test_a_flag_is_the_same_everywhere(flag: Flag) -> None:
    made = [p for name in flag.on for p in WALKED[name].params if _is(p, flag)]
    said = {
        (p.name, p.help, p.envvar, tuple(p.opts), str(p.default))
        for p in made
        if isinstance(p, click.Option)
    }
    assert len(made) == len(flag.on)
    assert len(said) == 1


def test_options_of_two_commands_are_in_the_table() -> None:
    """What two commands have and mean alike is declared once."""
    written = {w for f in FLAGS for words in f.words for w in words.split("/")}
    apart = {
        "--answer",
        "--from",
        "--out",
        "--format",
        "--all",
        "--force",
        "--list",
        "--show",
        "--name",
        "--check",
        "--plan",
        "--limit",
        "--texts",
    }
    seen: dict[str, set[str]] = {}
    for name, command in WALKED.items():
        for option in command.params:
            for word in option.opts if isinstance(option, click.Option) else ():
                seen.setdefault(word, set()).add(name)
    twice = {word for word, names in seen.items() if len(names) > 1}
    assert twice - written - apart == set()


def test_variables_stand_for_flags(book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLM_SET", "question=where is the key\nbudget.calls=50")
    monkeypatch.setenv("RLM_SOURCE", "book=book.txt")
    monkeypatch.setenv("RLM_JSON", "1")
    done = rlm("plan", "find.rlm")
    assert done.code == 0, done.err
    assert json.loads(done.out)["interface"]["budget"]["calls"] == 50


BROKEN = "rlm 1\nrecipe go(x: Text) -> Text { return y }\n"
HOW = {
    0: ("check", "find.rlm"),
    1: ("run", "find.rlm", "--source", "book=none.txt", "--set", "question=x"),
    2: ("run", "find.rlm", "--set", "question=x", "--set", "year=3"),
    65: ("check", "broken.rlm"),
    70: ("plan", "find.rlm"),
    75: ("run", "find.rlm", "--source", "book=book.txt", "--set", "question=x",
         "--set", "budget.calls=1"),
    130: ("run", "find.rlm", "--source", "book=book.txt", "--set", "question=x", "--model", "m",
          "--parallel", "1"),
}  # fmt: skip


def test_the_table_of_exit_codes_is_whole() -> None:
    codes = [x.code for x in EXITS]
    assert codes == sorted(set(codes)) == list(HOW)
    assert {row[0] for row in CODES.values()} == set(codes)
    assert all(exit_of(x.code).title and x.then.endswith(".") for x in EXITS)


@pytest.mark.parametrize("code", HOW)
def test_a_real_command_ends_with_each_exit_code(
    code: int, book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    (book / "broken.rlm").write_text(BROKEN)
    if code == 70:
        monkeypatch.setattr("rlmlang.runtime.prepare.bind_inputs", lambda *a, **k: 1 // 0)
    pressed: list[bool] = []

    def interrupting(body: dict[str, object]) -> Reply:
        """An answer during which the user presses Ctrl-C, once."""
        if not pressed:
            pressed.append(True)
            os.kill(os.getpid(), signal.SIGINT)
        return completion("[[ ## result ## ]]\nnothing")

    with chat_server(interrupting) as server:
        more = ("--api-base", server.base) if code == 130 else ()
        assert rlm(*HOW[code], *more).code == code


@pytest.mark.parametrize("code", HOW)
def test_each_exit_code_is_explained(code: int, rlm: Rlm) -> None:
    said = rlm("explain", str(code))
    title = exit_of(code).title
    assert (said.code, title in " ".join(said.out.split())) == (0, True)
    assert all(len(line) <= 80 for line in said.out.splitlines()[1:])


@pytest.mark.parametrize("name", WALKED)
def test_help_fits_and_every_option_is_explained(name: str, rlm: Rlm) -> None:
    said = rlm(*name.split(), "--help")
    assert said.code == 0
    assert all(len(line) <= 80 for line in said.out.splitlines())
    options = [p for p in WALKED[name].params if isinstance(p, click.Option)]
    assert [p.name for p in options if not p.help or not p.help.endswith(".")] == []
