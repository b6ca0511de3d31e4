"""Free-form nodes: a scripted root model writes code; caps hold, errors teach, nothing is paid twice."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from dspy import lm15
from rich.console import Console

import rlmlang
from rlmlang.budget import Account, Limits, Usage
from rlmlang.execute.transcript import NO_CODE, WRONG_FENCE, code_in
from rlmlang.report.receipt import receipt_view
from rlmlang.stores.reader import StoreReader
from rlmlang.testing import Raw, ScriptedEngine
from rlmlang.trajectory.events import CallFinished
from tests.conftest import Rlm

RECIPE = """rlm 1
record Answer {{ name: Text, count: Int }}
/// What kind of line it is.
prompt tag(line: Text) -> Text {{ task: "Say what it is." retry <= 0 }}
prompt trace(question: Text, log: Text) -> {result} {{
  task: "Find out."
  repl {{ iters <= {iters} calls <= {calls} depth <= {depth} tools: [tag, grep] {more} }}
  {check}
}}
recipe who(question: Text, log: Text) -> {result} {{
  budget {{ calls <= {budget} depth <= 9 tokens <= 90_000_000 }}
  return trace(question, log)
}}
"""
Turn = Callable[[int, str], str]


def play(
    folder: Path, turn: Turn, sub: Callable[[Any], Any] = lambda t: "sub", **changes: Any
) -> Any:
    """A run in which `turn` gives the code of each turn, and `sub` answers everything else."""
    settings = {
        "result": "Answer",
        "iters": 6,
        "calls": 10,
        "depth": 1,
        "more": "",
        "check": "",
        "budget": 500,
    }
    store, parallel = changes.pop("store", None), changes.pop("parallel", None)
    (folder / "free.rlm").write_text(RECIPE.format(**{**settings, **changes}))
    log = folder / "log.txt"
    if not log.exists():
        log.write_text("".join(f"{i} user{i % 7} logged in\n" for i in range(70_000)))

    def script(task: Any) -> Any:
        if "turn" in task.inputs:
            said = turn(int(task.inputs["turn"].split()[1]), task.inputs["history"])
            return said if isinstance(said, Raw) else f"```python\n{said}\n```"
        return sub(task)

    engine = ScriptedEngine(script)
    outcome = rlmlang.run(
        "free.rlm",
        engine=engine,
        sources={"log": "log.txt"},
        store=store,
        sets={"question": "who logs in most?"},
        parallel=parallel,
    )
    return outcome, engine


def in_turns(*codes: str) -> Turn:
    return lambda n, history: codes[n - 1]


COUNT = (
    "from collections import Counter\nc = Counter(x.split()[1] for x in log if x).most_common(1)[0]"
)


def test_an_answer_is_found_by_code(folder: Path) -> None:
    outcome, engine = play(
        folder, in_turns("print(len(log), log[:20])", COUNT, "SUBMIT(name=c[0], count=c[1])")
    )
    assert outcome.problem is None, outcome.problem
    assert outcome.result == {"name": "user0", "count": 10_000}
    assert len(engine.requests) == 3
    assert "a handle; it begins" in engine.requests[0]
    assert "logged in\\n" in engine.requests[0]
    assert len(engine.requests[0]) < 6_000  # the text itself is not in the prompt
    assert "tag(line: Text) -> Text  # What kind of line it is." in engine.requests[0]


def test_every_mistake_has_words_for_the_model(folder: Path) -> None:
    seen: list[str] = []

    def turn(n: int, history: str) -> str:
        seen.append(history.rsplit("printed:\n", 1)[-1])
        return [
            "x = 1 / 0",
            "SUBMIT(name=3)",
            Raw("I think it is user0."),
            "SUBMIT('user0', 3)",
            "print('y' * 9000)",
            "SUBMIT(name='a', count='7')",
        ][n - 1]

    outcome, _ = play(folder, turn, more="shown <= 300ch")
    assert outcome.result == {"name": "a", "count": 7}
    assert "ZeroDivisionError" in seen[1]
    assert "name: Input should be a valid string; count: Field required" in seen[2]
    assert NO_CODE in seen[3]
    assert "takes one value of type Answer" in seen[4]
    assert "more bytes are not shown" in seen[5]
    assert len(seen[5]) < 600


@pytest.mark.parametrize(
    ("said", "code", "problem"),
    [
        ("```python\nx = 1\n```", "x = 1", ""),
        ("I look:\n```repl\nx = 1\n```\nthen\n```py\ny = 2\n```", "x = 1\n\ny = 2", ""),
        ("```\nx = 1", "x = 1", ""),
        ("x = 1\nprint(x)", "x = 1\nprint(x)", ""),
        ("`print(x)`", "print(x)", ""),
        ("```python\nprint('```')\nx = 1\n```\nDone.", "print('```')\nx = 1", ""),
        (
            "```python\ns = '''a\n```js\nx\n```\nb'''\n```\nand\n```python\ny = 2\n```",
            "s = '''a\n```js\nx\n```\nb'''\n\ny = 2",
            "",
        ),
        ("```json\n{}\n```", "", WRONG_FENCE),
        ("The answer is 5.", "", NO_CODE),
        ("answer", "", NO_CODE),
        ("", "", NO_CODE),
        ("```python\n```", "", NO_CODE),
    ],
)
def test_code_is_found_in_what_a_model_says(said: str, code: str, problem: str) -> None:
    assert code_in(said) == (code, problem or "")


def test_sub_calls_are_a_hard_limit(folder: Path) -> None:
    loop = "try:\n    for i in range(10_000): llm_query(f'q{i}')\nexcept RuntimeError as e:\n    print(e)"
    outcome, engine = play(
        folder,
        in_turns(loop, "llm_query_batched(['a', 'b'])", "SUBMIT(name='x', count=1)"),
        calls=30,
    )
    assert outcome.problem is None, outcome.problem
    subs = [
        r for r in engine.requests if "request" in r and "turn 1" not in r and "history" not in r
    ]
    assert len(subs) == 30
    assert outcome.usage.calls == 33
    assert "2 sub-calls asked for, 0 of 30 are left" in engine.requests[-1]


def test_tools_and_batches_and_children(folder: Path) -> None:
    asked: list[Any] = []

    def sub(task: Any) -> Any:
        asked.append(task.inputs)
        return f"said {len(asked)}"

    def turn(n: int, history: str) -> str:
        if "request" in history or n == 1 and asked:
            return "SUBMIT(request.upper())"
        return [
            "a = tag(line='first')\nb = llm_query_batched(['p', 'q'], [log[:9], log[9:18]])\nprint(a, b)",
            "r = rlm_query('go deeper', log[:30])\nprint('child said', r)",
            "SUBMIT(name=r, count=3)",
        ][n - 1]

    outcome, engine = play(folder, turn, sub)
    assert outcome.problem is None, outcome.problem
    assert outcome.result == {"name": "GO DEEPER", "count": 3}
    assert asked[0] == {"line": "first"}
    assert [a["request"] for a in asked[1:]] == ["p", "q"]
    assert asked[1]["context"] == "0 user0 l"
    assert outcome.usage.calls == 3 + 3 + 1


def test_a_context_too_large_for_a_sub_call_is_refused_and_costs_nothing(folder: Path) -> None:
    code = """said = []
