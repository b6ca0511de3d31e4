"""The site of the documents: built by its one command, whole, and asking no other host for anything."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from docs.build import DOCUMENTS, labels
from rlmlang.cli.pages import command_pages
from rlmlang.reference.index import pages
from tests.conftest import ROOT

LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|link)\b[^>]*?\b(?:src|href|srcset)=\"([^\"]*)\"|"
    r"url\(['\"]?([^)'\"]+)|@import\s+['\"]([^'\"]+)"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, made as the documents say."""
    place = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "docs.build", str(place)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return place


def html(site: Path) -> Iterator[Path]:
    """Its pages."""
    return site.rglob("*.html")


def ids(text: str) -> set[str]:
    """The anchors of a page."""
    return {unescape(x) for x in re.findall(r'\bid="([^"]+)"', text)}


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    found = {
        target
        for path in (*html(site), *site.rglob("*.css"))
        for groups in LOADED.findall(path.read_text(encoding="utf-8"))
        for target in groups
    }
    assert found
    assert [x for x in found if re.match(r"(\w+:)?//", x)] == []


def test_every_link_inside_leads_somewhere(site: Path) -> None:
    anchors = {path: ids(path.read_text(encoding="utf-8")) for path in html(site)}
    for path in anchors:
        for target in re.findall(r'<a\b[^>]*?\bhref="([^"]+)"', path.read_text(encoding="utf-8")):
            url = urlsplit(unescape(target))
            if url.scheme or url.netloc:
                continue
            to = (path.parent / unquote(url.path)).resolve() if url.path else path
            assert to.exists(), f"{path.name}: {target}"
            if url.fragment and to in anchors:
                assert unquote(url.fragment) in anchors[to], f"{path.name}: {target}"


def test_every_word_has_its_place(site: Path) -> None:
    made = [*pages(), *command_pages()]
    names = labels(made)
    assert len(set(names.values())) == len(made)
    for group in {p.group for p in made}:
        found = ids((site / "reference" / f"{group}.html").read_text(encoding="utf-8"))
        assert {names[id(p)] for p in made if p.group == group} - found == set()


def test_every_document_is_a_page_that_the_first_one_leads_to(site: Path) -> None:
    first = (site / "index.html").read_text(encoding="utf-8")
    for pattern in DOCUMENTS:
        for path in ROOT.glob(pattern):
            assert f'href="{path.relative_to(ROOT).with_suffix(".html")}"' in first, path


def test_the_words_can_be_searched_for(site: Path) -> None:
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    for word in ("count_by", "on_error", "unsound-coverage", "--model", "rlm_model", "bm25"):
        assert word in index.lower()
