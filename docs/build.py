"""Makes the site: `python -m docs.build`, into `site/` or the folder that is named.

Its pages are the project's documents, and the reference, which is made anew from the tables of the
language each time. The generator is Sphinx; what the extra `docs` brings is all that is needed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.python_reference import python_page
from rlmlang.cli.pages import command_pages
from rlmlang.reference.index import about, groups, pages
from rlmlang.reference.markdown import code, fenced, page_markdown
from rlmlang.reference.page import GROUPS, Page
from rlmlang.reference.rows import ROWS, TEXT_OF_ROW

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCUMENTS = ("CHANGELOG.md", "CONTRIBUTING.md", "docs/*.md", "docs/guides/*.md", "rlmlang/*.md",
             "examples/*/[A-Z]*.md")  # fmt: skip
PARTS = {
    "Guides": "docs/guides/*",
    "Documents": "docs/*",
    "Reference": "\n".join(f"reference/{group}" for group in (*GROUPS, "python")),
    "Examples": "examples/*/*",
    "Project": "CHANGELOG\nCONTRIBUTING\nrlmlang/*",
}
"""What stands on the left of each page, in order."""


def build(out: Path) -> int:
    """Makes the site. Gives how many warnings there were, each of which is an error: a link that
    leads nowhere among them."""
    from sphinx.application import Sphinx

    with TemporaryDirectory() as folder:
        work = Path(folder, "text")
        write(work)
        app = Sphinx(work, ROOT / "docs", out, Path(folder, "trees"), "html", status=None)
        app.build()
        return app.statuscode or app._warncount  # noqa: SLF001, it has no other name


def write(work: Path) -> None:
    """Writes the text of every page."""
    known = [p for pattern in DOCUMENTS for p in sorted(ROOT.glob(pattern))]
    for path in known:
        target = work / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_linked(path, known), encoding="utf-8")
    (work / "reference").mkdir()
    made = [*pages(), *command_pages()]
    names = labels(made)
    for group, found in groups(made):
        text = "\n\n".join(_group(group, found, made, names))
        (work / "reference" / f"{group}.md").write_text(text + "\n", encoding="utf-8")
    (work / "reference" / "python.md").write_text(python_page(), encoding="utf-8")
    front = [_linked(README, known), *_contents(work)]
    (work / "index.md").write_text("\n\n".join(front) + "\n", encoding="utf-8")


def _linked(path: Path, known: list[Path]) -> str:
    """A document whose links to the README lead to the first page, and whose links to what is no
    page of the site are plain words."""

    def link(found: re.Match[str]) -> str:
        words, target = found.groups()
        place = (path.parent / target.partition("#")[0]).resolve()
        if place == README:
            return f"[{words}]({target.replace('README', 'index')})"
        kept = "://" in target or target.startswith("#") or place in known
        return found[0] if kept else words

    return re.sub(r"\[([^\]]*)\]\(([^)\s]+)\)", link, path.read_text(encoding="utf-8"))


def _contents(work: Path) -> Iterator[str]:
    """What there is to go to, by its parts; those that have a page."""
    for title, globs in PARTS.items():
        if any(list(work.glob(f"{pattern}.md")) for pattern in globs.splitlines()):
            options = f":caption: {title}\n:glob:\n:hidden:\n:maxdepth: 1"
            yield f"```{{toctree}}\n{options}\n\n{globs}\n```"


def _group(group: str, found: list[Page], made: list[Page], names: dict[int, str]) -> Iterator[str]:
    """The page of a group."""
    title, words = GROUPS[group]
    yield f"# {title if title == 'rlm.toml' else title.capitalize()}"
    yield words
    if group == "function":
        yield fenced(TEXT_OF_ROW, "rlm")
        yield fenced("\n".join(", ".join(map(str, row.values())) for row in ROWS), "text")

    def link(word: str) -> str:
        first = about(word, made)[0]
        return f"[{code(word)}](#{names[id(first)]})"

    for page in found:
        yield f"({names[id(page)]})=\n{page_markdown(page, '##', link)}"


def labels(made: Iterable[Page]) -> dict[int, str]:
    """The anchor of each page: its group and word; the second of a word has a number."""
    taken: dict[str, int] = {}
    found = {}
    for page in made:
        name = f"{slug(page.group)}-{slug(page.word)}"
        taken[name] = taken.get(name, 0) + 1
        found[id(page)] = name if taken[name] == 1 else f"{name}-{taken[name]}"
    return found


def slug(word: str) -> str:
    """A word as an anchor, in small letters; a mark by its number."""
    marks = re.sub(r"[^\w -]", lambda m: f"-x{ord(m[0]):x}-", word.lower())
    return re.sub(r"[-_ ]+", "-", marks).strip("-") or f"x{ord(word):x}"


if __name__ == "__main__":
    place = Path(sys.argv[1] if len(sys.argv) > 1 else "site")
    warnings = build(place)
    sys.stdout.write(f"{place}/index.html: {warnings or 'no'} warnings\n")
    sys.exit(1 if warnings else 0)
