"""The user's own Python: what it gives, and what it does to the process that it runs in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rlmlang
from rlmlang.runtime.python.process import KEPT
from tests.conftest import Result, Rlm

RECIPE = """rlm 1
enum Mood {{ glad sad }}
record Row {{ id: Int, mood: Mood?, share: Float?, name: Text? }}
code f(x: Text) -> {type} from "c.py:f"
recipe r(x: Text) -> {type} {{
  {budget}
  return f(x)
}}
"""


def give(
    folder: Path, rlm: Rlm, body: str, type_: str, *, top: str = "", budget: str = ""
) -> Result:
    """What a run says whose code is a function with a body."""
    (folder / "c.py").write_text(f"{top}\ndef f(x):\n    {body}\n")
    (folder / "r.rlm").write_text(RECIPE.format(type=type_, budget=budget))
    return rlm("run", "r.rlm", "--set", "x=one", "--no-store", "--json")


@pytest.mark.parametrize(
    ("value", "type_", "wanted"),
    [
        ("'12'", "Int", 12),
        ("3.0", "Int", 3),
        ("Decimal('7')", "Int", 7),
        ("Decimal('0.25')", "Float", 0.25),
        ("'1.5'", "Float", 1.5),
        ("5", "Id", "5"),
        ("date(2026, 11, 30)", "Date", "2026-11-30"),
        ("datetime(2026, 11, 30, 1, 2)", "Time", "2026-11-30T01:02:00+00:00"),
        ("['2026-11-30T01:02+02:00']", "[Time]", ["2026-11-29T23:02:00+00:00"]),
        ("datetime(2026, 11, 30, 1, 2)", "Text", "2026-11-30T01:02:00"),
        ("(x for x in 'ab')", "[Text]", ["a", "b"]),
        ("{'b', 'a'}", "[Text]", ["a", "b"]),
        ("range(3)", "[Int]", [0, 1, 2]),
        ("{1: 2}.values()", "[Int]", [2]),
        ("deque('ab')", "[Text]", ["a", "b"]),
        ("Mine(1, 'glad')", "Row", {"id": 1, "mood": "glad"}),
        ("[Named(1, 'sad')]", "[Row]", [{"id": 1, "mood": "sad"}]),
        ("Colour.glad", "Mood", "glad"),
        ("Dumped()", "Row", {"id": 1}),
        ("Array([Scalar(1), Scalar(2)])", "[Int]", [1, 2]),
        ("x", "Text", "one"),
        ("None", "Text?", None),
    ],
)
def test_plain_values_become_what_is_declared(
    folder: Path, rlm: Rlm, value: str, type_: str, wanted: object
) -> None:
    top = """
from collections import deque, namedtuple
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

Named = namedtuple("Named", "id mood")

class Colour(Enum):
    glad = 1

@dataclass
class Mine:
    id: int
    mood: str

class Dumped:
    def model_dump(self):
        return {"id": 1}

class Scalar:
    def __init__(self, value):
        self.value = value
    def item(self):
        return self.value

class Array:
    def __init__(self, values):
        self.values = values
    def tolist(self):
        return self.values