for ask in (lambda: llm_query('sum up', log), lambda: tag(log), lambda: tag(log[:999_999]),
            lambda: llm_query_batched(['a', 'b'], ['x', log])):
    try:
        ask()
    except ValueError as e:
        said.append(str(e))
SUBMIT(name='; '.join(said), count=len(llm_query('short', log[:900])))"""
    outcome, engine = play(folder, in_turns(code))
    assert outcome.problem is None, outcome.problem
    assert outcome.result["name"].count("tok are too many for one call: at most 126,") == 4
    assert outcome.usage.calls == 2
    assert max(len(x) for x in engine.requests) < 5_000


def test_a_session_below_cannot_spend_what_its_neighbour_needs(folder: Path) -> None:
    """Two sessions with ten calls each: one floods, the other needs few; the rest comes back."""
    child = """if request == 'flood':
    try:
        for i in range(99): llm_query(f'again {i}')
    except RuntimeError as e:
        print(e)
else:
    SUBMIT(str(len(context)))"""
    below = "print(rlm_query_batched(['flood', 'count'], [None, 'x' * 9]))\nprint(rlm_query_batched([]))"
    after = "a = [llm_query(str(i)) for i in range(9)]\nSUBMIT(name=str(len(a)), count=1)"
    seen: list[str] = []

    def turns(n: int, history: str) -> str:
        seen.append(history)
        return below if len(seen) == 1 else after if "flood-or-count" in history else child

    def sub(task: Any) -> Any:
        return "flood-or-count" if "history" in task.inputs else "again"

    outcome, engine = play(folder, turns, sub, calls=20)
    assert outcome.problem is None, outcome.problem
    assert outcome.result == {"name": "9", "count": 1}
    told = [r for r in engine.requests if "0 of 10 are left" in r]
    assert told, "the flooding session is told that its own ten are spent"
    # 2 turns of the root; 10 of the flood: a turn, 8 sub-calls, the last word; 1 turn; 9 sub-calls
    assert outcome.usage.calls == 2 + 10 + 1 + 9


def test_sessions_below_share_tokens_and_too_many_are_refused(folder: Path) -> None:
    code = "try:\n    rlm_query_batched(['a'] * 6)\nexcept RuntimeError as e:\n    SUBMIT(name=str(e), count=1)"
    outcome, _ = play(folder, in_turns(code), calls=10)
    assert outcome.result["name"].startswith("6 sessions need at least 12 sub-calls, 10 of 10")
    account = Account("a", Limits(tokens=1_000, usd=Fraction(3)))
    account.reserve(Usage(1, 100, 0, Fraction(1)))
    assert account.share(4) == Limits(None, 225, Fraction(1, 2))


NODES = """rlm 1
prompt look(part: Slice) -> Text max 60tok {{
  task: "Look into it."
  repl {{ iters <= 3 calls <= 4 depth <= 0 }}
}}
prompt plain(part: Slice) -> Text max 60tok {{ task: "Say what it says." }}
prompt weigh(notes: [Text]) -> Text max 60tok {{
  task: "Put them together."
  repl {{ iters <= 3 calls <= 4 depth <= 0 }}
}}
prompt simple(notes: [Text]) -> Text max 60tok {{ task: "Put them together." }}
recipe walk(text: Text) -> Text {{
  budget {{ calls <= 2_000 depth <= 9 tokens <= 900_000_000 }}
  return recurse text {{
    leaf <= 2ktok with {leaf}()
    branch by tree(into: 3)
    join with {join}() {{ fanin: 3 }}
    depth <= 3
  }}
}}
"""


@pytest.mark.parametrize(
    ("leaf", "join"), [("look", "simple"), ("plain", "weigh"), ("look", "weigh")]
)
def test_code_works_as_a_leaf_and_as_a_join(folder: Path, leaf: str, join: str) -> None:
    (folder / "walk.rlm").write_text(NODES.format(leaf=leaf, join=join))
    (folder / "text.txt").write_text("".join(f"line {i} of the text\n" for i in range(900)))

    def script(task: Any) -> Any:
        if "turn" not in task.inputs:
            return "one"
        joins = "notes" in task.inputs["variables"]
        code = "SUBMIT(str(len(notes)))" if joins else "SUBMIT(str(len(part)))"
        return f"```python\n{code}\n```"

    engine = ScriptedEngine(script)
    outcome = rlmlang.run("walk.rlm", engine=engine, sources={"text": "text.txt"}, store=None)
    assert outcome.problem is None, outcome.problem
    assert outcome.result == ("one" if join == "simple" else "3")
    (line,) = outcome.receipt
    assert line.by_code is (leaf == "look")
    assert line.read == (0 if line.by_code else line.total)


def test_what_sub_calls_were_shown_is_in_the_receipt(folder: Path) -> None:
    code = "print(llm_query('sum up', log.split(max=2_000)[0]))"
    outcome, _ = play(folder, in_turns(code, "SUBMIT(name='x', count=1)"))
    (line,) = outcome.receipt
    assert line.by_code and 1_000 < line.read < line.total, line
    (row,) = [x for x in told(outcome) if "looked into log" in x]
    assert f"its sub-calls read {line.read:,} of {line.total:,} bytes" in row


def told(outcome: Any) -> list[str]:
    """The lines of a receipt as they are printed."""
    console = Console(file=io.StringIO(), width=300)
    console.print(receipt_view(outcome.run, outcome.receipt, outcome.usage, outcome.seconds))
    return console.file.getvalue().splitlines()


def test_no_deeper_than_declared(folder: Path) -> None:
    depth: list[str] = []

    def turn(n: int, history: str) -> str:
        depth.append(history)
        return (
            "try:\n    x = rlm_query('again')\nexcept RuntimeError as e:\n    x = str(e)\nSUBMIT(%s)"
            % ("name=x, count=1" if len(depth) == 1 else "x")
        )

    outcome, _ = play(folder, turn, depth=2, calls=20)
    assert outcome.problem is None, outcome.problem
    assert outcome.result["name"] == "no session further down is allowed here: use llm_query"
    assert len(depth) == 3


def test_when_the_turns_are_spent_there_is_one_last_word(folder: Path) -> None:
    outcome, engine = play(
        folder, lambda n, h: "print('looking')", iters=3, sub=lambda t: {"name": "late", "count": 1}
    )
    assert outcome.result == {"name": "late", "count": 1}
    assert len(engine.requests) == 4


def test_a_check_is_told_to_the_code(folder: Path) -> None:
    outcome, engine = play(
        folder,
        in_turns("SUBMIT(name='x', count=0)", "SUBMIT(name='x', count=2)"),
        check="check: result.count > 0",
    )
    assert outcome.result["count"] == 2
    assert "SUBMIT:" in engine.requests[1]


def test_the_budget_of_the_run_stops_code_too(folder: Path) -> None:
    many = "for i in range(100): llm_query(f'q{i}')"
    outcome, engine = play(folder, lambda n, h: many, calls=90, budget=20)
    assert outcome.problem is not None
    assert outcome.problem.diagnostic.code == "budget-spent"
    assert len(engine.requests) == 20


def test_a_killed_session_is_gone_on_with_and_not_paid_again(folder: Path) -> None:
    play(folder, in_turns("SUBMIT(name='x', count=1)"), store=None)
    code = (
        "import os, rlmlang; from rlmlang.testing import ScriptedEngine\n"
        "codes = ['state = [llm_query(\"one\")]', 'state.append(llm_query(\"two\"))', 'die']\n"
        "def script(t):\n"
        "    if 'turn' not in t.inputs: return 'said ' + t.inputs['request']\n"
        "    n = int(t.inputs['turn'].split()[1])\n"
        "    if codes[n - 1] == 'die': os._exit(9)\n"
        "    return '```python\\n' + codes[n - 1] + '\\n```'\n"
        "rlmlang.run('free.rlm', engine=ScriptedEngine(script), sources={'log': 'log.txt'},\n"
        "            sets={'question': 'who logs in most?'}, store='.rlm/store.db')\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    outcome, engine = play(
        folder,
        lambda n, h: (
            "SUBMIT(name=' '.join(state), count=n_turns(3))"
            if n == 3
            else "SUBMIT(name=' '.join(state), count=len(state))"
        ),
        store=Path(".rlm") / "store.db",
    )
    assert outcome.resumed
    assert len(engine.requests) == 2, engine.requests  # turns 3 and 4 alone
    assert outcome.result == {"name": "said one said two", "count": 2}
    assert outcome.reused == 4


def test_sessions_run_side_by_side_in_a_map(folder: Path) -> None:
    (folder / "many.rlm").write_text("""rlm 1
