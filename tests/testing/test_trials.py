"""`rlm test` and `rlm eval`: mocks of every kind, failures that tell, scores with intervals."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlmlang.budget import Usage
from rlmlang.ir.recipe import Budget
from rlmlang.metrics import METRICS, Answered, Metric
from rlmlang.testing.interval import difference_of, mean_of, student, verdict
from tests.conftest import FETCHING, ROOT, Rlm

RECIPE = """rlm 1
record Row { id: Int, text: Text max 40tok }
record Tag { id: Int, label: Text max 8tok }

prompt tag(rows: [Row]) -> [Tag] {
  task: "Tag each row."
  check: ids(result) == ids(rows)
  retry <= 1
}
prompt say(tags: [Tag]) -> Text { task: "Say it." retry <= 1 }

recipe label(log: [Row]) -> Text {
  budget { calls <= 50 }
  let tags = map (split log by items(per: 2)) with tag() { on_error: skip(at_most: 60%) }
  return say(flatten(tags))
}
"""
ROWS = [{"id": n, "text": f"row {n}"} for n in range(4)]
TAGS = [[{"id": n, "label": "x"}, {"id": n + 1, "label": "y"}] for n in (0, 2)]


def labels(folder: Path, tests: str) -> None:
    (folder / "label.rlm").write_text(RECIPE + tests)
    (folder / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in ROWS))
    (folder / "tags.jsonl").write_text("".join(json.dumps(t) + "\n" for t in TAGS))
    (folder / "mocks.py").write_text(
        "def tag(rows):\n    return [{'id': r['id'], 'label': r['text'][-1]} for r in rows]\n"
    )


def test_mocks_of_every_kind(folder: Path, rlm: Rlm) -> None:
    labels(
        folder,
        """
test "a script by items" for label {
  given log: rows("rows.jsonl")
  mock tags returns scripted("tags.jsonl")
  mock say returns if count(tags) == 4 then "both" else "not both"
  expect result == "both"
  expect coverage(log) == 1.0
  expect calls == 3
  expect depth == 1
  expect "tags" in steps
}
test "a function" for label {
  given log: [Row(id: 7, text: "row 7")]
  mock tag returns scripted("mocks.py:tag")
  mock say returns "said"
  expect result == "said"
  expect tokens > 10
  expect usd == 0.0
}
test "a failing item is skipped" for label {
  given log: rows("rows.jsonl")
  mock tags returns fails("overloaded")
  mock say returns "said"
  expect problem == "too-many-skipped"
}
test "a refused answer is asked again" for label {
  given log: [Row(id: 1, text: "a"), Row(id: 2, text: "b")]
  mock tags returns [Tag(id: 9, label: "z")]
  mock say returns "said"
  expect problem == "too-many-skipped"
  expect calls == 2
}
""",
    )
    found = rlm("test", "label.rlm")
    assert found.code == 0, found.out + found.err
    assert found.out.count("ok  ") == 4
    assert "4 of 4 tests passed" in found.err


def test_what_fails_tells_what_was_expected_and_what_came(folder: Path, rlm: Rlm) -> None:
    labels(
        folder,
        """
