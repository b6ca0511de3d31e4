"""Packed files and documents are read as the text they hold; what cannot be read says why."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import nbformat
import pypdf
import pytest
import zstandard
from docx.oxml import parse_xml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from reportlab.pdfgen.canvas import Canvas

from rlmlang.context import DecodedDocument, TextDocument
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.schema.readers import DOCUMENTS, PACKED, bare_name
from rlmlang.sources import formats
from rlmlang.sources.formats import open_text, text_in
from rlmlang.sources.tree import open_tree
from tests.conftest import Rlm

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
RECIPES = """rlm 1
record Row { id: Int, name: Text max 20tok }
prompt say(page: Slice) -> Text? max 90tok "What does the page say?"
prompt name(row: Row) -> Text? max 40tok "What is its name?"
recipe pages(book: Text) -> [Text?] { return map (split book by headings(max: 30tok)) with say() }
recipe names(rows: [Row]) -> [Text?] { return map rows with name() }
source raw: Tree = tree("docs", extract: false)
recipe markup(t: Tree = raw) -> [Text?] { return map (split t by files(max: 300tok)) with say() }
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "rlmlang" / "decoded"


def text_of(path: Path) -> str:
    document = open_text(str(path), path.name)
    return document.read(document.start, document.size).decode()


def code_of(path: Path) -> str:
    """The code and message of the problem with a file."""
    with pytest.raises(CodedError) as found:
        open_text(str(path), path.name)
    return f"{found.value.diagnostic.code}: {found.value.diagnostic.message}"


def pdf(path: Path, *pages: str) -> Path:
    canvas = Canvas(str(path))
    for page in pages:
        canvas.drawString(72, 700, page)
        canvas.showPage()
    canvas.save()
    return path


def epub(path: Path, *chapters: str, rights: str = "") -> Path:
    """A book whose chapters stand in another order in the file than they are read in."""
    numbers = range(len(chapters))
    items = "".join(
        f'<item id="c{i}" href="c%20{i}.xhtml" media-type="application/xhtml+xml"/>'
        for i in numbers
    )
    spine = "".join(f'<itemref idref="c{i}"/>' for i in numbers)
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="O/b.opf"/></rootfiles></container>',
        )
        if rights:
            book.writestr("META-INF/encryption.xml", rights)
        package = f"<manifest>{items}</manifest><spine>{spine}</spine>"
        book.writestr(
            "O/b.opf", f'<package xmlns="http://www.idpf.org/2007/opf">{package}</package>'
        )
        for i in reversed(numbers):
            body = f"<html><body>{chapters[i]}</body></html>"
            book.writestr(f"O/c {i}.xhtml", body, zipfile.ZIP_DEFLATED)
    return path


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}


