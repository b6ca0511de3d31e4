"""The default sandbox: handles, limits, errors, and many sessions on few workers."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from rlmlang import plugins
from rlmlang.context import TextDocument, whole
from rlmlang.partitions.measure import Estimate
from rlmlang.sandboxes.bridge import Caps
from rlmlang.sandboxes.handles import Handles
from rlmlang.sandboxes.monty import MontySandbox, Workers
from rlmlang.sandboxes.monty_rewrite import UnsupportedError, desugar
from rlmlang.schema.sandboxes import TIERS
from tests.sandboxes.sessions import run, submitted

BIG = "".join(f"{i:06} user{i % 7} says hello number {i}\n" for i in range(60_000))


def test_a_large_text_is_a_handle_that_feels_like_text() -> None:
    log = whole(TextDocument("log.txt", BIG.encode()))
    ran = run(
        {"log": log},
        """
print(len(log), log[:6], log[-10:-1], "user6 says hello number 59996" in log, "nobody" in log)
print(log.search(r"number (59\\d99)$", max=2)[0]["groups"] if log.search("number 59.99") else None)
print(log.lines(3, 5), log.find("user3"), log.count("user3"))
from collections import Counter
print(Counter(line.split()[1] for line in log if line).most_common(1))
pieces = log.split(max=200_000)
print(len(pieces), len(pieces[0]), sum(len(p) for p in pieces) == len(log), pieces[0][:6])
print([n for n, line in enumerate(log) if "number 7777" in line][:2])
print(log)
""",
    )
    assert not ran[0].error, ran[0].error
    lines = ran[0].output.splitlines()
    assert lines[0].startswith(f"{len(BIG)} 000000 ")
    assert lines[0].endswith("True False")
    assert (
        "['000003 user3 says hello number 3', '000004 user4 says hello number 4'] 106 8571"
        in lines[2]
    )
    assert lines[3] == "[('user0', 8572)]"
    assert lines[4].endswith("True 000000")
    assert lines[5] == "[7777]"
    assert "a handle" in lines[6]


def test_code_may_take_any_name_that_the_handles_use() -> None:
    log = whole(TextDocument("log.txt", BIG.encode()))
    (ran,) = run(
        {"log": log},
        """