test "wrong" for label {
  given log: rows("rows.jsonl")
  mock tags returns scripted("tags.jsonl")
  mock say returns "both"
  expect result == "neither"
  expect calls <= 2
}
test "no mock" for label {
  given log: rows("rows.jsonl")
  expect calls == 3
}
test "no file" for label {
  given log: rows("nosuch.jsonl")
  expect calls == 3
}
""",
    )
    found = rlm("test", ".", "--junit", "out.xml")
    assert found.code == 1
    assert 'expected   result == "neither"   (line 22)' in found.out
    assert "got        result is 'both'" in found.out
    assert "got        calls is 3" in found.out
    assert "tags[0]:" in found.out
    assert "not-mocked" in found.out and "add `mock tags returns …`" in found.out
    assert "source-missing" in found.out
    suite = ElementTree.parse("out.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "2")
    values = json.loads(rlm("test", "label.rlm", "--json", "-k", "wrong").out)
    assert [v["passed"] for v in values] == [False]
    assert values[0]["missed"][0]["wanted"] == "'neither'"


def test_a_test_is_written_from_a_run(book: Path, rlm: Rlm) -> None:
    done = rlm(
        "run", "find.rlm", "--source", "book=book.txt", "--set", "question=Where is the key?"
    )
    assert done.code == 0, done.err
    written = rlm("test", "--record", "last")
    assert written.code == 0, written.err
    target = Path(written.err.split()[-1])
    assert "replay(" in target.read_text() and "coverage(book) == 1.0" in target.read_text()
    found = rlm("test", str(target))
    assert found.code == 0, found.out
    text = target.read_text().replace("third bell", "fourth bell")
    target.write_text(text)
    assert rlm("test", str(target)).code == 1


def test_pytest_collects_recipes(folder: Path) -> None:
    labels(
        folder,
        """
test "good" for label {
  given log: [Row(id: 1, text: "a")]
  mock tag returns scripted("mocks.py:tag")
  mock say returns "said"
  expect result == "said"
}
test "bad" for label {
  given log: [Row(id: 1, text: "a")]
  mock tag returns scripted("mocks.py:tag")
  mock say returns "said"
  expect result == "sad"
}
""",
    )
    (folder / "broken.rlm").write_text('rlm 1\nrecipe r(\ntest "x" for r { expect 1 == 1 }\n')
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "label.rlm",
            "broken.rlm",
            "--continue-on-collection-errors",
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "FAILED label.rlm::bad" in done.stdout and "ERROR broken.rlm" in done.stdout, (
        done.stdout + done.stderr
    )
    assert "got        result is 'said'" in done.stdout
    assert ".F" in done.stdout and "Traceback" not in done.stdout


# ── evals ────────────────────────────────────────────────────────────────────

EVAL = """rlm 1
prompt answer(text: Text, ask: Text) -> Text {{ task: "{task}" }}
recipe look(text: Text, ask: Text) -> Text {{
  budget {{ calls <= 4 }}
  return answer(text, ask)
}}
dataset dev {{
  path: "dev.jsonl"
  {pin}
  bind: {{ text: text, ask: question }}
  want: label
}}
metric near(got: Text, want: Text) -> Float from "metrics.py:near"
eval quality for look {{
  over: dev
  score contains weight 3
  score near weight 1
  score calls weight 0
  require {require}
}}
"""
NEAR = "def near(got, want):\n    return (1.0 if want in got else 0.25, 'say where')\n"


def looking(folder: Path, **changes: str) -> None:
    values = {"task": "Answer.", "pin": "", "require": "contains >= 0.5", **changes}
    (folder / "look.rlm").write_text(EVAL.format(**values))
    (folder / "metrics.py").write_text(NEAR)
    lines = [
        {
            "text": f"The key is in room {n}. The sea is wide.",
            "question": "Where is the key?",
            "label": f"room {n}" if n % 4 else "nowhere",
        }
        for n in range(12)
    ]
    (folder / "dev.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))


def test_an_eval_scores_and_the_second_costs_nothing(folder: Path, rlm: Rlm) -> None:
    looking(folder)
    found = rlm("eval", "look.rlm", "--json")
    assert found.code == 0, found.err
    values = json.loads(found.out)
    assert values["means"]["contains"]["mean"] == 0.75
    assert values["means"]["near"]["mean"] == pytest.approx(0.75 + 0.25 * 0.25)
    assert values["means"]["score"]["mean"] == pytest.approx((3 * 0.75 + 0.8125) / 4)
    assert values["means"]["calls"]["mean"] == 0.75
    assert values["usage"]["calls"] == 12
    worst = min(values["rows"], key=lambda r: r["score"])
    assert "say where" in worst["reason"]
    again = json.loads(rlm("eval", "look.rlm", "--json").out)
    assert (again["usage"]["calls"], again["reused"]) == (0, 12)
    assert again["means"] == values["means"]
    text = rlm("eval", "look.rlm").out
    assert "not pinned: sha256" in text and "the worst examples" in text
    assert "rlm show" in text
    assert rlm("show", worst["run"]).code == 0
    assert len(rlm("runs").out.splitlines()) < len(rlm("runs", "--all").out.splitlines())


def test_what_must_hold_decides_the_exit_code(folder: Path, rlm: Rlm) -> None:
    looking(folder, require="contains >= 0.9")
    found = rlm("eval", "look.rlm")
    assert found.code == 1
    assert "require contains >= 0.9: DOES NOT HOLD" in found.out


def test_a_pin_holds_and_shows_both(folder: Path, rlm: Rlm) -> None:
    looking(folder, pin='sha256: "0123456789abcdef"')
    found = rlm("eval", "look.rlm")
    assert found.code == 1
    assert "pinned: 0123456789abcdef" in found.err and "found:  " in found.err
    looking(folder)
    text = (folder / "look.rlm").read_text().replace("metrics.py:near", "metrics.py:near@00112233")
    (folder / "look.rlm").write_text(text)
    assert "code-changed" in rlm("eval", "look.rlm").err


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("dev.jsonl", b"\xff\xfe\x00", "dataset-unreadable"),
        ("dev.jsonl", b"[1, 2]\n", "dataset-unreadable"),
        ("dev.jsonl", b'{"text": "a", "question": "b"}\n', "missing-column"),
        ("dev.jsonl", b"", "dataset-unreadable"),
        ("dev.jsonl", None, "dataset-missing"),
    ],
)
def test_bad_datasets(folder: Path, rlm: Rlm, name: str, content: bytes | None, code: str) -> None:
    looking(folder)
    (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
    found = rlm("eval", "look.rlm")
    assert found.code == 1
    assert code in found.err and "Traceback" not in found.err


def test_csv_is_read_by_the_parameters_types(folder: Path, rlm: Rlm) -> None:
    (folder / "sum.rlm").write_text("""rlm 1
