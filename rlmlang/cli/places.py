"""Where a command finds and keeps things: the project of a recipe or of the current folder."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from rlmlang.cli.aside import kept
from rlmlang.runtime.root import STORE, root_of
from rlmlang.stores.address import StoreAddress, address_of, may_hold

if TYPE_CHECKING:
    from rlmlang.runtime.project import Project
    from rlmlang.stores.reader import StoreReader


class Keeping(TypedDict):
    """Where a run is kept, and whether rows count there that others wrote."""

    store: StoreAddress | None
    own_only: bool


def store_of(given: str, recipe: str = "") -> StoreAddress:
    """The store that is named, else that of the project of a recipe or of the current folder. Where
    there is none yet, and one lies in the current folder, says so: its answers are paid. Raises
    CodedError (bad-project, unknown-profile, project-untrusted)."""
    if given:
        return address_of(given)
    store = near(_of_project(recipe))
    if not may_hold(store) and Path(STORE).is_file() and not _said("quiet"):
        click.echo(f"an older store lies in ./{STORE.parent}: --store {STORE}", err=True)
    return store


def keeping(given: str, recipe: str = "", *, none: bool = False) -> Keeping:
    """The options that say where a run is kept, and whose rows count there."""
    return {"store": None if none else store_of(given, recipe), "own_only": not given}


def reader_of(given: str) -> StoreReader:
    """The store that is named, to be read as it is; else that of the current folder's project, as
    far as it is trusted. Raises CodedError (unknown-run, store-untrusted)."""
    from rlmlang.runtime.stored import reader_for

    return reader_for(store_of(given), own_only=not given)


def _of_project(recipe: str = "") -> StoreAddress:
    """The store of the project of a recipe or of the current folder, with the command's profile."""
    from rlmlang.runtime.project import load
    from rlmlang.runtime.trust import store_of as chosen

    project = load(root_of(recipe), kept("profile"))
    return chosen(project, trust=_said("trust"))


def near(place: StoreAddress) -> StoreAddress:
    """A path as it is written from the current folder, where it lies below it."""
    here = Path.cwd()
    if isinstance(place, Path) and place.is_relative_to(here):
        return place.relative_to(here)
    return place


def told(project: Project) -> list[str]:
    """A project in a line, and the profile that is chosen in another; none for what has no root."""
    root = project.root
    if root is None:
        return []
    file = f"{near(root.file)}" if root.file is not None else "no rlm.toml at or above it"
    store = near(project.store or root.store)
    words = f"project {root.folder} ({file}); runs are kept in {store}"
    return [words, *filter(None, [project.profile.words])]


def seen_with(store: StoreAddress | None) -> str:
    """The command that shows a run of a store from the current folder; empty for one not kept."""
    if store is None:
        return ""
    usual = _real(_usual()) == _real(store)
    return "rlm show" if usual else f"rlm show --store {shlex.quote(str(store))}"


def _real(place: StoreAddress) -> str | StoreAddress:
    return os.path.realpath(place) if isinstance(place, Path) else place


def _usual() -> StoreAddress:
    """The store that a command looks into which is given nothing."""
    from rlmlang.diagnostics.diagnostic import CodedError

    root = root_of()
    try:
        from rlmlang.runtime.project import load

        return load(root).store or root.store
    except CodedError:
        return root.store  # a file that cannot be used; the next command will say so


def _said(name: str) -> bool:
    """Whether the command was given a flag."""
    context = click.get_current_context(silent=True)
    return bool(context is not None and context.params.get(name))