"""
    done = give(folder, rlm, f"return {value}", type_, top=top)
    assert done.code == 0, done.err
    assert json.loads(done.out)["result"] == wanted


@pytest.mark.parametrize(
    ("value", "type_", "words"),
    [
        ("b'x'", "Text", "it is 1 bytes, which are no text: decode them"),
        ("[{'id': 1}, {'mood': 'sad'}]", "[Row]", "item 2 has no field `id`"),
        ("[{'id': 1, 'mood': 'angry'}]", "[Row]", "`mood` of item 1 is 'angry', not Mood"),
        ("float('nan')", "Float", "it is nan, not Float"),
        ("{object(), 1}", "[Int]", "an object of the class object"),
        ("{'a', 1}", "[Text]", "a set of items that have no order"),
        ("[1, [None]]", "[Int]", "item 2 is [None], not Int"),
        ("{1: 2}", "Row", "a dictionary with the key 1, which is no text"),
        ("'12 m'", "Int", "it is '12 m', not Int"),
        ("3.5", "Int", "it is 3.5, not Int"),
        ("None", "Text", "it is None, not Text"),
        ("lambda: 1", "Text", "an object of the class function"),
    ],
)
def test_what_is_not_plain_is_told_with_its_item(
    folder: Path, rlm: Rlm, value: str, type_: str, words: str
) -> None:
    done = give(folder, rlm, f"return {value}", type_)
    assert done.code == 1
    problem = json.loads(done.out)["problem"]
    assert problem["code"] == "code-failed"
    assert words in problem["message"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("exit(0)", "SystemExit: 0"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import os; os._exit(0)", "it ended its process with the exit code 0"),
        ("import os; os.kill(os.getpid(), 9)", "it ended its process by the signal 9"),
        ("import os; os.closerange(3, 4096)", "it ended its process"),
        ("return input('? ')", "EOFError"),
        ("return f(x)", "RecursionError"),
        ("class Odd(Exception):\n        __str__ = None\n    raise Odd", "cannot be shown"),
    ],
)
def test_no_code_ends_a_run_without_a_result(folder: Path, rlm: Rlm, body: str, words: str) -> None:
    done = give(folder, rlm, body, "Text")
    assert (done.code, json.loads(done.out)["problem"]["code"]) == (1, "code-failed")
    assert words in json.loads(done.out)["problem"]["message"]


def test_a_failure_shows_the_lines_of_the_code_itself_and_what_it_was_given(
    folder: Path, rlm: Rlm
) -> None:
    (folder / "beside.py").write_text("def low(x):\n    return x.titel()\n")
    done = give(folder, rlm, "return beside.low(x)", "Text", top="import beside")
    reason = json.loads(done.out)["problem"]["reason"]
    assert reason.splitlines() == [
        "c.py:3, in f: return beside.low(x)",
        "beside.py:2, in low: return x.titel()",
        "called with: 'one'",
    ]


@pytest.mark.parametrize("around", ["{}", "the key is {} and so on", "{}" + "x" * 90])
def test_what_code_was_given_is_shown_without_secrets(
    folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch, around: str
) -> None:
    secret, other = "sQ9zLm31pXv8Tt40RrWw7Yy2Uu6Ii5Oo1Pp3Aa8Ss9", "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW"
    monkeypatch.setenv("SOME_API_KEY", secret)
    (folder / "c.py").write_text("def f(x, y, zs):\n    raise ValueError('no')\n")
    (folder / "r.rlm").write_text(
        'rlm 1\ncode f(x: Text, y: Text, zs: [Text]) -> Text from "c.py:f"\n'
        "recipe r(x: Text, token: Text) -> Text { return f(x, token, [x]) }\n"
    )
    sets = ("--set", f"x={around.format(secret)}", "--set", f"token={other}")
    done = rlm("run", "r.rlm", *sets, "--json")
    assert done.code == 1 and "called with: " in done.err and "[secret]" in done.err
    for kept in (done.out + done.err, rlm("show", "last").out, rlm("export").out):
        assert secret[:8] not in kept and secret[-8:] not in kept
        assert other[:8] not in kept and other[-8:] not in kept


@pytest.mark.parametrize(
    "body",
    ["while True: pass", "import time; time.sleep(600)", "import signal; signal.pause()",
     "while True:\n        try:\n            while True: pass\n        except BaseException: pass"],
)  # fmt: skip
def test_the_time_of_the_budget_binds_over_code(folder: Path, rlm: Rlm, body: str) -> None:
    done = give(folder, rlm, body, "Text", budget="budget { wall <= 1s }")
    assert (done.code, json.loads(done.out)["problem"]["code"]) == (75, "budget-spent")


def test_what_code_prints_is_no_part_of_the_result(folder: Path) -> None:
    (folder / "c.py").write_text(
        "import os, subprocess, sys, warnings\nprint('at import')\n\n\ndef f(x):\n"
        "    print('said'); sys.stdout.write('written'); os.write(1, b'raw')\n"
        "    subprocess.run(['echo', 'by a child']); warnings.warn('odd')\n    return x\n"
    )
    (folder / "r.rlm").write_text(RECIPE.format(type="Text", budget=""))
    done = subprocess.run(
        [sys.executable, "-m", "rlmlang", "run", "r.rlm", "--set", "x=one", "--no-store", "-q"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "one\n"
    for words in ("at import", "said", "written", "raw", "by a child", "odd"):
        assert words in done.stderr


def test_what_code_changes_is_its_own(folder: Path, rlm: Rlm) -> None:
    (folder / "beside.py").write_text("WORD = 'beside'\n")
    (folder / "c.py").write_text(
        "import os, sys, threading, time, signal, logging, locale, beside\n\n\n"
        "def spoil(xs):\n    xs.append('more'); os.chdir('/'); os.environ['SPOILT'] = '1'\n"
        "    sys.path.clear(); signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    logging.disable(); locale.setlocale(locale.LC_ALL, 'C')\n"
        "    threading.Thread(target=time.sleep, args=(600,)).start()\n    return xs\n\n\n"
        "def look(xs):\n    return [beside.WORD, *xs, str('SPOILT' in os.environ), os.getcwd()]\n"
    )
    (folder / "r.rlm").write_text(
        'rlm 1\ncode spoil(xs: [Text]) -> [Text] from "c.py:spoil"\n'
        'code look(xs: [Text]) -> [Text] from "c.py:look"\n'
        "recipe r(xs: [Text]) -> [Text] {\n  let a = spoil(xs)\n  let b = look(xs)\n"
        "  return concat(a, b)\n}\n"
    )
    here = os.getcwd()
    done = rlm("run", "r.rlm", "--set", 'xs=["a"]', "--no-store", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)["result"]
    assert sorted(found) == sorted(["a", "more", "beside", "a", "False", here])
    assert (os.getcwd(), "SPOILT" in os.environ) == (here, False)


def test_a_file_that_changed_is_loaded_anew(folder: Path, rlm: Rlm) -> None:
    assert json.loads(give(folder, rlm, "return 'old'", "Text").out)["result"] == "old"
    (folder / "c.py").write_text("def f(x):\n    return 'new'\n")
    os.utime(folder / "c.py", ns=(1, 1))
    done = rlm("run", "r.rlm", "--set", "x=one", "--no-store", "--json")
    assert json.loads(done.out)["result"] == "new"


def test_rows_that_code_gives_back_keep_their_place(folder: Path, rlm: Rlm) -> None:
    (folder / "rows.jsonl").write_text('{"id": 1}\n{"id": 2}\n')
    (folder / "c.py").write_text(
        "def last(rows):\n    return [{**r} if r['id'] < 2 else r for r in rows][1:]\n"
    )
    (folder / "r.rlm").write_text(
        'rlm 1\nrecord Row { id: Int }\ncode last(rows: [Row]) -> [Row] max 9 from "c.py:last"\n'
        'prompt say(rows: [Row] max 9) -> Text max 9tok "Say."\n'
        "recipe r(rows: [Row] max 9) -> Text { return say(last(rows)) }\n"
    )
    done = rlm("run", "r.rlm", "--source", "rows=rows.jsonl", "--no-store", "--json")
    assert done.code == 0, done.err
    (line,) = [x for x in json.loads(done.out)["receipt"] if x["source"] == "rows"]
    assert line["read"] == len('{"id": 2}\n')


def test_only_a_few_processes_are_kept_from_folder_to_folder(tmp_path: Path) -> None:
    """One for each folder of code that was asked last; a folder that is asked again gets another."""
    names = []
    for number in [*range(KEPT + 4), 0]:
        folder = tmp_path / str(number)
        folder.mkdir(exist_ok=True)
        (folder / "c.py").write_text("import os\n\ndef pid(text):\n    return os.getpid()\n")
        path = folder / "r.rlm"
        path.write_text(
            'rlm 1\ncode pid(text: Text) -> Int from "c.py:pid"\n'
            'recipe r() -> Int { return pid("x") }\n'
        )
        names.append(rlmlang.run(path, store=None).result)
    alive = {pid for pid in names if Path(f"/proc/{pid}").exists()}
    assert len(set(names)) == KEPT + 5
    assert alive == set(names[-KEPT:])


PIECES = """rlm 1
code told(pages: [Slice], docs: [Doc], tree: Tree, text: Text, one: Doc?) -> [Text]
  from "c.py:told"
