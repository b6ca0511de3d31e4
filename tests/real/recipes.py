"""What the small model is asked: six jobs over texts that are made here, each in the language."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

MODEL = """model small {
  default: "openai/small"
  context <= 8ktok
  output <= 80tok
  temperature: 0
  price: { input: 0, output: 0 }
}
"""
NEEDLE = "The iron key of the archive hangs behind the third bell."
FILLER = (
    "The road to the mill was wet that morning, and the carter led his horse slowly.",
    "Two of the stones had been sold in spring, the third lay in the yard.",
    "Nobody in the village remembered when the bridge had been built.",
    "The bell rang at noon, and the school let out its children.",
)
RECIPES = {
    "needle": """
prompt find(page: Slice, question: Text) -> Quote? {
  model: small
  task: "Copy the sentence of the page that answers the question. Nothing if there is none."
}
recipe main(question: Text, book: Text) -> [Quote] {
  let found = map (split book by tokens(max: 300tok)) with find(question) { on_error: skip }
  return present(found)
}
""",
    "extract": """
record Payment { payer: Text max 12tok, amount: Int }
prompt pay(line: Slice) -> Payment {
  model: small
  task: "Who pays, and how many euros?"
}
recipe main(book: Text) -> [Payment] {
  return map (split book by lines(per: 1, max: 60tok)) with pay() { on_error: skip }
}
""",
    "classify_count": """
enum Label { place, number, person }
record Row { id: Int, text: Text max 40tok }
record Tag { id: Int, label: Label }
prompt tag(row: Row) -> Label {
  model: small
  task: "What does the question ask for: a place, a number or a person?"
}
recipe main(rows: [Row] max 40) -> [Label] {
  return map rows with tag() { on_error: skip }
}
""",
    "ask": """
prompt explore(question: Text, book: Text) -> Text max 40tok {
  model: small
  repl { iters <= 2  calls <= 2  depth <= 0 }
  task: "Find the answer to the question in the book."
}
recipe main(question: Text, book: Text) -> Text {
  let said = explore(question, book)
  return said
}
""",
}
TUNING = """
enum Label { place, number, person }
prompt tag(text: Text max 40tok) -> Label {
  model: small
  task: "What does the question ask for: a place, a number or a person?"
}
recipe main(text: Text max 40tok) -> Label {
  let label = tag(text)
  return label
}
dataset labelled {
  path: "labelled.jsonl"
  bind: { text: text }
  want: expected
}
eval labels for main {
  over: labelled
  score exact weight 1
}
tune labels for main {
  optimizer: bootstrap
  split: { train: 40%, dev: 30%, test: 30%, seed: 7 }
  knob tag.demos in [4]
  budget { calls <= 80 }
}
"""
QUESTIONS = [
    ("Where is the harbour?", "place"), ("How many bridges are there?", "number"),
    ("Who built the mill?", "person"), ("Which city is the largest?", "place"),
    ("What is the height of the tower?", "number"), ("Who sold the stones?", "person"),
    ("In which village is the school?", "place"), ("How old is the bell?", "number"),
    ("Who rang the bell?", "person"), ("Where does the road end?", "place"),
    ("How many horses had the carter?", "number"), ("Who wrote the letter?", "person"),
]  # fmt: skip


@dataclass(frozen=True)
class Job:
    """One recipe with what it is given."""

    name: str
    sources: tuple[str, ...]
    values: tuple[str, ...]


JOBS = (
    Job("needle", ("book=book.txt",), ("question=Where is the iron key?",)),
    Job("extract", ("book=payments.txt",), ()),
    Job("classify_count", ("rows=rows.jsonl",), ()),
    Job("ask", ("book=book.txt",), ("question=Where is the iron key?",)),
)


def write(folder: Path) -> None:
    """The recipes and their texts."""
    chance = random.Random(4)
    pages = [" ".join(chance.choice(FILLER) for _ in range(8)) for _ in range(5)]
    pages[3] = f"{pages[3]} {NEEDLE}"
    (folder / "book.txt").write_text("\n\n".join(pages) + "\n")
    names = ("Acme", "Bolt", "Core", "Dune", "Echo")
    lines = [f"{n} pays {chance.randrange(2, 900)} euros on Friday." for n in names]
    (folder / "payments.txt").write_text("\n".join(lines) + "\n")
    rows = [{"id": n, "text": text} for n, (text, _) in enumerate(QUESTIONS[:6], 1)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    labelled = [{"text": text, "expected": label} for text, label in QUESTIONS]
    (folder / "labelled.jsonl").write_text("".join(json.dumps(r) + "\n" for r in labelled))
    for name, text in RECIPES.items():
        (folder / f"{name}.rlm").write_text(f"rlm 1\n\n{MODEL}{text}")
    held = MODEL.replace("temperature", "answer: json\n  temperature")
    (folder / "labels.rlm").write_text(f"rlm 1\n\n{held}{TUNING}")
