"""What is no plain file: pipes are read once and whole, devices, sockets and folders refused."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.types import DOC, TEXT
from rlmlang.runtime.given import open_path
from rlmlang.sources import pipes
from rlmlang.sources.local import open_file
from rlmlang.sources.place import Place
from rlmlang.sources.tree import open_several
from tests.conftest import BOOK, Rlm

ASKED = ("--set", "question=where is the key")
KEY = "The key hangs behind the third bell.\n"
ROWS = """rlm 1
record Row { id: Int }
recipe all_ids(rows: [Row]) -> [Int] { return ids(rows) }
"""


def run(folder: Path, command: str, given: bytes | None = None) -> subprocess.CompletedProcess[str]:
    """A command of bash in a folder, `rlm` being ours."""
    ours = f'rlm() {{ "{sys.executable}" -m rlmlang "$@"; }}\n'
    done = subprocess.run(
        ["bash", "-c", ours + command], cwd=folder, input=given, capture_output=True, check=False
    )
    return subprocess.CompletedProcess(
        [], done.returncode, done.stdout.decode(), done.stderr.decode()
    )


@pytest.fixture
def fifo(book: Path) -> Path:
    """A named pipe that the book is written to once."""
    path = book / "fifo"
    os.mkfifo(path)
    threading.Thread(target=path.write_text, args=(BOOK,), daemon=True).start()
    return path


def test_pipes_of_the_shell_are_read(book: Path) -> None:
    done = run(
        book, "rlm run find.rlm --set 'question=where is the key' --source book=<(cat book.txt)"
    )
    assert (done.returncode, done.stdout) == (0, KEY), done.stderr
    assert f"{len(BOOK)} of {len(BOOK)}" in done.stderr.replace(",", "")
    (book / "rows.rlm").write_text(ROWS)
    rows = b'\xef\xbb\xbf{"id": 1}\n\n{"id": 2}\n'
    assert json.loads(run(book, "rlm run rows.rlm --source rows=-", rows).stdout) == [1, 2]


def test_a_named_pipe_is_read(fifo: Path, rlm: Rlm) -> None:
    done = rlm("run", "find.rlm", "--source", "book=fifo", *ASKED)
    assert (done.code, done.out) == (0, KEY), done.err


def test_a_named_pipe_among_files_is_read_once(fifo: Path, book: Path) -> None:
    tree = open_several([str(fifo), "book.txt"])
    assert [d.read(0, d.size).decode() for d in tree.documents] == [BOOK, BOOK]


def test_a_dataset_may_come_through_a_pipe(folder: Path, rlm: Rlm) -> None:
    (folder / "e.rlm").write_text(
        'rlm 1\nprompt say(text: Text) -> Text "Say it."\n'
        "recipe r(text: Text) -> Text { return say(text) }\n"
        'dataset d { path: "fifo"  want: want }\neval e for r { over: d  score exact weight 1 }\n'
    )
    os.mkfifo(folder / "fifo")
    row = '{"text": "a bee", "want": "x"}\n'
    threading.Thread(target=(folder / "fifo").write_text, args=(row,), daemon=True).start()
    found = rlm("eval", "e.rlm", "--json")
    assert len(json.loads(found.out)["rows"]) == 1, found.err


def test_an_empty_pipe_is_empty_and_a_binary_one_binary(folder: Path) -> None:
    for data, code in (
        (b"", "empty-source"),
        (b"a\0b", "binary-source"),
        (b"\xff\xfea", "not-utf8"),
    ):
        read, write = os.pipe()
        os.write(write, data)
        os.close(write)
        with pytest.raises(CodedError) as told:
            open_file(f"/dev/fd/{read}")
        os.close(read)
        assert told.value.diagnostic.code == code


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs devices")
def test_devices_and_sockets_are_refused(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
        for path in ("/dev/zero", "/dev/urandom", "socket"):
            with pytest.raises(CodedError, match="not a file") as told:
                open_path(path, TEXT)
            assert told.value.diagnostic.code == "source-unreadable"
    with pytest.raises(CodedError, match="empty"):
        open_path("/dev/null", TEXT)
    with pytest.raises(CodedError, match="is no path"):
        open_path("a\0b", TEXT)


def test_a_device_behind_stdin_is_refused(book: Path) -> None:
    ask = "rlm run find.rlm --set 'question=where is the key' --source book={} < {}"
    refused = run(book, ask.format("-", "/dev/zero"))
    assert (refused.returncode, "[source-unreadable]" in refused.stderr) == (1, True)
    read = run(book, ask.format("/dev/stdin", "book.txt"))
    assert (read.returncode, read.stdout) == (0, KEY), read.stderr


def test_a_pipe_without_end_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "MOST", 1 << 16)
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as endless:
        assert endless.stdout is not None
        with pytest.raises(CodedError, match="gives more than 65,536 bytes"):
            open_file(f"/dev/fd/{endless.stdout.fileno()}")
        endless.kill()


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="needs /proc")
def test_a_file_that_does_not_know_its_size_is_read() -> None:
    document = open_file("/proc/cpuinfo")
    assert document.size == len(document.read(0, document.size)) > 0


def test_a_file_that_vanishes_is_told(book: Path) -> None:
    document = open_file("book.txt")
    (book / "book.txt").unlink()
    with pytest.raises(CodedError, match="there is no file"):
        document.read(0, 9)


def test_what_is_far_is_looked_at_like_a_file() -> None:
    import fsspec

    for name, data, code in (
        ("empty", b"", "empty-source"),
        ("nul", b"a\0b", "binary-source"),
        ("wide", b"\xff\xfea\0", "not-utf8"),
        ("marked", b"\xef\xbb\xbfa", ""),
        ("long", b"\xef\xbb\xbf" + b"a" * 20_000, ""),
    ):
        with fsspec.open(f"memory://pipes/{name}", "wb") as file:
            file.write(data)
        if code:
            with pytest.raises(CodedError) as told:
                Place(f"memory://pipes/{name}", DOC).document
            assert told.value.diagnostic.code == code
        else:
            document = Place(f"memory://pipes/{name}", DOC).document
            assert document.read(document.start, document.size) == data[3:]