code some(pages: [Slice]) -> [Slice] max 9 from "c.py:some"
prompt say(pages: [Slice] max 9) -> Text max 9tok "Say."

recipe places(book: Text, docs: Tree, all: [Doc]) -> [Text] {
  let pages = split book by lines(per: 1, max: 20tok)
  let found = told(pages, all, docs, book, first(filter docs where it.path == "sub/a.md"))
  let asked = say(some(pages))

  return concat(found, [asked])
}
"""
TOLD = """import copy
import dataclasses
import json
import pickle
import re
import sys

from rlmlang.code import Doc, Slice


def told(pages, docs, tree, text, one):
    second, doc = pages[1], docs[1]
    assert all(type(p) is Slice for p in [*pages, text]), pages
    assert all(type(d) is Doc for d in [*docs, *tree.values(), one]), docs
    assert second == "Second.\\n" == second.text == f"{second}" and type(second.text) is str
    assert len(second) == 8 and "cond" in second and re.match(r"\\w+", second)[0] == "Second"
    assert type(second + "") is str and json.dumps(second) == '"Second.\\\\n"'
    assert {second: 1}["Second.\\n"] == 1 and hash(second) == hash(second.text)
    for same in (copy.deepcopy(second), pickle.loads(pickle.dumps(second))):
        assert (same, same.line, same.path) == (second, second.line, second.path)
    try:
        second.line = 9
    except dataclasses.FrozenInstanceError:
        pass
    else:
        raise AssertionError("it was changed")
    assert Slice("x", path="a/b.md").name == "b.md"
    ours = [name for name in sys.modules if name.partition(".")[0] == "rlmlang"]
    assert sorted(ours) == ["rlmlang", "rlmlang.code", "rlmlang.resources"], ours
    fields = [f"{p.path} {p.name} {p.range} {p.line} {p.size}" for p in (second, doc, one, text)]
    return [*fields, *tree, dataclasses.replace(second, text="Another.")]


