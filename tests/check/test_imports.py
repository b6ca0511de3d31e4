"""Files that use other files."""

from __future__ import annotations

from rlmlang import compiler
from rlmlang.diagnostics.source import SourceFile

DEEP = 700  # files in a chain: more than Python calls go into each other


def text(n: int) -> str:
    """A file that uses the one behind it and the one before it, as long as there is one."""
    near = [m for m in (n + 1, n - 1) if 0 <= m < DEEP]
    uses = "".join(f'use "./{m}.rlm" {{ Row{m} }}\n' for m in near)
    return f"rlm 1\n{uses}record Row{n} {{ id: Int }}\n"


def test_a_chain_of_files_may_be_long() -> None:
    read: list[str] = []

    def load(path: str, importer: str, version: str = "", /) -> SourceFile:
        read.append(path)
        return SourceFile(path, text(int(path.removeprefix("./").removesuffix(".rlm"))))

    last = f'use "./{DEEP - 1}.rlm" {{ Row{DEEP - 1} }}\n'
    body = f"recipe f(rows: [Row{DEEP - 1}], row: Row0) -> Int {{ return count(rows) + row.id }}\n"
    first = SourceFile("f.rlm", f'rlm 1\nuse "./0.rlm" {{ Row0 }}\n{last}{body}')
    found = compiler.check(first, load)
    assert not found.diagnostics and "f" in found.recipes
    assert len({*read}) == DEEP
