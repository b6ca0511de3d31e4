"""Which tests there are: those of files, and those of the packages that a project uses, which run
in the project, with the versions that it has locked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir.suite import Test
from rlmlang.packages.tree import Tree
from rlmlang.runtime.packages import Packages, Placed
from rlmlang.runtime.root import Root
from rlmlang.testing.tests import Used, tests_in

MARK = b'test "'


@dataclass(frozen=True)
class Group:
    """Tests that belong together: of files, or of a package that is `used`. `broken` are files that
    do not check, each with what is wrong; `fine` are those that do."""

    tests: tuple[Test, ...]
    broken: tuple[tuple[str, Exception], ...] = ()
    fine: tuple[str, ...] = ()
    used: Used | None = None

    @property
    def package(self) -> str:
        """`NAME@VERSION`; empty for files of the project itself."""
        return self.used.id if self.used is not None else ""


def of_files(paths: Iterable[str], used: Used | None = None) -> Group:
    """The tests of files, which are those of a package where one is `used`."""
    tests: list[Test] = []
    broken: list[tuple[str, Exception]] = []
    fine: list[str] = []
    for path in paths:
        try:
            tests += tests_in(path, used.home if used is not None else "")
            fine.append(path)
        except Exception as problem:  # whatever it is, the other files are tested
            broken.append((path, problem))
    return Group(tuple(tests), tuple(broken), tuple(fine), used)


def of_packages(root: Root, names: Sequence[str]) -> list[Group]:
    """The tests of the packages of these names that a project has locked, of all where there is no
    name; each is held against its hash. Raises CodedError (no-tests, package-unknown), and those of
    a lock that does not hold."""
    packages = Packages(root)
    if root.file is None or not packages.deps:
        raise failed(
            "no-tests",
            f"the project {root.folder} uses no package",
            hint="`rlm deps add NAME …` uses one; without --deps its own tests run",
        )
    packages.require()
    home = str(root.file)
    return [_of_package(packages.placed(x), home) for x in packages.lock.named(names)]


def _of_package(placed: Placed, home: str) -> Group:
    used = Used(placed.locked.id, str(placed.folder), home, placed.package.code)
    return of_files((str(placed.folder / n) for n in _with_tests(placed.tree)), used)


def _with_tests(tree: Tree) -> Iterator[str]:
    return (n for n in sorted(tree) if n.endswith(".rlm") and MARK in tree[n])


def about(groups: Sequence[Group], pattern: str) -> list[Group]:
    """The groups with those of their tests whose name, recipe or file has these words. Raises
    CodedError (no-test) where there are tests, and none of them has."""
    every = [t for g in groups for t in g.tests]
    found = [replace(g, tests=tuple(t for t in g.tests if _has(t, pattern))) for g in groups]
    if every and not any(g.tests for g in found):
        names = ", ".join(t.name for t in every[:8])
        raise failed("no-test", f"no test is about {pattern!r}", hint=names)
    return found


def _has(test: Test, pattern: str) -> bool:
    return pattern.lower() in f"{test.name} {test.recipe} {test.base}".lower()
