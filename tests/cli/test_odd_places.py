"""Stores at odd paths, and streams that are closed, full or not UTF-8: each is fine, or an error
with a code. Real processes, since a stream is one's own only there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Rlm

RECIPE = (
    'rlm 1\nprompt say(x: Text) -> Text "Say it."\nrecipe r(x: Text) -> Text { return say(x) }\n'
)
CODE = (
    'rlm 1\ncode up(x: Text) -> Text from "up.py:up"\nrecipe r(x: Text) -> Text { return up(x) }\n'
)
PLACES = {
    "folder": "store-missing",
    "text.txt": "store-damaged",
    "text.txt/x.db": "store-unwritable",
    "new/deep/runs.db": "",
    "a name with spaces.db": "",
    "émoji 🙂.db": "",
    "new\nline.db": "",
    "file:runs.db?mode=memory": "",
    ":memory:": "",
    "a%20b?x#y.db": "",
    "-": "",
    "../work/up.db": "",
    "empty": "",
    "loop": "store-unwritable",
    "loop/x.db": "store-unwritable",
    "pipe": "store-unwritable",
    os.devnull: "store-unwritable",
    "n" * 300: "store-unwritable",
    "/".join(["d" * 200] * 30): "store-unwritable",
}


@pytest.fixture
def work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all that may be in a store's place."""
    made = folder / "work"
    (made / "folder").mkdir(parents=True)
    (made / "r.rlm").write_text(RECIPE)
    (made / "up.rlm").write_text(CODE)
    (made / "up.py").write_text("def up(x):\n    print('say é🙂')\n    return x.upper() + ' é🙂'\n")
    (made / "text.txt").write_text("This is no store, and stays as it is.\n")
    (made / "empty").touch()
    (made / "loop").symlink_to("loop")
    os.mkfifo(made / "pipe")
    monkeypatch.chdir(made)
    return made


def codes(words: str) -> list[str]:
    """The codes of the errors in what was said, which is one screen."""
    assert "Traceback" not in words and "Exception ignored" not in words, words
    assert len(words.splitlines()) < 24, words
    return re.findall(r"error\[([\w-]+)\]", words)


@pytest.mark.parametrize(("place", "code"), PLACES.items(), ids=lambda x: x[:20])
def test_a_store_lies_anywhere_a_file_may(work: Path, rlm: Rlm, place: str, code: str) -> None:
    before = {p.name for p in work.iterdir()}
    command = ["run", "r.rlm", "--set", "x=hello", "-q", "--store", place]
    done = subprocess.run(
        [sys.executable, "-m", "rlmlang", *command],
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=100,
        check=False,
    )
    assert codes(done.stderr) == ([code] if code else []), done.stderr
    assert done.stdout == ("" if code else "hello\n")
    seen = rlm("show", "--store", place)
    if not code:
        assert Path(place).is_file() and "finished" in seen.out, seen.err
        return
    assert codes(seen.err)[0] in (code, "unknown-run"), seen.err
    assert Path("text.txt").read_text() == "This is no store, and stays as it is.\n"
    if code != "store-damaged":
        assert {p.name for p in work.iterdir()} - before <= {".rlm"}, "nothing is left behind"


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
RUN = "{rlm} run up.rlm --set x=hi -q --no-store"
STREAMS = {
    "stdin closed": (f"{RUN} <&-", {}, 0, "HI é🙂\n", ""),
    "stderr closed": (f"{RUN} 2>&-", {}, 0, "HI é🙂\n", ""),
    "stdout closed": (f"{RUN} >&-", {}, 2, "", "file-unwritable"),
    "all closed": (f"{RUN} <&- >&- 2>&-", {}, 2, "", ""),
    "stdout full": (f"{RUN} >/dev/full", {}, 2, "", "file-unwritable"),
    "page full": ("{rlm} explain map >/dev/full", {}, 2, "", "file-unwritable"),
    "page closed": ("{rlm} explain map >&-", {}, 2, "", "file-unwritable"),
    "no data": ("{rlm} run up.rlm --source x=- -q --no-store <&-", {}, 1, "", "empty-source"),
    "C locale": (RUN, ASCII, 0, "HI \\u00e9\\ud83d\\ude42\n", ""),
    "UTF-8 in a C locale": (
        r"printf 'caf\303\251' | {rlm} run up.rlm --source x=- -q --no-store",
        ASCII, 0, "CAF\\u00c9 \\u00e9\\ud83d\\ude42\n", "",
    ),
    "latin-1 data": (
        r"printf 'caf\351' | {rlm} run up.rlm --source x=- -q --no-store", {}, 1, "", "not-utf8",
    ),
    "latin-1 argument": (
        r"{rlm} run up.rlm --set x=$(printf 'caf\351') -q --no-store", {}, 2, "", "wrong-input",
    ),
}  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("name", STREAMS)
def test_streams_may_be_closed_full_or_of_another_encoding(work: Path, name: str) -> None:
    command, environment, code, out, error = STREAMS[name]
    done = subprocess.run(
        ["/bin/bash", "-c", command.format(rlm=f"{sys.executable} -m rlmlang")],
        env={**os.environ, **environment},
        capture_output=True,
        timeout=100,
        check=False,
    )
    said = done.stderr.decode("utf-8", "replace")
    assert (done.returncode, done.stdout.decode(), codes(said)) == (
        code, out, [error] if error else [],
    ), said  # fmt: skip
