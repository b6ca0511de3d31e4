"""The built-in tools look into all contexts of a session, in every tier."""

from __future__ import annotations

import pytest

from rlmlang.context import TextDocument, Tree, whole
from tests.sandboxes.sessions import every, run

TREE = Tree("src", (
    TextDocument("a/one.py", b"import os\n\ndef pay():\n    return os.name\n"),
    TextDocument("b/two.py", b"from a.one import pay\npay()\n"),
))  # fmt: skip
LOG = whole(TextDocument("log.txt", b"may 1 pay 20\nmay 2 rest\n"))


@pytest.mark.parametrize("tier", every())
def test_tools_look_into_every_context(tier: tuple[str, ...]) -> None:
    (ran,) = run(
        {"repo": TREE, "log": LOG, "note": "who may pay?"},
        """
hits = grep(r"pay\\b", max=10, around=0)
print([(h["source"], h["path"], h["start"], h["match"]) for h in hits])
print(len(grep("pay", max=2)), grep("nobody"))
print(list_files(), list_files("two"))
print(repr(read_file("b/two.py")), repr(read_file("a/one.py", 0, 9)))
""",
        tier=tier,
    )
    assert not ran.error, ran.error
    assert ran.output.splitlines() == [
        "[('repo', 'a/one.py', 15, 'pay'), ('repo', 'b/two.py', 18, 'pay'), "
        "('repo', 'b/two.py', 22, 'pay'), ('log', 'log', 6, 'pay'), ('note', 'note', 8, 'pay')]",
        "2 []",
        "['a/one.py', 'b/two.py'] ['b/two.py']",
        "'from a.one import pay\\npay()\\n' 'import os'",
    ]


@pytest.mark.parametrize("tier", every())
def test_mistakes_in_calls_are_told(tier: tuple[str, ...]) -> None:
    cells = ("read_file('c.py')", "grep()", "grep('(')", "list_files(1, 2)", "grep('(a+)+$' * 40)")
    ran = run({"repo": TREE}, *cells, "print(len(repo))", tier=tier)
    assert "there is no file 'c.py'" in ran[0].error
    assert "call it as grep(pattern: Text" in ran[1].error
    assert "the pattern is wrong" in ran[2].error
    assert "call it as list_files" in ran[3].error
    assert ran[-1].output == "2\n"


@pytest.mark.parametrize("tier", every())
def test_rows_and_what_is_handed_over_are_alike(tier: tuple[str, ...]) -> None:
    seen: list[object] = []

    async def query(prompts: list[object], contexts: list[object], deep: bool) -> list[str]:
        seen.extend(contexts)
        return ["ok" for _ in prompts]

    rows = [{"n": i, "__handle": 0} for i in range(3_000)]
    ran = run(
        {"rows": rows, "few": rows[:1]},
        """
print(rows[0:7:3], few, rows[5] in rows, {"n": -1} in rows, rows[-1]["n"])
print(llm_query("a", {1: (2, {3})}), str(rows)[:21])
""",
        "llm_query('b', b'bytes')",
        "rows[3:1:-1]",
        "llm_query('c', rows)",
        query=query,
        tier=tier,
    )
    assert not ran[0].error, ran[0].error
    assert ran[0].output.splitlines() == [
        f"{[rows[0], rows[3], rows[6]]} {rows[:1]} True False 2999",
        "ok <Rows rows, 3000 rows",
    ]
    assert "bytes cannot be handed over" in ran[1].error
    assert "sliced forwards" in ran[2].error
    assert seen == [{"1": [2, [3]]}, rows]
