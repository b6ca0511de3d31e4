"""Recipes with marks in them: `|` is where the cursor is, `‹…›` what is meant."""

from __future__ import annotations

import re

from rlmlang.diagnostics.source import SourceFile
from rlmlang.editor.analysis import Analysis, analyse
from rlmlang.ir.binding import Binding
from rlmlang.ir.recipe import Recipe
from rlmlang.runtime.files import load_import
from rlmlang.runtime.project import Project, bind_models

FILES = {
    "shared.rlm": """rlm 1

/// A row of the log.
record Row { id: Int, user: Text max 8tok, text: Text max 60tok }

enum Label { location, number }

/// Says what a page holds.
prompt look(page: Slice, question: Text max 50tok) -> Text? max 40tok "{{ question }}"

pattern halves(book: Text, ask: prompt(Slice) -> Text?) -> [Text?] {
  let cut = split book by tokens(max: 100tok)

  return map cut with ask()
}
"""
}


def load(path: str, importer: str, version: str = "") -> SourceFile | None:
    """What a marked recipe uses: one of `FILES`, or the standard library."""
    name = path.removeprefix("./")
    return SourceFile(name, FILES[name]) if name in FILES else load_import(path, importer)


def plain(marked: str) -> str:
    """The text without its marks."""
    return re.sub("[‹›|]", "", marked)


def cursor(marked: str) -> int:
    """Where the cursor is."""
    return len(re.sub("[‹›]", "", marked).split("|")[0])


def meant(marked: str) -> list[tuple[int, int]]:
    """The beginnings and ends of what is meant."""
    bare, found, at = marked.replace("|", ""), [], 0
    for part in re.split("([‹›])", bare):
        if part == "‹":
            found.append((at, at))
        elif part == "›":
            found[-1] = (found[-1][0], at)
        else:
            at += len(part)
    return found


def analysed(marked: str, path: str = "find.rlm") -> Analysis:
    """A marked recipe, analysed."""
    return analyse(SourceFile(path, plain(marked)), load, bind=bind)


def bind(recipe: Recipe) -> Binding:
    """The models of a recipe as it declares them."""
    return Binding(bind_models(recipe, Project(), ()))
