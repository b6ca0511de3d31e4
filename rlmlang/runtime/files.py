"""Recipe files read: by path, from the standard library, and as imports of each other."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from rlmlang import resources
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.source import Package, SourceFile
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.packages.tree import hash_of
from rlmlang.packages.version import Range, range_of, version_of
from rlmlang.unicode import file_name

STD = "std/"
MOST_USED = 1 << 20  # bytes of a file behind `use`

HERE = "recipe.rlm"
"""What a recipe that was given as text is called; its files lie in the current folder."""


def folder_of(path: str) -> Path:
    """The folder that a recipe lies in. Raises CodedError for what can be no path."""
    try:
        return Path(path).resolve().parent
    except (ValueError, OSError) as mistake:
        raise failed("recipe-missing", f"{file_name(path)!r} is no path: {mistake}") from None


def read_source(path: str, most: int = 16 << 20) -> SourceFile:
    """A recipe file of so many bytes, or `std/NAME` of the standard library. Raises CodedError
    (recipe-missing, recipe-unreadable)."""
    if path.startswith(STD):
        return _standard(path)
    try:
        with Path(path).open("rb") as file:  # what never ends is not read to its end
            data = file.read(most + 1)
    except (OSError, ValueError) as mistake:
        raise _no_recipe(path, mistake) from None
    if len(data) > most:
        raise failed(
            "recipe-unreadable",
            f"{path} is longer than {most:,} bytes",
            hint="long texts and tables are sources of a recipe, not parts of it",
        )
    try:
        return SourceFile(path, data.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as mistake:
        raise failed(
            "recipe-unreadable",
            f"{path} is not UTF-8 text: byte {mistake.start:,}",
            hint="save the recipe as UTF-8",
        ) from None


def _standard(path: str) -> SourceFile:
    name = path.removeprefix(STD).removesuffix(".rlm")
    try:
        return SourceFile(path, resources.text("stdlib", f"{name}.rlm"), standard())
    except OSError:
        known = [STD + n for n in resources.names("stdlib", ".rlm")]
        raise failed(
            "recipe-missing", f"there is no {path}", hint=did_you_mean(path, known)
        ) from None


@cache
def standard() -> Package:
    """The standard library, a package that comes with rlmlang and has its version."""
    names = (f"{n}.rlm" for n in resources.names("stdlib", ".rlm"))
    tree = {n: (resources.folder("stdlib") / n).read_bytes() for n in names}
    return Package(STD.removesuffix("/"), resources.__version__, hash_of(tree))


def _no_recipe(path: str, mistake: OSError | ValueError) -> CodedError:
    above = os.path.isdir(os.path.dirname(path) or ".")
    near = [str(p) for p in Path(path).parent.glob("*.rlm")] if path and above else []
    hint = did_you_mean(path, near) or "make one: rlm new my.rlm"
    why = getattr(mistake, "strerror", None) or mistake
    words = "may not be read" if isinstance(mistake, PermissionError) else "cannot be opened"
    return failed("recipe-missing", f"{file_name(path)} {words}: {why}", hint=hint)


def write_whole(path: Path, text: str, mode: int = 0o666) -> None:
    """Writes a file in one step: all of it or nothing. `mode` is who may read it, as far as the
    process allows. Raises CodedError (file-unwritable)."""
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with open(part, "x", encoding="utf-8", opener=lambda p, f: os.open(p, f, mode)) as file:
            file.write(text)
        part.replace(path)
    except OSError as mistake:
        raise failed("file-unwritable", f"{path} cannot be written: {mistake.strerror}") from None


def asked_for(version: str) -> Range:
    """The versions that a `use` asks for. Raises CodedError (package-version)."""
    asked = range_of(version)
    if asked is None:
        words = f"`@{version}` is no range of versions"
        raise failed("package-version", words, hint="such as @^3.2, @~3.2, @>=3 or @3.2.1")
    return asked


def _require(package: Package, version: str) -> None:
    """Raises CodedError (package-version) where the standard library is not what is asked for."""
    found = version_of(package.version)
    if found is None or not asked_for(version).holds(found):
        words = f"`{package.name}` is at {package.version}, where @{version} is asked for"
        raise failed("package-version", words, hint="install another version of rlmlang")


def import_path(path: str, importer: str) -> str:
    """The file behind a `use`, from where its importer lies."""
    if path.startswith(STD):
        return path
    return os.path.normpath(os.path.join(os.path.dirname(importer), path))


def is_package(path: str) -> bool:
    """Whether a `use` names a package that is not the standard library."""
    return not path.startswith((STD, "./", "../"))


def load_import(path: str, importer: str, version: str = "") -> SourceFile | None:
    """The file behind a `use`, or None where there is none, and for any package but the standard
    library. Raises CodedError (recipe-unreadable) for a pipe or a device, what is no text and what
    is too long, and package-version."""
    if is_package(path):
        return None
    full = import_path(path, importer)
    if version:
        _require(standard(), version)
    if os.path.exists(full) and not os.path.isfile(full) and not os.path.isdir(full):
        raise failed(
            "recipe-unreadable",
            f"{full} is a pipe or a device, where `use` of {importer} wants a file",
            hint="name a recipe file",
        )
    try:
        return read_source(full, MOST_USED)
    except CodedError as mistake:
        if mistake.diagnostic.code == "recipe-unreadable":
            raise
        return None


def recipe_in(given: str | Path) -> str | SourceFile:
    """A recipe's path as text, or the recipe itself where its text was given: it begins with its
    edition, or has several lines. Raises CodedError (wrong-input) for what is neither."""
    if given == "" or not isinstance(given, str | os.PathLike):
        raise failed("wrong-input", f"a recipe is a path or its text, not {given!r:.60}")
    if isinstance(given, str) and ("\n" in given or given.lstrip().startswith("rlm ")):
        return SourceFile(str(Path.cwd() / HERE), given)
    return str(given)
