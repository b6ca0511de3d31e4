"""The files of a package: which belong to it, what they may be called, and the hash of them all."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping

from rlmlang.diagnostics.diagnostic import CodedError, failed

MANIFEST = "rlm.toml"
INCLUDE = ("**/*.rlm", "**/*.tuned.json", "README.md", "CHANGELOG.md", "LICENSE")
"""What belongs to a package that does not say; its `rlm.toml` always does."""
MOST_FILES, MOST_BYTES, MOST_IN_ALL = 2_000, 8_000_000, 32_000_000
LONGEST = 200  # characters of a name
VENDOR = "vendor"
STRANGE = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
Tree = Mapping[str, bytes]
"""The files of a package: names with `/` from its folder, and what is in them."""


def hash_of(tree: Tree) -> str:
    """`h1:` and 44 characters, as Go's `dirhash.Hash1`: a sha256 over a line for each file with its
    own sha256 and its name, sorted by name."""
    whole = hashlib.sha256()
    for name in sorted(tree):
        whole.update(f"{hashlib.sha256(tree[name]).hexdigest()}  {name}\n".encode())
    return f"h1:{base64.b64encode(whole.digest()).decode()}"


def folder_name(hash_: str) -> str:
    """The hexadecimal digits of a hash, which a folder can be called. Raises ValueError."""
    return base64.b64decode(hash_.removeprefix("h1:"), validate=True).hex()


def included(name: str, include: Iterable[str]) -> bool:
    """Whether a file belongs to its package. What begins with a dot, and packages that are copied
    into it, never do."""
    parts = name.split("/")
    if any(p.startswith(".") for p in parts) or parts[0] == VENDOR:
        return False
    return name == MANIFEST or any(_pattern(p).fullmatch(name) for p in include)


def _pattern(glob: str) -> re.Pattern[str]:
    """`*` stands for a part of a name, `**/` for any folders."""
    found = re.escape(glob).replace(r"\*\*/", "(?:[^/]+/)*").replace(r"\*", "[^/]*")
    return re.compile(found.replace(r"\?", "[^/]"))


def require_names(names: Iterable[str], where: str) -> None:
    """Raises CodedError (package-unsafe) for names that lead elsewhere, or that not every file
    system can hold apart."""
    seen: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        if any(p in ("", ".", "..") for p in parts) or STRANGE.search(name):
            raise unsafe(where, f"holds a file called {name!r:.100}")
        if len(name) > LONGEST or any(p.endswith((".", " ")) for p in parts):
            raise unsafe(where, f"holds a file called {name!r:.100}")
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise unsafe(where, f"holds two files {other} and {name}")


def require_sizes(sizes: Mapping[str, int], where: str) -> None:
    """Raises CodedError (package-too-large) for more or larger files than a package may have."""
    large = [n for n, size in sizes.items() if size > MOST_BYTES]
    if large:
        words = f"{large[0]} has {sizes[large[0]]:,} bytes, where {MOST_BYTES:,} are allowed"
    elif len(sizes) > MOST_FILES:
        words = f"it has {len(sizes):,} files, where {MOST_FILES:,} are allowed"
    elif sum(sizes.values()) > MOST_IN_ALL:
        words = f"its files have {sum(sizes.values()):,} bytes, where {MOST_IN_ALL:,} are allowed"
    else:
        return
    raise failed(
        "package-too-large",
        f"{where}: {words}",
        hint="leave large data out of the package's `include`; a recipe opens it as a source",
    )


def unsafe(where: str, words: str) -> CodedError:
    """A package with something in it that could do harm where it is unpacked."""
    return failed(
        "package-unsafe",
        f"{where} {words}",
        reason="Nothing of it was kept.",
        hint="tell whoever publishes the package; plain files with plain names are taken",
    )


def main_file(name: str, tree: Iterable[str]) -> str:
    """The file that `use "NAME"` means: the one of the package's last name, else its only one;
    empty where there is neither."""
    own = name.rsplit("/", 1)[-1] + ".rlm"
    top = [n for n in tree if n.endswith(".rlm") and "/" not in n]
    return own if own in top else top[0] if len(top) == 1 else ""


def code_in(tree: Iterable[str]) -> tuple[str, ...]:
    """The Python files of a package."""
    return tuple(sorted(n for n in tree if n.endswith(".py")))