def some(pages):
    return [Slice("mine"), *pages[1:]]
"""


def test_documents_and_pieces_are_text_that_knows_its_place(folder: Path, rlm: Rlm) -> None:
    (folder / "book.txt").write_text("First, it was dark.\nSecond.\n")
    (folder / "docs" / "sub").mkdir(parents=True)
    (folder / "docs" / "$").write_text("Odd.\n")
    (folder / "docs" / "sub" / "a.md").write_text("Hello.\n")
    (folder / "c.py").write_text(TOLD)
    (folder / "r.rlm").write_text(PIECES)
    sources = ("--source", "book=book.txt", "--source", "docs=docs", "--source", "all=docs")
    done = rlm("run", "r.rlm", *sources, "--no-store", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    sub = "sub/a.md a.md (0, 7) 1 7"
    assert found["result"][:-1] == [
        "book.txt book.txt (20, 28) 2 8", sub, sub, "book.txt book.txt (0, 28) 1 28",
        "$", "sub/a.md", "Another.",
    ]  # fmt: skip
    (line,) = [x for x in found["receipt"] if x["source"] == "book"]
    assert line["read"] == len("Second.\n")


CALLS = """rlm 1
code part(n: Int) -> Float from "c.py:part"
recipe parts(ns: [Int]) -> [Float] {
  return map ns with part(it) {
    on_error: skip(at_most: 50%)
    assume exact because "a part may be missing"
  }
}
"""


def shown(rlm: Rlm, *command: str) -> list[str]:
    """What `rlm show` says, without the times."""
    done = rlm("show", *command)
    assert done.code == 0, done.err
    return [re.sub(r"\d+\.\d s", "TIME", line) for line in done.out.splitlines()]


def test_each_call_is_in_the_trajectory_and_shown_where_there_is_something_to_say(
    folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sQ9zLm31pXv8Tt40RrWw7Yy2Uu6Ii5Oo")
    (folder / "c.py").write_text(
        "import os, sys\n\n\ndef part(n):\n"
        "    if n == 3:\n        print('three'); print('key', os.environ['SOME_API_KEY'])\n"
        "        sys.stderr.write('no end'); os.write(1, b'raw')\n"
        "    return 1 / n\n"
    )
    (folder / "r.rlm").write_text(CALLS)
    assert rlm("run", "r.rlm", "--set", "ns=[1, 3, 0, 2, 5]").code == 0
    lines = shown(rlm)
    assert lines[1:5] == [
        "├── result  map  4 items  5 code calls  TIME  1 skipped",
        "│   ├── result[2]  part  TIME  code-failed: c.py:part: ZeroDivisionError: "
        "division by zero (line 8)",
        "│   ├── result[1]  part  TIME  printed, 3 lines: three",
        "│   ├── … 3 more code calls (--all)",
    ]
    assert lines[5].startswith("│   └── result[2]  left out: ")
    assert len(shown(rlm, "last", "--all")) == len(lines) + 2
    assert shown(rlm, "last", "result[1]")[1:] == [
        "part took TIME", "printed:", "three", "key [secret]", "no end",
    ]  # fmt: skip
    assert shown(rlm, "last", "result[2]")[1:] == [
        "part took TIME", "code-failed: c.py:part: ZeroDivisionError: division by zero (line 8)",
        "c.py:8, in part: return 1 / n", "called with: 0",
    ]  # fmt: skip
    events = [json.loads(line) for line in rlm("show", "--json").out.splitlines()]
    calls = [e for e in events if e["event"] == "code_called"]
    assert sorted(e["call"] for e in calls) == [f"result[{n}]" for n in range(5)]
    assert all(e["function"] == "part" and e["seconds"] > 0 for e in calls)


def test_much_that_is_printed_is_counted_and_kept_in_part(folder: Path, rlm: Rlm) -> None:
    body = "[print(n) for n in range(1_000)]; print('x' * 100_000, end=''); return x"
    assert give(folder, rlm, body, "Text").code == 0
    assert rlm("run", "r.rlm", "--set", "x=one").code == 0
    (event,) = [
        e for e in map(json.loads, rlm("show", "--json").out.splitlines())
        if e["event"] == "code_called"
    ]  # fmt: skip
    assert event["lines"] == 1_001
    assert event["printed"] == [str(n) for n in range(20)]


@pytest.mark.parametrize(("body", "words"), [
    ('dspy.LM("openai/x", api_key="k", api_base="http://127.0.0.1:9")("hi")', "dspy"),
    ('asyncio.run(dspy.LM("openai/x", api_key="k").acall("hi"))', "dspy"),
    ('dspy.Predict("a -> b")(a=x, lm=dspy.LM("openai/x", api_key="k"))', "dspy"),
    ('openai.OpenAI(api_key="k").chat.completions.create(model="x", messages=[])', "openai"),
    ('asyncio.run(openai.AsyncOpenAI(api_key="k").chat.completions.create(model="x", messages=[]))', "openai"),
    ('litellm.completion(model="openai/x", messages=[], api_key="k")', "litellm"),
])  # fmt: skip
def test_code_calls_no_model(folder: Path, rlm: Rlm, body: str, words: str) -> None:
    module = re.search(r"(dspy|openai|litellm)\.", body)
    assert module
    lines = f"try:\n        {body}\n    except Exception:\n        pass\n    return x"
    found = give(folder, rlm, lines, "Text", top=f"import asyncio\nimport {module[1]}")
    assert (found.code, "unpaid-call" in found.out + found.err) == (1, True)
    assert f"by {words} (" in found.out + found.err


def test_code_may_use_what_is_no_model_of_such_a_package(folder: Path, rlm: Rlm) -> None:
    body = 'return dspy.Example(a=x).a + str(isinstance(dspy.LM("openai/x", api_key="k"), dspy.LM))'
    found = give(folder, rlm, body, "Text", top="import dspy")
    assert json.loads(found.out)["result"] == "oneTrue"
