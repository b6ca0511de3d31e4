"""The guides are true: each is carried out from its top to its end, in an empty folder.

A guide is a file of `docs/guides/`. What its fenced blocks mean:

- ```` ```rlm find.rlm ```` (or python, csv, json, text, toml … and a name): a file, written there.
  A recipe is laid out as `rlm fmt` would, unless the word `broken` follows its name.
- ```` ```rlm ```` without a name: a recipe that `rlm check` must pass, kept nowhere.
- ```` ```sh ````: commands, one a line (`\\` continues it), carried out in this process: `rlm`,
  `python FILE`, `cat`, `rm`, `mkdir`, `cd`, `export NAME=VALUE`. `# exit 65` at the end of a line
  is the code it must end with; without it, 0. All lines are run before the output is compared.
- ```` ```sh elsewhere ````: commands that need a key, a server or a network. They are not carried
  out, but their command and options must exist.
- ```` ```python ```` without a name: runs in this process; the blocks of a guide share their names.
- ```` ```text ```` (or json, csv, md) without a name, behind one of those: what was printed, both
  streams in order. Times, names of runs, hashes of plans, the folder and moments may differ. `…`
  stands for a part of a line, or, alone in a line, for any lines.

Write a guide with empty blocks of text; `pytest tests/tidy/test_guides.py --update` puts what was
printed into each block that is wrong. Read it, and leave out what nobody needs by `…`. Run it with
`-k NAME` for your guide alone.
"""

from __future__ import annotations

import os
import re
import runpy
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path

import click
import pytest

from rlmlang.cli.main import main
from rlmlang.cli.main import rlm as command_line
from tests.conftest import ROOT, Rlm

