"""What a package promises its users, read off its recipes: types, coverage, bounds, tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from rlmlang import compiler, plugins
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.binding import Binding
from rlmlang.ir.recipe import Recipe
from rlmlang.ir.suite import Checked, Export
from rlmlang.packages.changes import Signature
from rlmlang.packages.manifest import renamed
from rlmlang.packages.tree import MANIFEST, Tree, main_file
from rlmlang.plan.plan import Plan
from rlmlang.reference.package import Described, Entry
from rlmlang.runtime.checking import checked
from rlmlang.runtime.package_files import manifest_from, package_in
from rlmlang.runtime.packages import Packages
from rlmlang.runtime.prepared import sound
from rlmlang.runtime.root import Root


def described(what: str, root: Root) -> Described:
    """The package in a folder, or the one of that name that a project has locked. Raises BadRecipe
    for one whose files do not check, and CodedError for what is no package."""
    if Path(what).is_dir():
        folder, home = Path(what).resolve(), ""
        manifest, tree = package_in(folder, what)
    else:
        packages = Packages(root)
        locked = packages.lock.named([what])[-1]
        placed = packages.placed(locked)
        folder, tree, home = placed.folder, placed.tree, str(root.file)
        manifest = renamed(manifest_from(tree[MANIFEST], what), locked.version)
    files = checked_files(folder, tree, home)
    for found in files.values():
        sound(found)
    return Described(manifest, tuple(entries(manifest.name, tree, files)), tree)


def checked_files(folder: Path, tree: Tree, home: str = "") -> dict[str, Checked]:
    """The recipe files of a package, by name."""
    names = sorted(n for n in tree if n.endswith(".rlm"))
    return {n: checked(str(folder / n), home=home) for n in names}


def entries(package: str, tree: Tree, files: Mapping[str, Checked]) -> Iterator[Entry]:
    """What a package exports, its main file first."""
    main = main_file(package, tree)
    tests = [t for found in files.values() for t in found.suite.tests]
    for name in sorted(files, key=lambda n: (n != main, n)):
        use = package if name == main else f"{package}/{name.removesuffix('.rlm')}"
        for export in files[name].exports:
            plan = _plan(files[name].recipes.get(export.name))
            own = tuple(t.text for t in tests if t.recipe == export.name and t.batch is None)
            most = plan.totals.worst if plan is not None else None
            yield Entry(name, use, export, _signature(export, plan), most, own)


def _plan(recipe: Recipe | None) -> Plan | None:
    """The plan of a recipe of which nothing is given yet; None where there can be none."""
    try:
        return compiler.plan(recipe, Binding(), plugins.find) if recipe is not None else None
    except CodedError:
        return None


def _signature(export: Export, plan: Plan | None) -> Signature:
    facts = plan.facts.get("result") if plan is not None else None
    coverage = str(facts.kept) if facts is not None else ""
    calls = plan.totals.worst.calls if plan is not None else None
    return Signature(export.word, export.takes, export.gives, export.types, coverage, calls)