prompt look(page: Slice) -> Int { task: "Count." repl { iters <= 3 calls <= 2 } }
recipe all(book: Text) -> [Int] {
  return map (split book by lines(per: 10)) with look()
}
""")
    (folder / "b.txt").write_text("".join(f"line {i}\n" for i in range(400)))
    engine = ScriptedEngine(
        lambda t: "```python\nSUBMIT(len(page.splitlines()))\n```" if "turn" in t.inputs else "x"
    )
    outcome = rlmlang.run("many.rlm", engine=engine, store=None, sources={"book": "b.txt"})
    assert outcome.problem is None, outcome.problem
    assert outcome.result == [10] * 40


def test_the_record_shows_turns_and_sub_calls(folder: Path, rlm: Rlm) -> None:
    play(
        folder,
        in_turns("a = llm_query('hm')", "SUBMIT(name=a, count=1)"),
        store=Path(".rlm") / "store.db",
    )
    reader = StoreReader(Path(".rlm") / "store.db")
    events = list(reader.events(reader.choose("last")))
    reader.close()
    assert [str(e.call) for e in events if isinstance(e, CallFinished)] == [
        "result.turn 0",
        "result.query 1",
        "result.turn 1",
    ]
    assert "result.query 1" in rlm("show").out


def test_a_completion_over_text_and_folder(folder: Path) -> None:
    def script(task: Any) -> Any:
        if "turn" not in task.inputs:
            return "sub says yes"
        kind = "context['a.txt']" if "tree of" in task.inputs["variables"] else "context"
        return f"```python\nSUBMIT(llm_query(question, {kind}[:5]) + ' ' + {kind}[:3])\n```"

    found = rlmlang.completion("what?", "abc def", engine=ScriptedEngine(script), store=None)
    assert (str(found), found.usage.calls) == ("sub says yes abc", 2)
    (folder / "src").mkdir()
    (folder / "src" / "a.txt").write_text("xyz and more")
    found = rlmlang.completion(
        "what?", folder / "src", engine=ScriptedEngine(script), store=None, budget={"calls": 5}
    )
    assert str(found) == "sub says yes xyz"


def test_ask_over_several_files_and_folders(folder: Path, rlm: Rlm) -> None:
    (folder / "docs").mkdir()
    (folder / "docs" / "a.txt").write_text("The iron key hangs behind the third bell.\n")
    (folder / "docs" / "b.bin").write_bytes(b"\xff\xfe\x00\x01")
    (folder / "c.txt").write_text("Marta pays the rent.\n")
    done = rlm("ask", "Where does the iron key hang?", "--source", "docs", "--source", "c.txt")
    assert (done.code, done.out) == (0, "The iron key hangs behind the third bell.\n"), done.err
    done = rlm("ask", "Where?", "--source", "docs", "--source", "d.txt")
    assert (done.code, "source-missing" in done.err) == (1, True)


def test_ask_from_the_command_line(book: Path, rlm: Rlm) -> None:
    done = rlm("ask", "Where does the key hang?", "--source", "book.txt")
    assert done.code == 0, done.err
    assert done.out == "The key hangs behind the third bell.\n"
    assert "rule-based reader" in done.err
    listed = json.loads(rlm("runs", "--json").out)
    assert listed[-1]["recipe"] == "ask"


def test_a_terminal_sees_what_was_spent(book: Path) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "rlmlang",
            "ask",
            "Where does the key hang?",
            "--source",
            "book.txt",
        ],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        env={**os.environ, "COLUMNS": "120"},
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # a terminal that nobody holds any more
        while part := os.read(ours, 65536):
            shown += part
    os.close(ours)
    assert done.stdout == "The key hangs behind the third bell.\n", shown
    assert b"1 of 100 calls" in shown


@pytest.mark.parametrize("seed", range(12))
def test_the_bound_holds_whatever_the_code_does(folder: Path, seed: int) -> None:
    import random

    from rlmlang.partitions.measure import Estimate

    chance = random.Random(seed)
    (folder / "log.txt").write_text("a line of the log\n" * chance.choice([3, 70_000]))
    moves = [
        "x = llm_query_batched([f'{i} ' * 50 for i in range(%d)])" % chance.randrange(1, 9),
        "y = rlm_query('go', log[:400])",
        "print('w' * 9000)",
        "tag(line='abc')",
        "z = 1 / 0",
    ]

    def turn(n: int, history: str) -> str:
        return "\n".join(
            "try:\n    %s\nexcept Exception as e:\n    print(e)" % m
            for m in chance.sample(moves, 2)
        )

    outcome, engine = play(
        folder,
        turn,
        sub=lambda t: (
            {"name": "a", "count": 1}
            if "history" in t.inputs and t.outputs[0].kind == "schema"
            else "word " * 20
        ),
        iters=chance.randrange(1, 5),
        calls=chance.randrange(0, 9),
        more="shown <= 900ch",
    )
    plan = rlmlang.plan_recipe("free.rlm", sources={"log": "log.txt"}, sets={"question": "q"})
    assert outcome.problem is None, outcome.problem
    worst = plan.totals.worst
    assert outcome.usage.calls <= worst.calls.value()
    assert sum(Estimate().tok(r) for r in engine.requests) <= worst.tokens_in.value()


def test_a_recipe_chooses_its_sandbox_and_a_flag_overrides_it(folder: Path) -> None:
    inherits = "class A:\n    n = 1\nclass B(A):\n    m = 2\nSUBMIT(name='b', count=B.n + B.m)"
    outcome, _ = play(folder, in_turns(inherits), more="sandbox: cpython")
    assert outcome.result == {"name": "b", "count": 3}
    outcome, _ = play(
        folder,
        in_turns("x = llm_query('q')", inherits.replace("1", "len(x)")),
        more="sandbox: [monty, cpython]",
    )
    assert outcome.result == {"name": "b", "count": 5}
    assert outcome.usage.calls == 3


def test_a_session_ends_with_its_time(folder: Path) -> None:
    slow = "while True:\n    pass"
    outcome, _ = play(folder, lambda n, history: slow, more="wall <= 1s cpu <= 30s")
    assert outcome.problem.diagnostic.code == "session-out-of-time"
    assert "within the 1 s" in str(outcome.problem)


def test_a_tool_with_a_model_of_its_own_is_bound_priced_and_asked(folder: Path) -> None:
    text = RECIPE.replace(
        "prompt tag", "model small {{ context <= 8ktok output <= 100tok }}\nprompt tag"
    )
    text = text.replace('task: "Say', 'model: small task: "Say')
    (folder / "log.txt").write_text("a line\n")
    (folder / "roles.rlm").write_text(
        text.format(result="Answer", iters=3, calls=2, depth=0, more="", check="", budget=50)
    )
    plan = rlmlang.plan_recipe(
        "roles.rlm",
        models=("small=openai/gpt-5-mini", "offline/reader"),
        sources={"log": "log.txt"},
        sets={"question": "q"},
    )
    assert plan.verdict is not None
    engine = ScriptedEngine(
        lambda t: (
            Raw("```python\nSUBMIT(name=tag('x'), count=1)\n```")
            if "turn" in t.inputs
            else "small said"
        )
    )
    outcome = rlmlang.run(
        "roles.rlm",
        engine=engine,
        store=None,
        sources={"log": "log.txt"},
        sets={"question": "q"},
        models=("small=scripted/small",),
    )
    assert outcome.result == {"name": "small said", "count": 1}


PATTERN = """rlm 1
prompt note(page: Slice, about: Text max 40tok) -> Text? {{ task: "Note." retry <= 0 }}
/// What all pages say about something.
pattern notes_on(text: Text, about: Text max 40tok) -> [Text] {{
  let found = map (split text by tokens(max: 20ktok)) with note(about)
  return present(found)
}}
prompt trace(question: Text, log: Text) -> Int {{
  task: "Find out."
  repl {{ iters <= 3 calls <= {calls} depth <= 0 tools: [notes_on] }}
}}
recipe who(question: Text, log: Text) -> Int {{
  budget {{ calls <= 500 tokens <= 90_000_000 }}
  return trace(question, log)
}}
"""


def test_a_pattern_is_a_tool_whose_calls_are_counted(folder: Path, rlm: Rlm) -> None:
    (folder / "log.txt").write_text("".join(f"{i} user{i % 7} logged in\n" for i in range(70_000)))
    (folder / "p.rlm").write_text(PATTERN.format(calls=60))
    turn = "found = notes_on(log, 'user3')\nprint(len(found), found[0])\nSUBMIT(len(found))"
    seen = []

    def script(task: Any) -> Any:
        if "turn" in task.inputs:
            seen.append(task.inputs["tools"])
            return Raw(f"```python\n{turn}\n```")
        return "yes" if task.inputs["about"] in task.inputs["page"] else ""

    engine = ScriptedEngine(script)
    given = {"sources": {"log": "log.txt"}, "sets": {"question": "who?"}, "store": None}
    outcome = rlmlang.run("p.rlm", engine=engine, **given)
    assert outcome.problem is None, outcome.problem
    pages = len(engine.requests) - 1
    assert outcome.result == pages > 20
    assert "notes_on(text: Text, about: Text) -> [Text]  # What all pages say" in seen[0]
    plan = rlmlang.plan_recipe("p.rlm", sources={"log": "log.txt"}, sets={"question": "who?"})
    assert plan.totals.worst.calls.value() == 3 + 1 + 60
    (folder / "p.rlm").write_text(PATTERN.format(calls=10))
    turn = "try:\n    notes_on(log, 'user3')\nexcept RuntimeError as e:\n    SUBMIT(len(str(e)))"
    engine = ScriptedEngine(script)
    outcome = rlmlang.run("p.rlm", engine=engine, **given)
    assert outcome.problem is None and outcome.result > 20
    assert len(engine.requests) == 11


def test_a_pattern_that_takes_prompts_is_no_tool(folder: Path, rlm: Rlm) -> None:
    text = PATTERN.format(calls=9).replace(
        "text: Text, about", "p: prompt(Slice) -> Text, text: Text, about"
    )
    (folder / "p.rlm").write_text(text.replace("with note(about)", "with p()"))
    found = rlm("check", "p.rlm")
    assert found.code == 65 and "unknown-tool" in found.err


@pytest.mark.parametrize("parallel", [1, 64])
def test_the_others_stop_when_one_fails_for_good_and_what_was_sent_is_kept(
    folder: Path, parallel: int
) -> None:
    asked: list[str] = []

    def sub(task: Any) -> Any:
        asked.append(task.inputs["request"])
        first = asked == ["q0"]
        return lm15.InvalidRequestError("no", status=400) if first else f"on {asked[-1]}"

    batch = "llm_query_batched(['q0', 'q1', 'q2', 'q3'], [''] * 4)"
    turns = in_turns(batch, f"SUBMIT(name='+'.join({batch}), count=1)")
    outcome, _ = play(folder, turns, sub, parallel=parallel, store="s.db")
    assert outcome.result["name"] == "on q0+on q1+on q2+on q3"
    assert sorted(asked) == ["q0", "q0", "q1", "q2", "q3"], "each answer is paid once"
    assert (asked.index("q0", 1) <= 2) is (parallel == 1), "what was not sent yet is not sent"
    assert outcome.usage.calls == len(asked) + 2
