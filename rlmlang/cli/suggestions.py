"""What may stand where a word is completed: files, recipes and what they have, runs, models."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from rlmlang.ir.recipe import Interface
from rlmlang.ir.suite import Checked
from rlmlang.ir.types import ImageType, TreeType

RUNS = 40  # the last so many are offered
Found = Iterable[str]


def suggest(kind: str, ctx: click.Context, word: str) -> list[CompletionItem[str]]:
    """What begins with a word, of a kind of the table; nothing where something is wrong."""
    try:
        found = KINDS[kind](ctx, word)
        return [CompletionItem(x) for x in dict.fromkeys(found) if x.startswith(word)]
    except Exception:
        return []


def _recipe_files(ctx: click.Context, word: str) -> Found:
    """Recipes and folders; of the library too, once `std/` is begun."""
    yield from _files(word, (".rlm",))
    if word.startswith("s"):
        from rlmlang import resources

        yield from (f"std/{name}" for name in resources.names("stdlib", ".rlm"))


def _plans(ctx: click.Context, word: str) -> Found:
    return [*_recipe_files(ctx, word), *_files(word, (".json",))]


def _any_file(ctx: click.Context, word: str) -> Found:
    return _files(word, ("",))


def _folders(ctx: click.Context, word: str) -> Found:
    return _files(word, ())


def _files(word: str, endings: tuple[str, ...]) -> Iterator[str]:
    """Files with one of the endings and folders, in the folder that a word names. Of a folder that
    is the only one, what stands in it."""
    folder, begun = os.path.split(word)
    before, found = word.removesuffix(begun), list[str]()
    if not Path(folder or ".").is_dir():
        return
    with os.scandir(folder or ".") as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            hidden = entry.name.startswith(".") and not begun
            if hidden or not entry.name.startswith(begun):
                continue
            if entry.is_dir():
                found.append(f"{before}{entry.name}/")
            elif endings and entry.name.endswith(endings):
                found.append(f"{before}{entry.name}")
    if len(found) == 1 and found[0].endswith("/") and found[0] != word:
        yield from list(_files(found[0], endings)) or found
        return
    yield from found


def _checked(ctx: click.Context) -> Checked:
    """The recipe file that stands on the command line, which may end in an option without value:
    then click has parsed nothing."""
    from rlmlang.runtime.checking import checked

    given = [ctx.params.get("file"), *(ctx.params.get("files") or ()), *ctx.args]
    texts = (str(x) for x in given if x)
    return checked(next(x for x in texts if x.startswith("std/") or Path(x).is_file()))


def _given(ctx: click.Context, name: str) -> str:
    """The value of an option, whether or not click has parsed it."""
    behind = dict(pairwise(ctx.args)).get(f"--{name}", "")
    return str(ctx.params.get(name) or behind)


def _recipe_names(ctx: click.Context, word: str) -> Found:
    return list(_checked(ctx).recipes)


def _recipes(ctx: click.Context, found: Checked) -> list[Interface]:
    """The recipe that is chosen, else all of the file."""
    chosen = _given(ctx, "recipe")
    return [r for name, r in found.recipes.items() if chosen in ("", name)]


def _sources(ctx: click.Context, word: str) -> Found:
    """Parameters and sources that are opened; behind the sign of equality, files."""
    name, equals, begun = word.partition("=")
    if equals:
        yield from (f"{name}={path}" for path in _files(begun, ("",)))
        return
    for recipe in _recipes(ctx, _checked(ctx)):
        opened = (p for p in recipe.params if _is_opened(p.type))
        yield from (f"{p.name}=" for p in opened)
        yield from (f"{source.name}=" for source in recipe.sources)


def _is_opened(type_: object) -> bool:
    textual, listed = (getattr(type_, n, False) for n in ("textual", "is_list"))
    return bool(textual or listed) or isinstance(type_, TreeType | ImageType)


def _sets(ctx: click.Context, word: str) -> Found:
    """Parameters, what may be set of the recipe, and limits of its budget."""
    from rlmlang.schema.settings import BUDGET

    found = _checked(ctx)
    for recipe in _recipes(ctx, found):
        yield from (
            f"{p.name}=" for p in recipe.params if not isinstance(p.type, TreeType | ImageType)
        )
    yield from (f"{name}=" for name in found.settable)
    yield from (f"budget.{name}=" for name in BUDGET)


def _batches(ctx: click.Context, word: str) -> Found:
    return [x.name for x in _checked(ctx).suite.batches]


def _evals(ctx: click.Context, word: str) -> Found:
    return [x.name for x in _checked(ctx).suite.evals]


def _tunes(ctx: click.Context, word: str) -> Found:
    return [x.name for x in _checked(ctx).suite.tunes]


def _models(ctx: click.Context, word: str) -> Found:
    """Models with a known price, for all models of the recipe or behind the name of one."""
    from rlmlang.runtime.project import load
    from rlmlang.runtime.root import root_of

    name, equals, _ = word.partition("=")
    project = load(root_of())
    return [
        f"{name}{equals}{x}" if equals else x for x in sorted({*project.prices, *project.takes})
    ]


def _profiles(ctx: click.Context, word: str) -> Found:
    """Those of the current folder's project."""
    from rlmlang.runtime.project import load
    from rlmlang.runtime.root import root_of

    file = load(root_of(), None).file
    return file.section("profile") if file is not None else ()


def _runs(ctx: click.Context, word: str) -> Found:
    """The last runs that are kept, the newest first."""
    from rlmlang.cli.places import reader_of

    words = [*ctx.args, ""]
    given = (
        ctx.params.get("store") or words[words.index("--store") + 1 if "--store" in words else -1]
    )
    reader = reader_of(given)
    return ["last", *(run.name for run in reversed(reader.runs()[-RUNS:]))]


def _words(ctx: click.Context, word: str) -> Found:
    from rlmlang.reference.index import words

    return words()


def _tiers(ctx: click.Context, word: str) -> Found:
    from rlmlang.schema.sandboxes import TIERS

    return TIERS


KINDS: dict[str, Callable[[click.Context, str], Found]] = {
    "batches": _batches,
    "evals": _evals,
    "file": _any_file,
    "folders": _folders,
    "models": _models,
    "plans": _plans,
    "profiles": _profiles,
    "recipe files": _recipe_files,
    "recipes": _recipe_names,
    "runs": _runs,
    "sets": _sets,
    "sources": _sources,
    "tiers": _tiers,
    "tunes": _tunes,
    "words": _words,
}
"""What each kind of the table of options and arguments offers."""
