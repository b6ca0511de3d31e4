"""Results as the caller's own types, data frames in and out, and typed modules for recipes."""

from __future__ import annotations

import enum
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dspy
import pydantic
import pytest

import rlmlang
from tests.conftest import Rlm
from tests.program.rules import rule_lm
from tests.program.typed import mypy

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


@dataclass(frozen=True)
class Longer(Note):
    size: int


@dataclass(frozen=True)
class Verdict:
    kind: Kind
    why: str | None


class Closed(pydantic.BaseModel, extra="forbid"):
    kind: Kind
    why: str | None


class Good(enum.Enum):
    GOOD = "good"


VERDICT = RECIPE.replace(
    "recipe clash",
    """recipe verdict(text: Text) -> Verdict {
  return Verdict(kind: good, why: none, from: text)
}
recipe clash""",
)


def test_a_module_gives_its_results_as_a_type() -> None:
    lm = rule_lm(lambda system, messages: "good")
    kept = rlmlang.load(RECIPE, recipe="kept", model=lm, store=None, result=list[Note])
    assert kept(notes=NOTES, longer=6).result == [Note("a", "praised"), Note("b", "not so")][:1]
    verdict = rlmlang.load(VERDICT, recipe="verdict", store=None, result=Verdict)
    found = verdict(text="x")
    assert (found.result, found.kind) == (Verdict(Kind.GOOD, None), "good")
    outcome = rlmlang.run(
        VERDICT, recipe="verdict", values={"text": "x"}, store=None, result=Verdict
    )
    assert outcome.result == Verdict(Kind.GOOD, None)


@pytest.mark.parametrize(
    ("recipe", "result", "words"),
    [
        ("kinds", list[int], "an item: Kind is no integer"),
        ("kinds", Kind, "is no string"),
        ("kinds", list[Good], "`bad` is none of it"),
        ("kept", list[Longer], "no field `size`"),
        ("kept", Note, "is no object"),
        ("verdict", Closed, "`from` is no field of it"),
        ("verdict", dict[str, str], "`why`: it may be none"),
        ("odd", Note, "it may be none"),
        ("kept", list[object], ""),
        ("kept", list[dict[str, str]], ""),
        ("kept", list[Note] | None, ""),
        ("kinds", list[Any], ""),
        ("kinds", list[type(pytest)], "is no"),
    ],
)
def test_a_type_that_results_cannot_be_of_is_refused_at_load(
    recipe: str, result: Any, words: str
) -> None:
    def load() -> Any:
        return rlmlang.load(VERDICT, recipe=recipe, model="offline/reader", result=result)

    if not words:
        assert load().predictors() is not None
        return
    with pytest.raises(rlmlang.CodedError, match=words) as found:
        load()
    assert found.value.diagnostic.code == "wrong-input"
    values = {"text": "x"} if recipe in ("odd", "verdict") else {"notes": NOTES}
    with pytest.raises(rlmlang.CodedError, match=words):
        rlmlang.run(VERDICT, recipe=recipe, values=values, model="offline/reader", result=result)


AUDIO = dspy.Audio(data="aaaa", audio_format="wav")
PARTS = [{"type": "text", "text": "what is it?"}, {"type": "input_audio", "input_audio": {}}]


@pytest.mark.parametrize(
    "context",
    [
        AUDIO,
        [{"page": AUDIO}],
        dspy.History(messages=[{"page": AUDIO}]),
        [{"role": "user", "content": PARTS}],
    ],
    ids=["audio", "row", "history", "message"],
)
def test_what_is_no_text_is_refused_and_never_shown_as_bytes(context: Any) -> None:
    with pytest.raises(rlmlang.CodedError, match="asked with text") as found:
        rlmlang.completion("what is it?", context, model="offline/reader", store=None)
    assert found.value.diagnostic.code == "wrong-input"
    if context is AUDIO:
        with pytest.raises(rlmlang.BadRecipe, match="models are asked with text and images"):
            rlmlang.load("rlm 1\nrecipe r(page: Audio) -> Text { return page }")


def test_an_image_is_no_text() -> None:
    image = dspy.Image(url="data:image/png;base64,aaaa")
    with pytest.raises(rlmlang.CodedError, match="asked with text"):
        rlmlang.run(VERDICT, recipe="odd", values={"text": image}, model="offline/reader")


class Short(pydantic.BaseModel):
    text: str = pydantic.Field(max_length=3)


def test_what_only_a_value_shows_is_told_when_it_is_there() -> None:
    given: Any = {"recipe": "kept", "store": None, "model": "offline/reader", "result": list[Short]}
    with pytest.raises(rlmlang.CodedError, match="0: text: String should have at most 3"):
        rlmlang.load(RECIPE, **given)(notes=NOTES)
    outcome = rlmlang.run(RECIPE, values={"notes": NOTES}, **given)
    assert outcome.result is None and "at most 3" in str(outcome.problem)


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
    done = mypy(folder, "notes.py", "use.py")
    assert done.returncode == 0, done.stdout + done.stderr


TYPED = """
from typing import Any, assert_type
from dataclasses import dataclass
import rlmlang

@dataclass
class Note:
    id: str

find = rlmlang.load("find.rlm", result=Note)
assert_type(find(text="x").result, Note)
assert_type(rlmlang.load("find.rlm", result=list[Note])().result, list[Note])
assert_type(rlmlang.load("find.rlm")().result, Any)
outcome = rlmlang.run("find.rlm", result=Note)
assert_type(outcome.result, Note | None)
assert_type(find(text="x").cost, float | None)
rlmlang.run("find.rlm", result=5)  # type: ignore[call-overload]

async def main() -> None:
    assert_type((await find.acall(text="x")).result, Note)
    assert_type((await rlmlang.arun("find.rlm", result=Note)).result, Note | None)
"""


def test_results_are_typed(folder: Path) -> None:
    (folder / "use.py").write_text(TYPED)
    done = mypy(folder, "use.py")
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
