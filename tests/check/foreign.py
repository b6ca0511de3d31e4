"""A recipe, and mistakes in it as people make them who come from other languages."""

from __future__ import annotations

GOOD = """rlm 1

use "std/needle" as needle

const most = 3

enum Label { location, numeric, other }

record Row { id: Int, user: Text max 8tok, text: Text max 60tok, spare: Text?, more: Map<Text, Int> }

model tagger {
  default: "openai/gpt-5-mini"
  output <= 700tok
}

partition batches = items(per: 10)

prompt tag(rows: Slice<Row>, question: Text max 30tok) -> [Label] {
  model: tagger
  task: "Label {{ question }}"
  retry <= 2
}

prompt answer(question: Text, labels: [Label]) -> Text "Answer."

recipe find(question: Text max 30tok, log: [Row] max 100, deep: Bool = false) -> Text {
  let parts = split log by batches
  let tags = map parts with tag(question) {
    parallel: 4
  }
  let many = count(log, where: it.id > most and not it.user == "x")
  require length(question) > 2 or many != 4
  let all = flatten(tags)
  let known = filter log where it.spare != none
  require count(known) < 90
  return if deep then answer(question, all) else "none"
}

test "one" for find {
  given question: "Who?"
  expect calls <= 9
}
"""

# what was written for what; the fix that is offered brings back a recipe without errors
MENDED: list[tuple[str, str]] = [
    ("question: Text, labels", "question: str, labels"),
    ("question: Text, labels", "question: String, labels"),
    ("{ id: Int,", "{ id: int,"),
    ("{ id: Int,", "{ id: integer,"),
    ("deep: Bool", "deep: bool"),
    ("labels: [Label]", "labels: list[Label]"),
    ("labels: [Label]", "labels: List<Label>"),
    ("labels: [Label]", "labels: Label[]"),
    ("labels: [Label]", "labels: list[Labl]"),
    ("spare: Text?", "spare: Optional[Text]"),
    ("spare: Text?", "spare: Optional<Text>"),
    ("spare: Text?", "spare: Optional[str]"),
    ("spare: Text?", "spare: Text | None"),
    ("spare: Text?", "spare: Text max 8tok?"),
    ("more: Map<Text, Int>", "more: [Text max 8tok?]"),
    ("more: Map<Text, Int>", "more: dict[str, int]"),
    ("more: Map<Text, Int>", "more: HashMap<Text, Int>"),
    ("spare: Text?", "spare: Text | null"),
    ("items(per: 10)", "items(per = 10)"),
    ("items(per: 10)", "items(per=10)"),
    ("items(per: 10)", "items(par: 10)"),
    ("const most = 3", "const most := 3"),
    ("const most = 3", "const most: 3"),
    ("const most = 3", "const most == 3"),
    ("const most = 3", "let most = 3"),
    ("let parts = split", "let parts := split"),
    ("let parts = split", "let parts: split"),
    ("let parts = split", "let parts: Slice = split"),
    ("let parts = split", "parts = split"),
    ("let parts = split", "var parts = split"),
    ("let parts = split", "lte parts = split"),
    ("split log by", "splt log by"),
    ("split log by", "split log bye"),
    ("map parts with", "map parts wiht"),
    ("map parts with", "mpa parts with"),
    ("return if", "retrun if"),
    ("return if", "Return if"),
    ("require length", "assert length"),
    ("require length", "requires length"),
    ("recipe find(", "def find("),
    ("recipe find(", "fn find("),
    ("recipe find(", "function find("),
    ("recipe find(", "recpie find("),
    ("record Row", "class Row"),
    ("prompt answer", "promt answer"),
    ('use "std/needle" as needle', 'import "std/needle" as needle'),
    ('use "std/needle" as needle', 'use "needle" as needle'),
    ("> most and not", "> most && not"),
    ("> 2 or many", "> 2 || many"),
    ("not it.user ==", "! it.user =="),
    ('it.user == "x"', 'it.user = "x"'),
    ('it.user == "x"', 'it.user === "x"'),
    ("many != 4", "many <> 4"),
    ("many != 4", "many ≠ 4"),
    ("it.spare != none", "it.spare is not none"),
    ("it.spare != none", "it.spare != null"),
    ("it.spare != none", "it.spare != None"),
    ("it.spare != none", "it.spare != nil"),
    ("= false)", "= False)"),
    ('"Answer."', "'Answer.'"),
    ('"Answer."', "“Answer.”"),
    ('"Answer."', "`Answer.`"),
    ('"Answer."', 'f"Answer."'),
    ("split log by batches", "split log by batches;"),
    ("split log by batches", "split log by batches,"),
    ("split log by batches", "split log by batches  # ten each"),
    ("split log by batches", "split log by batches /* ten */"),
    ("split log by batches", "split log by batchs"),
    ("with tag(question)", "with tga(question)"),
    (") -> Text {", ") => Text {"),
    (") -> Text {", "): Text {"),
    (") -> Text {", ") Text {"),
    (") -> Text {", ") {"),
    (") -> Text {", ") → Text {"),
    (") else \"none\"", ") elif not deep then \"a\" else \"none\""),
    ("if deep then answer(question, all) else", "if deep { answer(question, all) } else {"),
    ("if deep then", "if deep:"),
    ('"x")', '"x"'),
    ("  }\n  let many", "  let many"),
    ("question: Text, labels", "question: Text labels"),
    ("question: Text, labels", "question Text, labels"),
    ("answer(question, all)", "answer(question all)"),
    ("length(question)", "len(question)"),
    ("length(question)", "question.length()"),
    ("length(question)", "lenght(question)"),
    ("count(known)", "count(knwon)"),
    ("it.id > most", "it.idd > most"),
    ("default:", "default ="),
    ("default:", "defalt:"),
    ("output <=", "output:"),
    ("parallel: 4", "parallel <= 4"),
    ("700tok", "700 tok"),
    ("700tok", "700tokens"),
    ("model: tagger", "model: taggr"),
    ("Label {{ question }}", "Label {{ qestion }}"),
    ("for find {", "for fnd {"),
    ("given question", "given qestion"),
    ("rlm 1\n", ""),
    ("rlm 1\n", "rlm 2\n"),
    ('"Answer."', '"An\\swer."'),
]  # fmt: skip

# what has words of advice, and no text to put in its place
ADVISED: list[tuple[str, str, str]] = [
    ("return if deep", "for row in log { }\n  return if deep", "there are no loops"),
    ("return if deep", "while deep { }\n  return if deep", "there are no loops"),
    ("return if deep", "print(many)\n  return if deep", "nothing is printed"),
    ('return if deep then answer(question, all) else "none"', "return", "say what stands behind"),
    ("if deep then", "deep ?", "a choice is written `if … then … else …`"),
    ("it.id > most", "x => x.id > most", "speaks of the item as `it`"),
    ("flatten(tags)", "tags[0]", "an item is taken by a function"),
    ("more: Map<Text, Int>", "more: dict", "a map is written `Map<Text, Int>`"),
    ("return if deep", "match deep { }\n  return if deep", "a choice is a value"),
    ("spare: Text?", "spare: object", "declare a `record`"),
    ("many != 4", "many ** 2 != 4", "there are no powers"),
]