GUIDES = [*sorted((ROOT / "docs" / "guides").glob("*.md")), ROOT / "docs" / "agents.md"]
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRINTED = ("text", "json", "csv", "md")
HERE = "~/work"
"""How a guide writes the folder that it stands in."""
DIFFERS = (
    (r"\b\d{8}-\d{6}-([\w-]+)-[0-9a-f]{4}\b", r"RUN-\1"),
    (r"\b\d+(?:\.\d+)? (s|ms|min)\b", r"TIME \1"),
    (r"\b(plan(?: of \w+)?\s+)[0-9a-f]{12}\b", r"\1HASH"),
    (r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?\b", "MOMENT"),
    (r"prices of \d{4}-\d\d-\d\d", "prices of DAY"),
    (r"[ ]+", " "),
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its kind, the words behind that, its text, and where this stands."""

    kind: str
    words: list[str]
    text: str
    span: tuple[int, int]


@dataclass
class Session:
    """What a guide did: all that the commands since the last block of text have printed."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    names: dict[str, object] = field(default_factory=lambda: {"__name__": "guide"})
    printed: str = ""

    def step(self, block: Block) -> None:
        """Carries a block out."""
        if block.words and block.words[0] not in ("elsewhere", "broken"):
            path = self.folder / block.words[0]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
            return
        self.printed = ""
        if block.kind == "sh":
            for line in commands(block.text):
                self.printed += known(line) if block.words else self.command(line)
        elif block.kind == "python":
            exec(compile(block.text, "guide", "exec"), self.names)  # noqa: S102
            self.printed += self.capture.readouterr().out
        elif block.kind == "rlm":
            self.check(block)

    def check(self, block: Block) -> None:
        """Holds a recipe without a name to be one."""
        path = self.folder / "without_a_name.rlm"
        path.write_text(block.text)
        self.command(f"rlm check {path.name}")
        path.unlink()

    def command(self, line: str) -> str:
        """What a command prints, both streams as they come."""
        line, _, wanted = line.partition("# exit ")
        name, *words = shlex.split(line, comments=True)
        code = self.rlm(words) if name == "rlm" else self.other(name, words)
        printed = self.capture.readouterr().out
        assert code == int(wanted or 0), f"{line}: exit {code}\n{printed}"
        assert "Traceback" not in printed, printed
        return printed

    def rlm(self, words: list[str]) -> int:
        """Calls the command line in this process."""
        self.patch.setattr(sys, "argv", ["rlm", *words])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0)

    def other(self, name: str, words: list[str]) -> int:
        """The few other commands that guides have."""
        if name == "python":
            self.patch.setattr(sys, "argv", words)
            runpy.run_path(words[0], run_name="__main__")
        elif name == "cat":
            sys.stdout.write("".join(Path(word).read_text() for word in words))
        elif name == "export":
            for word in words:
                self.patch.setenv(*word.split("=", 1))
        elif name == "mkdir":
            Path(words[-1]).mkdir(parents=True, exist_ok=True)
        elif name == "cd":
            self.patch.chdir(words[0])
        elif name == "rm":
            shutil.rmtree(words[-1]) if Path(words[-1]).is_dir() else Path(words[-1]).unlink()
        else:
            pytest.fail(f"guides have no command `{name}`")
        return 0


def commands(text: str) -> Iterator[str]:
    """The commands of a block."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def known(line: str) -> str:
    """Holds the command and options of a line to exist."""
    name, *words = shlex.split(line, comments=True)
    if name == "rlm":
        with click.Context(command_line) as above:
            found = command_line.get_command(above, words[0])
            assert found is not None, line
            found.make_context(words[0], words[1:], parent=above, resilient_parsing=False)
    return ""


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a guide, in order."""
    return [Block(m[1], m[2].split(), m[3], m.span(3)) for m in BLOCK.finditer(text)]


def alike(shown: str, printed: str, folder: Path) -> bool:
    """Whether what is shown was printed, but for what differs each time and what is left out."""
    pattern = re.escape(steady(shown, folder)).replace("\\…", "…")
    pattern = re.sub(r"(?m)^…\\?\n", "(?:.*\n)*", pattern).replace("…", ".*")
    return re.fullmatch(pattern, steady(printed, folder)) is not None


def steady(text: str, folder: Path) -> str:
    """A text without what differs each time."""
    text = text.replace(str(folder), HERE)
    for pattern, instead in DIFFERS:
        text = re.sub(pattern, instead, text)
    return "".join(f"{line.rstrip()}\n" for line in text.strip().splitlines())


@contextmanager
def one_stream() -> Iterator[None]:
    """Both streams as one, so that what is printed stands in its order."""
    kept, of_python = os.dup(2), sys.stderr
    os.dup2(1, 2)
    sys.stderr = sys.stdout
    try:
        yield
    finally:
        sys.stderr = of_python
        os.dup2(kept, 2)
        os.close(kept)


@pytest.mark.parametrize("path", GUIDES, ids=lambda p: p.stem)
def test_a_guide_runs_and_prints_what_it_shows(
    path: Path,
    folder: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    text = path.read_text()
    session, wrong = Session(folder, capfd, monkeypatch), {}
    with one_stream():
        for block in blocks(text):
            if block.kind not in PRINTED or block.words:
                session.step(block)
            elif not alike(block.text, session.printed, folder):
                wrong[block.span] = session.printed
    if request.config.getoption("--update"):
        path.write_text(with_printed(text, wrong))
    else:
        assert [difference(text[slice(*s)], printed, folder) for s, printed in wrong.items()] == []


def difference(shown: str, printed: str, folder: Path) -> str:
    """What is shown and was not printed, and what was printed instead."""
    texts = [steady(text, folder).splitlines() for text in (shown, printed)]
    return "\n".join(unified_diff(*texts, "shown", "printed", lineterm="", n=1))


def with_printed(text: str, wrong: dict[tuple[int, int], str]) -> str:
    """A guide whose wrong blocks hold what was printed."""
    for (start, end), printed in sorted(wrong.items(), reverse=True):
        printed = printed.replace(str(Path.cwd()), HERE)
        text = (
            text[:start]
            + "".join(f"{x.rstrip()}\n" for x in printed.strip().splitlines())
            + text[end:]
        )
    return text


@pytest.mark.parametrize("path", GUIDES, ids=lambda p: p.stem)
def test_the_recipes_of_a_guide_are_laid_out(
    path: Path, folder: Path, rlm: Rlm, request: pytest.FixtureRequest
) -> None:
    text, wrong = path.read_text(), {}
    for block in blocks(text):
        if block.kind == "rlm" and "broken" not in block.words:
            (folder / "shown.rlm").write_text(block.text)
            assert rlm("fmt", "shown.rlm").code == 0
            laid_out = (folder / "shown.rlm").read_text()
            if laid_out != block.text:
                wrong[block.span] = laid_out
    if request.config.getoption("--update"):
        path.write_text(with_printed(text, wrong))
    else:
        assert list(wrong.values()) == []


def test_what_is_shown_and_was_not_printed_is_seen(tmp_path: Path) -> None:
    assert alike("one …\n…\nlast 0.1 s\n", "one two\nthree\nfour\nlast 12.3 s\n", tmp_path)
    assert not alike("one\n", "two\n", tmp_path)
    assert not alike("one\n", "one\ntwo\n", tmp_path)
    assert not alike("1 call\n…\n", "2 calls\n", tmp_path)
