"""`rlm deps`: the packages that a project uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rlmlang.cli.flags import flags
from rlmlang.cli.width import show
from rlmlang.schema.exits import FAILED

if TYPE_CHECKING:
    from rlmlang.deps.project import Project
    from rlmlang.packages.lock import Lock

OFFLINE = click.option("--offline", is_flag=True, help="Ask no repository; use what is here.")


@click.group()
def command() -> None:
    """Look after the packages that this project uses: [deps] of rlm.toml, and rlm.lock.

    \b
    rlm deps add acme/legal --git https://git.acme.eu/legal --tag v3.2.0
    rlm deps lock --locked
    rlm deps why acme/terms
    """


@command.command()
@click.argument("name")
@click.option("--path", metavar="FOLDER", help="Its folder.")
@click.option("--git", metavar="URL", help="Its repository.")
@click.option("--tag", metavar="TAG", help="The tag of the repository.")
@click.option("--branch", metavar="BRANCH", help="The branch of the repository.")
@click.option("--rev", metavar="COMMIT", help="The commit of the repository.")
@click.option("--subdir", metavar="FOLDER", help="Its folder in the repository.")
@click.option("--python", metavar="VERSIONS", help="Versions of its Python distribution: >=1.4,<2.")
def add(name: str, **given: str | None) -> None:
    """Use the package NAME, and lock it. Without a source, the versions of it that Python has."""
    from rlmlang.deps import edit
    from rlmlang.deps.project import Project, updated
    from rlmlang.packages.tree import MANIFEST
    from rlmlang.runtime.root import root_of

    root = root_of()
    path = root.folder / MANIFEST
    said = {k: v for k, v in given.items() if v} or {"python": ">=0"}
    text = edit.with_dep(edit.read(path), name, said)
    lock = updated(Project(root.folder, edit.deps_in(path, text)), [name])
    edit.write(path, text, name, lock.asked[name])
    _told(lock, [name])


@command.command()
@click.argument("name")
def remove(name: str) -> None:
    """Use the package NAME no more."""
    from rlmlang.deps import edit
    from rlmlang.deps.project import Project, chosen, updated
    from rlmlang.packages.tree import MANIFEST

    project = _project()
    chosen(project, [name])
    path = project.folder / MANIFEST
    deps = edit.write(path, edit.without_dep(edit.read(path), name), name, "")
    updated(Project(project.folder, deps), ())
    click.echo(f"{name} is not used any more", err=True)


@command.command()
@OFFLINE
@flags("deps lock")
def lock(offline: bool, locked: bool) -> None:
    """Choose versions where rlm.toml has changed, write rlm.lock, and fetch what is missing. With
    --locked nothing may change: for CI."""
    from rlmlang.deps.project import locked as made

    found = made(_project(), exactly=locked, offline=offline)
    _told(found, list(found.deps))


@command.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--moved", is_flag=True, help="Take a tag that names another commit than it did.")
def update(names: tuple[str, ...], moved: bool) -> None:
    """Take newer versions of the packages NAME, of all where none is named: the highest tag of the
    same major, the branch as it is now, the folder and the installed distribution as they are."""
    from rlmlang.deps import edit
    from rlmlang.deps.project import Project, chosen, updated
    from rlmlang.deps.raising import newest
    from rlmlang.packages.tree import MANIFEST

    project = _project()
    keys = chosen(project, names)
    path = project.folder / MANIFEST
    text, deps = edit.read(path), project.deps
    for dep in (d for d in project.deps if d.key in keys):
        tag = newest(dep)
        if tag and tag != dep.source.ref:
            text = edit.with_dep(text, dep.key, {**edit.given(dep), "tag": tag})
            deps = edit.deps_in(path, text)
    found = updated(Project(project.folder, deps), keys, moved=moved)
    for key in keys if deps != project.deps else ():
        edit.write(path, text, key, found.asked[key])
    _told(found, keys)


@command.command()
def vendor() -> None:
    """Copy all packages into the folder vendor of this project, to be reviewed and kept with it.
    From then on the copies are used, held against the same hashes."""
    from rlmlang.deps.project import locked, vendor

    project = _project()
    for folder in vendor(project, locked(project, exactly=True)):
        click.echo(str(folder.relative_to(project.folder)))


@command.command(name="list")
@flags("deps list")
def list_(as_values: bool) -> None:
    """List the packages that are locked, with where they come from."""
    found = _locked(_project())
    rows = [
        {
            "name": p.name,
            "version": str(p.version),
            "source": str(p.source),
            "hash": p.hash,
            "code": list(p.code),
            "deps": dict(p.deps),
        }
        for p in found.packages.values()
    ]
    if as_values:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        code = f"  Python: {', '.join(row['code'])}" if row["code"] else ""
        click.echo(f"{row['name']} {row['version']}  {row['source']}{code}")


@command.command()
@click.argument("name")
def why(name: str) -> None:
    """Show who asks for the package NAME."""
    from rlmlang.deps.project import why as chains

    for chain in chains(_locked(_project()), name):
        click.echo(" → ".join(("this project", *chain)))


@command.command()
@flags("deps verify")
def verify(as_values: bool) -> None:
    """Hold the files of all packages against the hashes of rlm.lock."""
    from rlmlang.deps.project import states
    from rlmlang.diagnostics.render import as_json

    project = _project()
    found = list(states(project, _locked(project)))
    wrong = [problem for _, problem in found if problem is not None]
    if as_values:
        click.echo(json.dumps([as_json(d) for d in wrong], indent=2, ensure_ascii=False))
    else:
        for locked, problem in found:
            show([f"{locked.id}  {'whole' if problem is None else problem.message}"])
    if wrong:
        raise click.exceptions.Exit(FAILED)


@command.command()
@click.argument("folder", default=".")
@flags("deps check")
def check(folder: str, as_values: bool) -> None:
    """Say what stands against publishing the package in FOLDER: exports without documentation,
    recipes without a test, a version that is too low for what changed since the last tag."""
    from rlmlang.cli.edge import say
    from rlmlang.deps.review import review
    from rlmlang.diagnostics.render import as_json, summary

    manifest, found = review(Path(folder).resolve())
    if as_values:
        click.echo(json.dumps([as_json(d) for d in found], indent=2, ensure_ascii=False))
    else:
        say(found)
        click.echo(f"{manifest.name} {manifest.version}: {summary(found)}", err=True)
    if any(d.severity == "error" for d in found):
        raise click.exceptions.Exit(FAILED)


def _project() -> Project:
    from rlmlang.deps.project import project_of
    from rlmlang.runtime.root import root_of

    return project_of(root_of())


def _locked(project: Project) -> Lock:
    """The lock of a project, which may not be missing."""
    from rlmlang.runtime.packages import Packages
    from rlmlang.runtime.root import Root

    return Packages(Root(project.folder)).lock


def _told(lock: Lock, keys: list[str]) -> None:
    for key in sorted(keys):
        found = lock.packages[lock.deps[key]]
        click.echo(f"{found.id}  {found.source}", err=True)
        if found.code:
            files = ", ".join(found.code)
            click.echo(f"  has Python, which runs only if [code] allow names it: {files}", err=True)
