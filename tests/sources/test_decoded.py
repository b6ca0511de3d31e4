"""Sources in other encodings: their text is kept by hash, and answers refer to that text."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

from rlmlang.context import TextDocument, whole
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.types import ANY, DOC, list_of
from rlmlang.plugins import opened
from rlmlang.schema.setting import ENCODINGS
from rlmlang.sources import decoded as kept
from rlmlang.sources.decoded import decoded
from rlmlang.sources.place import Place
from tests.conftest import Rlm

TEXT = "id,name\n1,Zoë – 5€\n2,Ærø\n"
RECIPE = """rlm 1

record Row {
  id: Int
  name: Text
}

source table: [Row] = csv("a.csv", encoding: "utf-16")

prompt say(row: Row) -> Text "What is its name?"

recipe go(rows: [Row] = table) -> [Text] {
  return map rows with say()
}
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "rlmlang" / kept.FOLDER


def text_at(path: Path, encoding: str) -> str:
    return opened("text", Place(str(path), DOC, options={"encoding": encoding})).text()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_encoding_is_one_of_python_and_is_read(tmp_path: Path, encoding: str) -> None:
    text = "plain letters, and a line\nthat ends\r\n" * 3
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    assert text_at(tmp_path / "a.txt", encoding.upper()) == text


def test_characters_across_blocks_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlmlang.sources.encodings.BLOCK", 3)
    for encoding, text in (("utf-16", "a😀漢é" * 5), ("shift-jis", "日本語abc" * 5)):
        (tmp_path / "a.txt").write_bytes(text.encode(encoding))
        assert text_at(tmp_path / "a.txt", encoding) == text


@pytest.mark.parametrize(
    ("data", "encoding", "words"),
    [
        ("é".encode("utf-16"), "latin-1", "begins with the byte order mark of utf-16-le"),
        (codecs.BOM_UTF8 + b"abc", "windows-1252", "begins with the byte order mark of utf-8"),
        ("é".encode("utf-16-le"), "utf-16", "has no byte order mark"),
        (b"ab\x81c", "windows-1252", "byte 2 is 81 63"),
        ("ab漢".encode("utf-16-le") + b"\x00", "utf-16-le", "is not utf-16-le: byte 6 is 00"),
        (b"a\x00\x00\xd8b\x00", "utf-16-le", "is not utf-16-le: byte 2 is 00 d8"),
        (b"ab\xff", "shift-jis", "is not shift-jis: byte 2 is ff"),
    ],
)
def test_another_encoding_is_refused(
    tmp_path: Path, data: bytes, encoding: str, words: str
) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(CodedError) as told:
        text_at(tmp_path / "a.txt", encoding)
    assert told.value.diagnostic.code == "bad-encoding" and words in str(told.value)


def test_the_text_is_made_once_and_again_when_what_is_kept_is_not_it(
    tmp_path: Path, cache: Path
) -> None:
    made = []

    def texts() -> list[str]:
        made.append(1)
        return ["one ", "two"]

    origin = TextDocument("a.pdf", b"\0\1")
    assert whole(decoded(origin, "pages 1", texts)).text() == "one two" and len(made) == 1
    assert whole(decoded(origin, "pages 1", texts)).text() == "one two" and len(made) == 1
    (path,) = cache.glob("*/*")
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("one too")
    assert whole(decoded(origin, "pages 1", texts)).text() == "one two" and len(made) == 2
    assert decoded(origin, "pages 2", texts).decoding == "pages 2" and len(made) == 3
    with pytest.raises(CodedError, match="holds no text"):
        decoded(origin, "nothing", list)


def test_a_cache_that_cannot_be_written_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    origin = TextDocument("a.pdf", b"\0")
    assert whole(decoded(origin, "pages", lambda: ["text"])).text() == "text"
    monkeypatch.setattr(kept, "MOST", 3)
    with pytest.raises(CodedError, match="cannot be kept"):
        decoded(origin, "pages", lambda: ["text"])


def test_rows_of_utf_16_are_read_and_the_receipt_says_of_what(folder: Path, rlm: Rlm) -> None:
    (folder / "a.csv").write_text(TEXT, encoding="utf-16", newline="")
    (folder / "r.rlm").write_text(RECIPE)
    done = rlm("run", "r.rlm", "--json")
    (line,) = json.loads(done.out)["receipt"]
    assert line["decoding"] == "utf-16-le" and line["promised"] == "exact"
    assert line["read"] == line["total"] == len(TEXT.encode()) - len("id,name\n")
    assert "bytes of text from utf-16-le" in rlm("run", "r.rlm").err


def test_an_original_that_changes_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TEXT, encoding="utf-16")
    place = Place(str(path), list_of(ANY), options={"encoding": "utf-16"})
    rows = opened("csv", place)
    path.write_text(TEXT + "3,x\n", encoding="utf-16")
    with pytest.raises(CodedError, match="changed while it was being read"):
        list(rows)
