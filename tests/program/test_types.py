"""Results as the caller's own types, data frames in and out, and typed modules for recipes."""

from __future__ import annotations

import enum
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
import pytest

import rlmlang
from tests.conftest import ROOT, Rlm
from tests.program.rules import rule_lm

RECIPE = """rlm 1
enum Kind { good, bad }
record Note { id: Text max 8tok, text: Text max 20tok }
record Verdict { kind: Kind, why: Text? max 20tok, from: Text max 8tok }
record Plain { name: Text, note: Note, size: Int? }
prompt judge(text: Text) -> Kind "Say whether it is praised."
/// The notes that are praised.
recipe kinds(notes: [Note]) -> [Kind] { return map notes with judge(it.text) }
recipe kept(notes: [Note], longer: Int = 6) -> [Note] {
  return filter notes where length(it.text) > longer
}
recipe odd(text: Text) -> Plain? { return plain(text) }
recipe clash(model: Text, settings: Text) -> Text { return "{model} {settings}" }
prompt plain(text: Text) -> Plain? "Give the name."
"""


class Kind(enum.Enum):
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True)
class Note:
    id: str
    text: str


class NoteModel(pydantic.BaseModel):
    id: str
    text: str


NOTES = [{"id": "a", "text": "praised"}, {"id": "b", "text": "not so"}]


def judged(recipe: str, notes: Any) -> Any:
    lm = rule_lm(lambda system, messages: "good" if "praised\n" in messages[-1] else "bad")
    return rlmlang.load(RECIPE, recipe=recipe, model=lm, store=None)(notes=notes)


def test_a_result_is_what_the_caller_wants() -> None:
    found = judged("kept", [Note("a", "praised"), Note("b", "not so")])
    assert found.to(list[Note]) == [Note("a", "praised")]
    assert found.to(list[NoteModel]) == [NoteModel(id="a", text="praised")]
    assert judged("kinds", NOTES).to(list[Kind]) == [Kind.GOOD, Kind.BAD]


def test_a_result_that_is_something_else_is_said() -> None:
    with pytest.raises(rlmlang.CodedError, match="the result is no"):
        judged("kinds", NOTES).to(list[int])


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_frames_go_in_and_out(package: str) -> None:
    frames = pytest.importorskip(package)
    found = judged("kept", frames.DataFrame(NOTES))
    out = frames.DataFrame(found.result)
    assert list(out.columns) == ["id", "text"] and list(out["id"]) == ["a"]


def test_a_stub_is_a_module_that_mypy_accepts(folder: Path, rlm: Rlm) -> None:
    (folder / "notes.rlm").write_text(RECIPE)
    assert rlm("stub", "notes.rlm", "--out", "notes.py").code == 0
    assert rlm("stub", "notes.rlm").out == (folder / "notes.py").read_text()
    (folder / "use.py").write_text(
        "from notes import Kind, Note, clash, kept, kinds\n"
        "a: list[Kind] = kinds(notes=[Note('a', 'x')], model='offline/reader')\n"
        "b: list[Note] = kept(notes=[], longer=2)\n"
        "c: str = clash(model_='x', settings_='y', model='offline/reader')\n"
        "kept(longer=2)  # type: ignore[call-arg]\n"
        "kinds(notes=5)  # type: ignore[arg-type]\n"
        "kinds(notes=[], stroe=None)  # type: ignore[call-arg]\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"),
         "notes.py", "use.py"],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stub_runs(folder: Path, rlm: Rlm) -> None:
    (folder / "notes.rlm").write_text(RECIPE)
    there: dict[str, Any] = {"__file__": str(folder / "notes.py"), "__name__": "notes"}
    module = type(sys)("notes")
    module.__dict__.update(there)
    sys.modules["notes"] = module
    try:
        exec(compile(rlm("stub", "notes.rlm").out, "notes.py", "exec"), module.__dict__)  # noqa: S102
        lm = rule_lm(lambda system, messages: "good")
        assert module.kinds(notes=[module.Note("a", "x")], model=lm, store=None) == [
            module.Kind.GOOD
        ]
    finally:
        del sys.modules["notes"]


def test_a_broken_recipe_has_no_stub(folder: Path, rlm: Rlm) -> None:
    (folder / "bad.rlm").write_text("rlm 1\nrecipe r(x: Text) -> Text { return y }\n")
    done = rlm("stub", "bad.rlm")
    assert (done.code, done.out) == (65, "") and "unknown-name" in done.err