@pytest.mark.parametrize("kind", PACK)
def test_packed_files_are_read_as_what_they_hold(tmp_path: Path, kind: str) -> None:
    text = "".join(f"{n**3} words: é漢🐝.\r\n" for n in range(90_000))
    half = len(text.encode()) // 2
    parts = PACK[kind](text.encode()[:half]) + PACK[kind](text.encode()[half:])
    path = tmp_path / f"a.txt.{kind}"
    path.write_bytes(parts)
    assert text_of(path) == text
    (tmp_path / "no_ending").write_bytes(parts)
    assert text_of(tmp_path / "no_ending") == text
    path.write_bytes(PACK[kind](b"\xef\xbb\xbfmarked"))
    assert text_of(path) == "marked"
    path.write_bytes(PACK[kind](PACK[kind](b"twice")))
    assert text_of(path) == "twice"
    for broken in (
        parts[:-20],
        parts[: len(parts) // 3],
        b"".join((parts[:200], b"\0" * 9, parts[209:])),
    ):
        path.write_bytes(broken)
        assert code_of(path).startswith("document-unreadable: a.txt."), broken[:10]
    path.write_bytes(PACK[kind](b""))
    assert code_of(path).startswith("empty-source")
    path.write_bytes(PACK[kind](b"\0binary"))
    assert code_of(path).startswith("binary-source")
    path.write_bytes(b"plain after all")
    assert text_of(path) == "plain after all"


@pytest.mark.parametrize("kind", PACK)
def test_a_bomb_is_refused_before_it_fills_the_disk(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    path = tmp_path / f"bomb.{kind}"
    path.write_bytes(PACK[kind](bytes(1 << 26)))
    monkeypatch.setattr(formats, "FREE", 1 << 20)
    assert code_of(path).startswith(f"source-too-large: bomb.{kind} unpacks to more than")
    assert not [p for p in cache.rglob("*") if p.is_file()]


@pytest.mark.parametrize("kind", PACK)
def test_rows_of_packed_files(folder: Path, rlm: Rlm, kind: str) -> None:
    (folder / "r.rlm").write_text(RECIPES)
    for name, text in {
        "a.csv": "id,name\n1,ann\n2,bob\n",
        "a.tsv": "id\tname\n1\tann\n2\tbob\n",
        "a.jsonl": '{"id": 1, "name": "ann"}\n{"id": 2, "name": "bob"}\n',
    }.items():
        (folder / f"{name}.{kind}").write_bytes(PACK[kind](text.encode()))
        given = ("--source", f"rows={name}.{kind}", "--json")
        done = rlm("run", "r.rlm", "--recipe", "names", *given)
        assert done.code == 0, done.err
        line = json.loads(done.out)["receipt"][0]
        assert (line["rows"], line["rows_read"]) == (2, 2)
        assert line["decoding"] == {"gz": "gzip", "zst": "zstd"}[kind]
    assert bare_name("x/A.CSV.GZ.zst") == "x/A.CSV"


def test_a_pdf_names_the_pages_of_what_was_said(folder: Path, rlm: Rlm) -> None:
    (folder / "r.rlm").write_text(RECIPES)
    pdf(folder / "a.pdf", "The bell is red.", "", "The key is behind it.")
    text = text_of(folder / "a.pdf")
    assert text.startswith("# page 1\f\n\nThe bell is red.\n\n# page 2\f\n\n# page 3\f\n\nThe key")
    done = rlm("run", "r.rlm", "--recipe", "pages", "--source", "book=a.pdf")
    assert done.code == 0, done.err
    assert "a.pdf page 3, bytes" in done.err
    assert "bytes of text from PDF (100.0%)" in done.err
    (folder / "b.pdf.gz").write_bytes(gzip.compress((folder / "a.pdf").read_bytes()))
    assert text_of(folder / "b.pdf.gz") == text


def test_a_pdf_that_cannot_be_read(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", "words")
    whole = path.read_bytes()
    for password, said in (("", "words"), ("secret", "needs a password")):
        writer = pypdf.PdfWriter(clone_from=io.BytesIO(whole))
        writer.encrypt(password, "owner", algorithm="RC4-128")
        writer.write(path)
        found = text_of(path) if not password else code_of(path)
        assert said in found
    assert "document-without-text: " in code_of(pdf(path, "", ""))
    for broken in (whole[:300], b"%PDF-1.7 and nothing", whole[:200] + bytes(400) + whole[600:]):
        path.write_bytes(broken)
        assert code_of(path).startswith("document-"), broken[:20]
    path.write_bytes(b"")
    assert code_of(path).startswith("empty-source")


def word(path: Path) -> Path:
    """A text with headings, a table, a tracked change, a link and a note that is deleted."""
    made = docx.Document()
    made.add_heading("Rules", 0)
    made.add_heading("Of bells", 2)
    paragraph = made.add_paragraph("A bell rings")
    paragraph._p.append(
        parse_xml(f"<w:ins {W}><w:r><w:t xml:space='preserve'> at noon</w:t></w:r></w:ins>")
    )
    paragraph._p.append(parse_xml(f"<w:del {W}><w:r><w:delText>never</w:delText></w:r></w:del>"))
    table = made.add_table(2, 2)
    for (row, column), text in {
        (0, 0): "bell",
        (0, 1): "tone",
        (1, 0): "big",
        (1, 1): "low",
    }.items():
        table.cell(row, column).text = text
    made.add_paragraph("The end.\tReally.")
    made.save(str(path))
    return path


def test_a_docx_with_headings_tables_and_tracked_changes(tmp_path: Path) -> None:
    assert text_of(word(tmp_path / "a.docx")) == (
        "# Rules\n\n## Of bells\n\nA bell rings at noon\n\n"
        "bell | tone\nbig | low\n\nThe end.\tReally.\n\n"
    )
    docx.Document().save(str(tmp_path / "b.docx"))
    assert code_of(tmp_path / "b.docx").startswith("document-without-text")
    for broken in (
        b"PK\x03\x04 and nothing",
        b"no archive",
        (tmp_path / "a.docx").read_bytes()[:900],
    ):
        (tmp_path / "c.docx").write_bytes(broken)
        assert code_of(tmp_path / "c.docx").startswith("document-unreadable")
    with zipfile.ZipFile(tmp_path / "d.docx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("word/document.xml", bytes((1 << 28) + 1))
    assert code_of(tmp_path / "d.docx").startswith("source-too-large")


PAGE = """<!DOCTYPE html><html><head><title>A
 page</title><style>p {}</style><script>let x = "<p>no</p>"</script></head>
<body><h1>Head &amp; tail</h1><p>One <b>bold</b>
word.<br>Next<ul><li>a<li>b &lt; c</ul><table><tr><th>1<td>2<tr><td>3</table>
<pre>x  y
  z</pre><!-- no --><template>no</template><p hidden>é</body></html>"""


def test_html_without_its_markup(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(PAGE)
    found = text_of(path)
    assert found.split() == (
        "A page # Head & tail One bold word. Next - a - b < c 1 | 2 3 x y z é".split()
    )
    assert "One bold word.\nNext" in found
    assert "x  y\n  z" in found
    for text, encoding in (
        ('<meta charset="windows-1252"><p>caf\xe9 \u20ac', "windows-1252"),
        ("<p>漢字", "utf-16"),
        ("<?xml version='1.0' encoding='iso-8859-1'?><p>\xe9t\xe9", "latin-1"),
    ):
        path.write_bytes(text.encode(encoding))
        assert text_of(path).strip() == text.rpartition(">")[2]
    for wrong in (b'<meta charset="klingon"><p>a', b"<p>caf\xe9"):
        path.write_bytes(wrong)
        assert code_of(path).startswith("document-unreadable")
    path.write_text("<script>only()</script>")
    assert code_of(path).startswith("document-without-text")


def test_an_epub_in_the_order_of_its_spine(tmp_path: Path) -> None:
    book = epub(tmp_path / "a.epub", "<h1>One</h1><p>First.</p>", "<p>Second &amp; last.</p>")
    assert text_of(book) == (
        "# chapter 1\f\n\n# One\n\nFirst.\n\n# chapter 2\f\n\nSecond & last.\n\n"
    )
    assert code_of(epub(book, "<img src='a'/>")).startswith("document-without-text")
    locked = '<encryption><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></encryption>'
    assert "it is encrypted" in code_of(epub(book, "<p>a</p>", rights=locked))
    with zipfile.ZipFile(book, "w") as empty:
        empty.writestr("mimetype", "application/epub+zip")
    assert code_of(book).startswith("document-unreadable")


def test_a_notebook_with_what_its_cells_printed(tmp_path: Path) -> None:
    made = new_notebook(
        cells=[
            new_markdown_cell("# Bells\nwords"),
            new_code_cell(
                "print(6 * 7)",
                outputs=[
                    new_output("stream", text="4\f2\n"),
                    new_output("execute_result", {"text/plain": "'x'", "text/html": "<b>x</b>"}),
                    new_output("error", ename="KeyError", evalue="'a'"),
                ],
            ),
        ]
    )
    path = tmp_path / "a.ipynb"
    nbformat.write(made, path)
    assert text_of(path) == (
        "# cell 1 (markdown)\f\n\n# Bells\nwords\n\n# cell 2 (code)\f\n\nprint(6 * 7)\n\n"
        "printed by cell 2:\n4\n2\n\nprinted by cell 2:\n'x'\n\n"
        "printed by cell 2:\nKeyError: 'a'\n\n"
    )
    for wrong, code in (
        ("{}", "document-unreadable"),
        ("[", "document-unreadable"),
        ('{"nbformat": 4, "cells": []}', "document-without-text"),
    ):
        path.write_text(wrong)
        assert code_of(path).startswith(code)


def test_a_folder_of_documents_and_the_same_as_they_are(folder: Path, rlm: Rlm) -> None:
    (folder / "r.rlm").write_text(RECIPES)
    docs = folder / "docs"
    docs.mkdir()
    word(docs / "a.docx")
    pdf(docs / "b.pdf", "The bell is red.")
    pdf(docs / "scan.pdf", "")
    (docs / "c.html").write_text("<p>Words of a page.</p>")
    (docs / "d.txt.gz").write_bytes(gzip.compress(b"packed words"))
    (docs / "e.docx").write_bytes(b"PK\x03\x04 broken")
    tree = open_tree(str(docs))
    assert [d.id for d in tree.documents] == ["a.docx", "b.pdf", "c.html", "d.txt.gz"]
    assert {x.name: x.reason for x in tree.left_out} == {
        "scan.pdf": "without text",
        "e.docx": "broken or encrypted",
    }
    done = rlm("run", "r.rlm", "--recipe", "markup")
    assert "<p>Words of a page.</p>" in done.out
    assert "3 of 3 documents" in done.err
    assert "left out of t: 3 files" in done.err


def test_an_extra_that_is_missing_is_named(folder: Path) -> None:
    pdf(folder / "a.pdf", "words")
    (folder / "b.txt").write_text("words")
    code = """if True:
        import sys
        sys.modules["pypdf"] = None
        from rlmlang.diagnostics.diagnostic import CodedError
        from rlmlang.sources.formats import open_text
        from rlmlang.sources.tree import open_tree
        try:
            open_text("a.pdf")
        except CodedError as problem:
            print(problem.diagnostic.code, problem.diagnostic.hint)
        print(open_tree(".").left_out)
        """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "extra-missing pip install 'rlmlang[documents]'" in done.stdout
    assert "LeftOut(name='a.pdf', reason='needs rlmlang[documents]')" in done.stdout


def test_each_form_has_its_own_words_and_a_change_is_noticed(tmp_path: Path) -> None:
    kinds = (*PACKED, *DOCUMENTS)
    assert len({k.name for k in kinds}) == len(kinds)
    path = tmp_path / "a.html"
    path.write_text("<p>first words</p>")
    document = open_text(str(path))
    assert isinstance(document, DecodedDocument)
    path.write_text("<p>other words</p>")
    with pytest.raises(CodedError) as found:
        document.read(document.start, document.size)
    assert found.value.diagnostic.code == "source-changed"
    held = text_in(TextDocument("page.html?x=1", b"<p>words</p>"))
    assert held.read(0, held.size) == b"words\n"