prompt add(a: Int, b: Text) -> Int "Add."
recipe sum_up(a: Int, b: Text) -> Int { return add(a, b) }
dataset d { path: "d.csv" want: total }
eval e for sum_up { over: d  score close weight 1  score exact weight 1 }
""")
    (folder / "d.csv").write_text("a,b,total\n3,of 3 apples,3\n4,of 8 pears,8\n")
    found = rlm("eval", "sum.rlm", "--json")
    assert found.code == 0, found.err
    assert len(json.loads(found.out)["rows"]) == 2


def test_a_metric_that_gives_no_score_is_told(folder: Path, rlm: Rlm) -> None:
    looking(folder)
    (folder / "metrics.py").write_text("def near(got, want):\n    return 7\n")
    found = rlm("eval", "look.rlm")
    assert found.code == 1 and "metric-failed" in found.err


def test_two_evals_are_compared_pair_by_pair(folder: Path, rlm: Rlm) -> None:
    looking(folder)
    found = rlm("eval", "look.rlm", "--json")
    assert found.code == 0, found.err
    first = json.loads(found.out)["run"]
    same = json.loads(rlm("eval", "look.rlm", "--json", "--compare", first).out)["compare"]
    assert same["difference"]["mean"] == 0
    assert same["verdict"] == "no difference beyond its interval"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    (folder / ".gitignore").write_text(".rlm\n")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    text = (
        (folder / "look.rlm")
        .read_text()
        .replace("return answer(text, ask)", 'return answer("nothing", ask)')
    )
    (folder / "look.rlm").write_text(
        text.replace("recipe look(text: Text, ask", "recipe look(ask").replace("text: text, ", "")
    )
    found = rlm("eval", "look.rlm", "--compare", "HEAD", "--set", "budget.calls=4")
    assert "compared with HEAD: worse" in found.out, found.out + found.err
    assert "unknown-comparison" in rlm("eval", "look.rlm", "--compare", "nosuch").err


def test_a_killed_eval_goes_on(folder: Path, rlm: Rlm) -> None:
    """The process is killed after its fifth answer; the second asks only for the others."""
    looking(folder)
    code = (
        "import os, rlmlang.models.offline.reader as r\n"
        "from rlmlang.cli.main import main\nimport sys\n"
        "plain, n = r.OfflineReader.complete, 0\n"
        "async def complete(self, request):\n"
        "    global n\n    n += 1\n"
        "    if n == 6: os.kill(os.getpid(), 9)\n"
        "    return await plain(self, request)\n"
        "r.OfflineReader.complete = complete\n"
        "sys.argv = ['rlm', 'eval', 'look.rlm', '--at-once', '1']\nmain()\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert killed.returncode == -9
    found = rlm("eval", "look.rlm", "--json")
    assert found.code == 0, found.err
    values = json.loads(found.out)
    assert values["usage"]["calls"] == 7
    assert len(values["rows"]) == 12


# ── laws ─────────────────────────────────────────────────────────────────────

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=12),
    lambda x: st.lists(x, max_size=4), max_leaves=6,
)  # fmt: skip


def score(metric: Metric, got: object, want: object) -> float:
    """What a metric gives for an answer that used half of a budget."""
    found = metric.score(Answered(got, want, Usage(2, 5, 5, 1), Budget(4, 20, 2.0), 0.5))
    return found[0] if isinstance(found, tuple) else found


@given(VALUES, VALUES)
def test_every_metric_lies_between_0_and_1_and_is_1_for_the_same(got: object, want: object) -> None:
    for name, metric in METRICS.items():
        assert metric.doc.endswith(".")
        assert 0 <= score(metric, got, want) <= 1
        rest = metric.limit or name == "coverage"
        assert score(metric, want, want) == (0.5 if rest else 1) or name == "close"


def test_metrics_as_they_are_defined() -> None:
    assert score(METRICS["exact"], "  The  KEY ", "the key") == 1
    assert score(METRICS["exact"], "1,200", 1200) == 1
    assert score(METRICS["f1"], "the red key", "red key") == pytest.approx(0.8)
    assert score(METRICS["close"], "about 9 of them", 10) == pytest.approx(0.9)
    assert score(METRICS["overlap"], [{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 3}]) == 0.5
    assert score(METRICS["contains"], "in room 12", "Room 12") == 1


def test_intervals_against_published_values() -> None:
    """Student's t from tables; Wilson's interval for 8 of 10 is [0.490, 0.943]."""
    for freedom, value in ((3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (120, 1.980)):
        assert student(freedom) == pytest.approx(value, rel=0.01)
    share = mean_of([1.0] * 8 + [0.0] * 2)
    assert (round(share.low, 3), round(share.high, 3)) == (0.490, 0.943)
    found = difference_of([0.2, 0.4, 0.3, 0.5], [0.6, 0.7, 0.8, 0.8])
    assert found.mean == pytest.approx(0.375)
    assert found.high - found.mean == pytest.approx(3.182 * 0.0957 / math.sqrt(4), rel=0.02)
    assert verdict(found) == "better"
    assert verdict(difference_of([0.5, 0.5], [0.4, 0.7])) == "no difference beyond its interval"


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_an_interval_holds_its_mean(values: list[float]) -> None:
    found = mean_of(values)
    assert 0 <= found.low <= found.mean + 1e-9 and found.mean - 1e-9 <= found.high <= 1


def test_every_test_of_the_library_and_the_examples_passes(rlm: Rlm) -> None:
    examples = [p for p in (ROOT / "examples").rglob("*.rlm") if FETCHING not in p.parents]
    found = rlm("test", str(ROOT / "stdlib"), *map(str, examples), "--allow-none")
    assert found.code == 0, found.out
