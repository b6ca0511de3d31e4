"""Where an Image may stand, and where not."""

from __future__ import annotations

import pytest

from rlmlang import compiler
from rlmlang.diagnostics.render import render_all
from rlmlang.diagnostics.source import SourceFile
from rlmlang.runtime.files import load_import

HEAD = 'rlm 1\nprompt see(photo: Image) -> Text max 60tok "What is it?"\n'
FREE = """
prompt explore(text: Text, photo: Image) -> Text {
  task: "Look."
  repl {
    tools: [TOOL]
  }
}
"""


TUNED = """
model eye { output <= 200tok }
prompt look(photo: Image) -> Text max 60tok { model: eye task: "Look." }
recipe r(photo: Image) -> Text {
  let said = look(photo)
  return said
}
dataset d {
  path: "d.jsonl"
  want: said
}
eval e for r {
  over: d
  score exact weight 1
}
tune t for r {
  eval: e
  optimizer: gepa
  knob KNOB
}
"""


def problems(text: str) -> list[str]:
    """The codes of a recipe's problems."""
    found = compiler.check(SourceFile("s.rlm", HEAD + text), load_import).diagnostics
    return [d.code for d in found] if found else []


@pytest.mark.parametrize("text", [
    "recipe r(photo: Image) -> Text { return see(photo) }",
    "recipe r(photo: Image? = none) -> Int { return if photo == none then 0 else 1 }",
    "recipe r(photos: [Image] max 9) -> [Text] { return map photos with see() }",
    "source s: Image = image(\"a.png\")\nrecipe r(photo: Image = s) -> Text { return see(photo) }",
    "source s: [Image] = images(\"a\")\nrecipe r(p: [Image] = s) -> [Text] { return map p with see() }",
    'prompt all(photos: [Image]) -> Text "Compare."\n'
    "recipe r(photos: [Image]) -> [Text] {\n let few = split photos by items(per: 4)\n"
    " return map few with all()\n}",
    'prompt is_cat(photo: Image) -> Bool "A cat?"\n'
    "recipe r(photos: [Image]) -> [Text] {\n let cats = filter photos with is_cat()\n"
    " return map cats with it.name\n}",
    "pattern p(photos: [Image], ask: prompt(Image) -> Text) -> [Text] {\n"
    " return map photos with ask()\n}\n"
    "recipe r(photos: [Image]) -> [Text] { return p(photos, see) }",
    'prompt sure(photo: Image, said: Text max 60tok) -> Bool "Is it so?"\n'
    "recipe r(photos: [Image]) -> [Bool] {\n let said = map photos with see()\n"
    " let pairs = zip(photos, said)\n return map pairs with sure(it.left, it.right)\n}",
], ids=range(9))  # fmt: skip
def test_images_are_parameters_and_go_to_prompts(text: str) -> None:
    found = compiler.check(SourceFile("s.rlm", HEAD + text), load_import).diagnostics
    assert not [d for d in found if d.severity == "error"], render_all(found)


@pytest.mark.parametrize("text", [
    "recipe r(photo: Image) -> Image { return photo }",
    "recipe r(photos: [Image]) -> [Image] { return photos }",
    "record R { photo: Image }",
    "recipe r(photos: Map<Text, Image>) -> Int { return 1 }",
    "recipe r(photos: Slice<Image>) -> Int { return 1 }",
    "recipe r(photos: [[Image]]) -> Int { return 1 }",
    'prompt draw(text: Text) -> Image "Draw it."',
    'code size(photo: Image) -> Int from "size.py:size"',
    'prompt p(text: Text, photo: Image) -> Text {\n module: "mine.py:Careful"\n task: "x"\n calls <= 2\n}',
], ids=range(9))  # fmt: skip
def test_an_image_stands_nowhere_else(text: str) -> None:
    assert "misplaced-image" in problems(text + "\n")


@pytest.mark.parametrize(("text", "code"), [
    ('source s: Text = image("a.png")', "source-type"),
    ('source s: [Image] = image("a.png")', "source-type"),
    ('source s: Image = images("a")', "source-type"),
    ('source s: [Image] = jsonl("a.jsonl")', "source-type"),
    ('source s: Image = text("a.png")', "source-type"),
    ("recipe r(photo: Image max 3tok) -> Text { return see(photo) }", "wrong-setting"),
    ("recipe r(text: Text) -> Text { return see(text) }", "wrong-type"),
    ('prompt say(text: Text) -> Text "Say."\nrecipe r(p: Image) -> Text { return say(p) }',
     "wrong-type"),
    ("recipe r(p: Image) -> [Slice] { return split p by tokens(max: 400tok) }", "cannot-split"),
    ('prompt say(photo: Image) -> Text "Say {{ photo }}."', "template-data"),
    (FREE.replace(", photo: Image", "").replace("TOOL", "see"), "unknown-tool"),
    ("recipe r(photo: Audio) -> Text { return photo }", "unknown-type"),
], ids=range(12))  # fmt: skip
def test_what_is_no_image_is_none(text: str, code: str) -> None:
    assert code in problems(text + "\n")


@pytest.mark.parametrize(("knob", "wrong"), [
    ("said.task in rewrite", True), ("said.demos in [0, 2]", True), ("eye.output in [100tok]", False),
])  # fmt: skip
def test_what_shows_images_is_not_tuned_by_text(knob: str, wrong: bool) -> None:
    text = TUNED.replace("KNOB", knob)
    assert problems(text) == (["unknown-knob"] if wrong else [])
