"""The commands, as a user calls them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rlmlang.stores.reader import StoreReader
from tests.conftest import BOOK, SIMPLE, Rlm

ARGS = ("--source", "book=book.txt", "--set", "question=where does the key hang")


def test_new_writes_a_recipe_that_runs(book: Path, rlm: Rlm) -> None:
    assert rlm("new", "mine.rlm").code == 0
    assert rlm("check", "mine.rlm").code == 0
    done = rlm(
        "run",
        "mine.rlm",
        "--recipe",
        "find",
        "--source",
        "haystack=book.txt",
        "--set",
        "question=Where does the key hang?",
    )
    assert (done.code, done.out) == (0, "The key hangs behind the third bell.\n")
    assert "std/needle" in rlm("new", "--list").out


def test_run_shows_plan_answer_evidence_and_receipt(book: Path, rlm: Rlm) -> None:
    done = rlm("run", "find.rlm", *ARGS)
    assert done.out == "The key hangs behind the third bell.\n"
    for word in ("plan", "evidence", "book.txt bytes", "receipt", "100.0%", "rule-based reader"):
        assert word in done.err
    assert rlm("run", "find.rlm", *ARGS, "--quiet").err == ""


def test_out_writes_the_result_to_a_file(book: Path, rlm: Rlm) -> None:
    done = rlm("run", "find.rlm", *ARGS, "--out", "answer.txt", "--no-store")
    assert (done.out, (book / "answer.txt").read_text()) == (
        "",
        "The key hangs behind the third bell.\n",
    )
    assert not (book / ".rlm").exists()


def test_stdin_is_a_source(book: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rlmlang", "run", "find.rlm", "--source", "book=-", *ARGS[2:]],
        input=BOOK,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "The key hangs behind the third bell.\n")


def test_plan_prints_a_formula_until_sizes_are_known(book: Path, rlm: Rlm) -> None:
    unknown = rlm("plan", "find.rlm")
    assert "⌈book / 180⌉" in unknown.out
    known = rlm("plan", "find.rlm", *ARGS)
    assert "⌈" not in known.out
    values = json.loads(rlm("plan", "find.rlm", *ARGS, "--json").out)
    assert values["totals"]["worst"]["calls"] == 10
    assert values["verdict"]["word"] == "proven"
    assert [n["id"] for n in values["nodes"]][:3] == ["question", "book", "notes.split"]
    assert values == json.loads(rlm("plan", "find.rlm", *ARGS, "--json").out)


def test_plan_names_a_model_without_a_price(book: Path, rlm: Rlm) -> None:
    done = rlm("plan", "find.rlm", *ARGS, "--model", "my/model")
    assert "price unknown" in done.out
    assert "0.00" not in done.out


def test_the_hash_depends_on_meaning_only(book: Path, rlm: Rlm) -> None:
    def hashed(text: str) -> str:
        (book / "h.rlm").write_text(text)
        return str(json.loads(rlm("plan", "h.rlm", "--json").out)["hash"])

    plain = hashed(SIMPLE)
    assert hashed(SIMPLE.replace("\n  let", "\n\n  // a remark\n      let")) == plain
    assert hashed(SIMPLE.replace("200tok", "201tok")) != plain
    assert hashed(SIMPLE.replace("Answer the", "Answer this")) != plain
    for seed, locale in (("1", "C"), ("2", "C.UTF-8")):
        found = subprocess.run(
            [sys.executable, "-m", "rlmlang", "plan", "find.rlm", "--json"],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale},
        )
        assert json.loads(found.stdout)["hash"] == plain


def test_graphs(book: Path, rlm: Rlm) -> None:
    mermaid = rlm("graph", "find.rlm").out
    assert "notes --> result" in mermaid
    assert '"notes" -> "result"' in rlm("graph", "find.rlm", "--format", "dot").out
    assert rlm("graph", "find.rlm", "--out", "g.svg").code == 0
    svg = (book / "g.svg").read_text()
    import xml.etree.ElementTree as ET

    assert ET.fromstring(svg).tag.endswith("svg")
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_fmt(book: Path, rlm: Rlm) -> None:
    ugly = SIMPLE.replace("\n  let", "\n let   ")
    (book / "ugly.rlm").write_text(ugly)
    assert rlm("fmt", "--check", "ugly.rlm").code == 1
    assert "-let" in rlm("fmt", "--diff", "ugly.rlm").out.replace(" ", "")
    assert (book / "ugly.rlm").read_text() == ugly
    assert rlm("fmt", "ugly.rlm").code == 0
    once = (book / "ugly.rlm").read_text()
    assert rlm("fmt", "--check", "ugly.rlm").code == 0
    done = subprocess.run(
        [sys.executable, "-m", "rlmlang", "fmt"],
        input=ugly,
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stdout == once


def test_fmt_shows_texts_with_names_in_braces(book: Path, rlm: Rlm) -> None:
    text = SIMPLE.replace("note(question)", 'note("What of {question}, \\{x}?")')
    (book / "filled.rlm").write_text(text)
    line, column = 8, text.split("\n")[7].index('"W') + 1
    shown = rlm("fmt", "--filled", "filled.rlm")
    assert (shown.code, shown.out) == (
        0,
        f'filled.rlm:{line}:{column}: "What of {{question}}, \\{{x}}?"\n',
    )
    assert (book / "filled.rlm").read_text() == text
    (book / "filled.rlm").write_text(text.replace("\\{x}", "{x}"))
    shown = rlm("fmt", "--filled", "filled.rlm")
    assert shown.code == 65 and "unknown-name" in shown.err


def test_check_as_json(book: Path, rlm: Rlm) -> None:
    (book / "bad.rlm").write_text(SIMPLE.replace("split book", "split bok"))
    (found,) = [
        d for d in json.loads(rlm("check", "bad.rlm", "--json").out) if d["code"] == "unknown-name"
    ]
    assert (found["labels"][0]["line"], found["labels"][0]["column"]) == (8, 26)
    assert "`book` is near" in found["hint"]


BEFORE = {
    "half a character": (("run", "rows.rlm", "--source", "rows=half.jsonl"), "bad-row"),
    "no recipe": (("plan", "none.rlm"), "recipe-missing"),
    "no input": (("run", "find.rlm"), "missing-input"),
    "a mistake in the recipe": (("run", "bad.rlm"), "unexpected-end"),
    "no file": (("ask", "Why?", "--source", "none.txt"), "source-missing"),
    "no recipe to score": (("eval", "none.rlm"), "recipe-missing"),
    "no run": (("show", "none"), "unknown-run"),
}


@pytest.mark.parametrize("what", BEFORE)
def test_what_fails_before_it_has_begun_is_told_as_json(book: Path, rlm: Rlm, what: str) -> None:
    (book / "rows.rlm").write_text(
        "rlm 1\nrecord R { a: Text }\nrecipe go(rows: [R]) -> [R] { return rows }\n"
    )
    (book / "bad.rlm").write_text("rlm 1\nrecipe go")
    (book / "half.jsonl").write_text('{"a": "bees \\ud83d"}\n')
    args, code = BEFORE[what]
    done = rlm(*args, "--json")
    assert (json.loads(done.out)["problem"]["code"], done.code > 0) == (code, True)
    assert f"error[{code}]" in done.err
    assert not rlm(*args).out.startswith("{")


def test_several_errors_in_one_file(book: Path, rlm: Rlm) -> None:
    (book / "bad.rlm").write_text(
        'rlm 1\n\nrecipe a(x: Text) -> Text {\n  let b = mapp x with c()\n  let d = 8 ktok\n  return "e\n}\n'
        "\nrecpe z() {}\n"
    )
    err = rlm("check", "bad.rlm").err
    for code in ("unknown-verb", "loose-unit", "unclosed-text", "unknown-declaration"):
        assert f"[{code}]" in err
    assert "4 errors" in err


def test_show_and_its_nodes(book: Path, rlm: Rlm) -> None:
    rlm("run", "find.rlm", *ARGS)
    tree = rlm("show")
    assert "notes" in tree.out
    assert "4 calls" in tree.out
    assert "What does the page say" in rlm("show", "last", "notes[0]").out
    assert rlm("show", "last", "nots").code == 1
    events = [json.loads(x) for x in rlm("show", "--json").out.splitlines()]
    assert [e["seq"] for e in events] == sorted({e["seq"] for e in events})
    assert events[0]["event"] == "run_started"
    assert events[-1]["event"] == "run_finished"
    listed = json.loads(rlm("runs", "--json").out)
    assert [(r["state"], r["calls"], r["answers"]) for r in listed] == [("finished", 2, 2)]
    assert "finished" in rlm("runs").out


def test_explain_doctor_models_completion(folder: Path, rlm: Rlm) -> None:
    assert "---- good" in rlm("explain", "unsound-coverage").out
    found = rlm("doctor", "--api-base", "http://127.0.0.1:9/v1").out
    assert "ok  python" in found
    assert "-- endpoint" in " ".join(found.split())
    assert json.loads(rlm("models", "--json").out)["models"]["offline/reader"]["input"] == 0
    for shell in ("bash", "zsh", "fish"):
        assert "rlm" in rlm("completion", shell).out
    assert "is it 'plan'" in rlm("pln").err


@pytest.mark.parametrize(
    "args",
    [
        ("--help",),
        ("check", "find.rlm"),
        ("fmt", "--check", "find.rlm"),
        ("plan", "find.rlm"),
        ("explain", "unknown-name"),
    ],
)
def test_the_front_half_never_imports_dspy(book: Path, args: tuple[str, ...]) -> None:
    code = (
        f"import sys; sys.argv = ['rlm', *{args!r}]\n"
        "from rlmlang.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'dspy', 'litellm', 'openai', 'aiohttp'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "if sys.argv[1] in ('--help', 'check', 'fmt'):\n"
        "    assert not {'networkx', 'rich', 'anyio', 'rlmlang.context'} & set(sys.modules), sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_ctrl_c_leaves_with_130_and_keeps_what_came_back(book: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        asked = threading.Event()

        def accept() -> None:
            held.append(silent.accept()[0])
            held[0].recv(1)
            asked.set()

        held: list[socket.socket] = []
        threading.Thread(target=accept, daemon=True).start()
        run = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "rlmlang",
                "run",
                "find.rlm",
                *ARGS,
                "--model",
                "m",
                "--timeout",
                "3",
                "--api-base",
                f"http://127.0.0.1:{silent.getsockname()[1]}/v1",
            ],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert asked.wait(60)
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=30)
        for each in held:
            each.close()
    assert run.returncode == 130, err
    assert "[interrupted]" in err
    assert "Traceback" not in err
    reader = StoreReader(book / ".rlm" / "store.db")
    assert list(reader.events(reader.choose("last")))[-1].name == "run_finished"
    assert reader.choose("last").state == "parked"
    reader.close()


def test_numbers_are_set_from_outside(book: Path, rlm: Rlm) -> None:
    text = SIMPLE.replace("split book by tokens(max: 200tok)", "split book by small").replace(
        "recipe find", "partition small = tokens(max: 200tok)\n\nconst least = 1\n\nrecipe find"
    )
    (book / "set.rlm").write_text(text)

    def calls(*args: str) -> int:
        values = json.loads(rlm("plan", "set.rlm", *ARGS, "--json", *args).out)
        return int(values["totals"]["worst"]["calls"])

    assert calls() == 10
    assert calls("--set", "small.max=100tok") == 18
    assert calls("--set", "notes.parallel=2") == 10
    assert rlm("run", "set.rlm", *ARGS, "--set", "small.max=1ktok", "--set", "least=3").code == 0
    assert rlm("plan", "set.rlm", "--set", "small.max=lots").code == 65


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("wall=90", ""),
        ("wall=2min", ""),
        ("tokens=2Mtok", ""),
        ("usd=2.50", ""),
        ("calls=1_000", ""),
        ("wall=2Mtok", "a time such as"),
        ("calls=1.5", "a whole number"),
        ("usd=much", "dollars"),
        ("calls=-3", "a whole number"),
        ("time=3", "a budget has no `time`"),
    ],
)
def test_limits_are_set_with_their_units(book: Path, rlm: Rlm, limit: str, said: str) -> None:
    done = rlm("plan", "find.rlm", *ARGS, "--set", f"budget.{limit}")
    assert (done.code, said in done.err) == (2 if said else 0, True), done.err


def test_a_large_run_looks_for_evidence_among_its_first_answers(
    book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(f"The key of room {i} hangs behind the door. " * 40 + "\n\n" for i in range(40))
    (book / "rooms.txt").write_text(text)
    monkeypatch.setattr("rlmlang.report.evidence.REMEMBERED", 1)
    done = rlm(
        "run",
        "find.rlm",
        "--source",
        "book=rooms.txt",
        "--set",
        "question=Where does the key hang?",
    )
    assert done.code == 0, done.err
    assert "not looked for in the last" in done.err