Text = Tree = Rows = Reference = Session = KINDS = HANDLES = plain = wrapped = call = None
print(len(log), log.split(max=200_000)[0][:6], llm_query("go", log) != "")
""",
    )
    assert ran.output.split() == [str(len(BIG)), "000000", "True"], ran


def test_handles_travel_to_sub_calls() -> None:
    seen = []

    async def query(prompts: list[Any], contexts: list[Any], deep: bool) -> list[str]:
        seen.extend((p, type(c).__name__, deep) for p, c in zip(prompts, contexts, strict=True))
        return ["ok" for _ in prompts]

    log = whole(TextDocument("log.txt", BIG.encode()))
    (ran,) = run(
        {"log": log},
        "ps = log.split(max=200_000)\nprint(llm_query('a', ps[0]), "
        "llm_query_batched(['b', 'c'], ps[:2]), rlm_query('d', log[:9]))",
        query=query,
    )
    assert not ran.error, ran.error
    assert [s[0] for s in seen] == ["a", "b", "c", "d"]
    assert [s[1:] for s in seen] == [("Slice", False)] * 3 + [("str", True)]


def test_variables_stay_and_a_lost_session_comes_back() -> None:
    ran = run(
        {"x": 1},
        "x = x + 1\ny = [x]",
        "y.append('a' * 10**10)",
        "print(x, y)",
        "while True: pass",
        "print(x, y)",
        caps=Caps(cpu=0.5, memory=64 << 20),
    )
    assert [r.kind for r in ran] == ["", "resource", "", "resource", ""]
    assert ran[1].fresh
    assert ran[2].output == ran[4].output == "2 [2]\n"


def test_what_a_model_sees_of_errors() -> None:
    ran = run(
        {"x": "abc"},
        "a = 1\nb = a / 0",
        "x.nosuch()",
        "def (",
        "import numpy",
        "SUBMIT()",
        "try:\n    SUBMIT(5)\nexcept BaseException:\n    pass",
        "print('never')",
    )
    assert "ZeroDivisionError" in ran[0].error
    assert 'File "<cell>", line 2' in ran[0].error
    assert "prelude" not in ran[4].error
    assert "python-input" not in "".join(r.error for r in ran)
    assert ran[2].kind == "syntax"
    assert "numpy" in ran[3].error
    assert "SUBMIT: takes one value" in ran[4].error
    assert (ran[5].submitted, ran[5].value, len(ran)) == (True, 5, 6)


def test_the_cap_on_host_calls_is_ours_and_a_flood_of_words_is_cut() -> None:
    ran = run(
        {"x": 1},
        "print(sum(len(llm_query('q')) for i in range(1500)) > 0)",
        "for i in range(200000): print('flood ' * 10)",
        query=quick,
    )
    assert ran[0].output == "True\n", ran[0].error
    assert "more characters are not shown" in ran[1].output
    assert len(ran[1].output) < 25_000


async def quick(prompts: list[Any], contexts: list[Any], deep: bool) -> list[str]:
    return ["a" for _ in prompts]


def test_a_pattern_that_never_ends_is_stopped_on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    import rlmlang.sandboxes.handles as handles

    monkeypatch.setattr(handles, "SECONDS", 0.2)
    log = whole(TextDocument("log.txt", (b"a" * 5_000 + b"!") * 300))
    (ran,) = run({"log": log}, "print(log.search('(a|aa)+$', max=1))")
    assert "make it simpler" in ran.error


def test_parents_hold_no_worker_while_their_children_wait_for_one() -> None:
    """Five sessions deep on one worker."""
    workers = Workers(TIERS["monty"], most=1)

    async def level(depth: int) -> str:
        async def query(prompts: list[Any], contexts: list[Any], deep: bool) -> list[str]:
            return [await level(depth + 1)] if depth < 5 else ["leaf"]

        sandbox = MontySandbox(workers, Handles(plugins.partition, Estimate()))
        await sandbox.open({"n": depth}, {"__query": query}, submitted)
        ran = await sandbox.run("SUBMIT(f'{n}<' + rlm_query('go') + '>')")
        return str(ran.value)

    async def main() -> str:
        try:
            async with asyncio.timeout(30):
                return await level(0)
        finally:
            await workers.close()

    assert asyncio.run(main()) == "0<1<2<3<4<5<leaf>>>>>>"


def test_many_sessions_share_few_workers() -> None:
    async def main() -> list[Any]:
        workers = Workers(TIERS["monty"], most=2)

        async def slow(prompts: list[Any], contexts: list[Any], deep: bool) -> list[str]:
            await asyncio.sleep(0.05)
            return [str(p) for p in prompts]

        async def one(n: int) -> Any:
            sandbox = MontySandbox(workers, Handles(plugins.partition, Estimate()))
            await sandbox.open({"n": n}, {"__query": slow}, submitted)
            return (await sandbox.run("SUBMIT(int(llm_query(str(n))) * 2)")).value

        try:
            return await asyncio.gather(*[one(n) for n in range(100)])
        finally:
            await workers.close()

    assert asyncio.run(main()) == [n * 2 for n in range(100)]


@pytest.mark.parametrize(
    "code",
    [
        "class A:\n    def __len__(self): return 3\nprint(len(A()))",
        "class A:\n    def __lt__(self, other): return True\nprint(sorted([A(), A()]))",
        "class A:\n    @property\n    def x(self): return 1\nprint(A().x)",
        "from enum import Enum\nclass L(Enum):\n    A = 1\nprint(L.A)",
        "import re\nprint(re.compile('a').search('ba', 1))",
        "import contextlib",
        "import uuid",
        "import urllib.parse",
        "import numpy",
        "print(callable(print))",
        "print(globals())",
        "def g():\n    x = yield 1\nnext(g())",
    ],
)
def test_what_is_lacking_is_said_as_such(code: str) -> None:
    """Each is named in what the model is told, so that it may do without, or a cell move on."""
    (ran,) = run({"x": 1}, code)
    assert ran.kind == "unsupported", ran
    named = re.findall(
        r"__len__|__lt__|property|Enum|pattern.search|contextlib|uuid|urllib|numpy|"
        r"callable|globals|yield",
        TIERS["monty"].missing,
    )
    assert len(set(named)) == 12


def test_a_name_that_was_deleted_is_none_in_later_cells_and_errors_show_what_was_written() -> None:
    ran = run(
        {"x": 1, "book": "a line\n" * 5_000},
        "y = 1\ndel y\nprint(y)",
        "def f():\n    return y + book[1:2:0].count('a')\nf()",
        "del y",
        "print(set().union(*[{1}, y]))",
        "for line in book[4:0:0]:\n    pass",
        "y = 2\nprint(f'{y} {len(book[:3])}')",
        "z = [1]\nprint(z[5], 'a' in book)",
    )
    for found in ran[:4]:
        assert "NameError: name 'y' is not defined" in found.error, found
    assert "print(y)" in ran[0].error
    assert "return y + book[1:2:0].count('a')" in ran[1].error
    assert "del y" in ran[2].error
    assert "print(set().union(*[{1}, y]))" in ran[3].error
    assert "for line in book[4:0:0]:" in ran[4].error
    assert ran[5].output == "2 3\n"
    assert "print(z[5], 'a' in book)" in ran[6].error
    assert not [found.error for found in ran if "__" in found.error]


def test_sets_are_joined_by_the_dozen_and_fences_inside_of_texts_are_text() -> None:
    many = "many = [{n, n + 1} for n in range(12)]\n"
    fence = "text = '''before\n```python\nx = 1\n```\nafter'''\nprint(text.count('```'), text[-5:])"
    ran = run(
        {"x": 1},
        f"{many}print(len(set().union(*many)), set().intersection(*many), {{1}}.difference(*many))",
        "print(sorted(frozenset([9]).union([1], (2, 3))))",
        fence,
    )
    assert [found.output for found in ran] == ["13 set() set()\n", "[1, 2, 3, 9]\n", "2 after\n"]


def test_the_dialect_changes_only_what_it_must() -> None:
    plain = "x = 1  # a comment\nfor i in range(3):\n    print(i)\n"
    assert desugar(plain) == plain
    with pytest.raises(SyntaxError, match="at most"):
        desugar("x = [" + "1," * 3_000_000 + "]")
    with pytest.raises(SyntaxError):
        desugar("(" * 5_000)
    with pytest.raises(UnsupportedError):
        desugar("def f():\n    x = yield 1\n    return x\n")
