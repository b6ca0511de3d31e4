"""The words of the grammar, with what each is for and how it is written.

What has settings of its own is in `schema.settings` too, under the same word; there stands what it
does. The tests hold this table against the terminals of `grammar/rlm.lark`.
"""

from __future__ import annotations

from typing import Literal

from rlmlang.value import Frozen, value

Group = Literal["declaration", "verb", "line", "clause", "expression", "coverage", "mark"]
"""Where a word stands: at the beginning of a file's line, of a step, of a line in braces; behind
one of these; in an expression. A mark is no word."""


@value
class Word(Frozen):
    """A word or mark. `title` says what it is in a few words, unless its block in `schema.settings`
    does; `form` is how it is written, `doc` what else is to be known. `example` names the page of
    `grammar/examples` that shows it, its own where none is named; `see` are words that go with
    it."""

    text: str
    group: Group
    title: str
    form: str = ""
    doc: str = ""
    example: str = ""
    see: tuple[str, ...] = ()


def _of(
    group: Group,
    text: str,
    title: str,
    form: str = "",
    doc: str = "",
    example: str = "",
    see: str = "",
) -> Word:
    return Word(text, group, title, form, doc, example or text, tuple(see.split()))


DECLARATIONS = (
    _of("declaration", "rlm", "the edition that a file is written for", "rlm 1",
        "The first line of every file. A file of an edition means the same for ever.", "recipe"),
    _of("declaration", "use", "names from a package, the standard library or a neighbouring file",
        'use "std/partition" { pages }\nuse "./shared.rlm" as shared\n'
        'use "acme/legal" @^3.2 as legal { clauses }\nuse "acme/legal/terms" { deadline }',
        "Without braces every name is reached behind that of the file, as `shared.note`. A package "
        "is one of [deps] in rlm.toml, as it is locked; its main file has its last name.",
        see="as export @"),
    _of("declaration", "const", "a value with a name",
        "const NAME = VALUE\nconst NAME: TYPE = VALUE"),
    _of("declaration", "enum", "a type of a few labels", "enum NAME { LABEL, LABEL }",
        "A `///` line above a label says what it is for; models are told.", see="record"),
    _of("declaration", "record", "a type of named fields",
        "record NAME { FIELD: TYPE max SIZE where CONDITION }",
        "`max` bounds a field in tok, or in items; `where` must hold of `it`, the field, or an "
        "answer is refused.", see="enum max where"),
    _of("declaration", "model", "", "model NAME { … }",
        "`--model NAME=REAL` fills it, else `default`, else the model of all.",
        see="prompt --model"),
    _of("declaration", "source", "where text, rows or files come from",
        'source NAME: TYPE = KIND("place")\nsource NAME: [ROW] max 20_000 = jsonl("rows.jsonl")',
        "A recipe's parameter takes it as its default; `--source NAME=PATH` opens another."),
    _of("declaration", "partition", "a way of cutting, with a name", "partition NAME = STRATEGY(…)",
        "Its arguments may be set: `--set NAME.max=2ktok`.", see="split gather"),
    _of("declaration", "budget", "", "budget NAME { LIMIT <= AMOUNT }",
        "In a recipe without a name, or as `budget NAME` where it is declared apart.",
        see="calls tokens usd wall depth parallel"),
    _of("declaration", "prompt", "",
        'prompt NAME(PARAM: TYPE) -> TYPE "task"\nprompt NAME(PARAM: TYPE) -> TYPE { task: "…" }',
        "Parameters travel as fields beside the task, never inside it.", see="model repl map"),
    _of("declaration", "code", "",
        'code NAME(PARAM: TYPE) -> TYPE from "file.py:function"\n'
        'code NAME(PARAM: TYPE, PARAM: MODEL) -> TYPE from "file.py:function" { calls <= COUNT }',
        "For what no built-in function does. One that takes a `model` of the recipe asks it, and "
        "stands where a prompt does. `rlm trust` says whose code may run.", see="from calls"),
    _of("declaration", "pattern", "steps that several recipes share",
        "pattern NAME(PARAM: TYPE, ask: prompt(A) -> B) -> TYPE { … }",
        "It may take prompts as parameters, and may not call itself.", see="recipe export"),
    _of("declaration", "main", "the recipe that runs where none is named with --recipe",
        "main recipe NAME(PARAMETERS) -> TYPE { … }", "Once a file; imported ones mean nothing.",
        example="limits", see="recipe"),
    _of("declaration", "recipe", "a program: typed parameters, steps, a typed result",
        "recipe NAME(PARAM: TYPE) -> TYPE { … }", see="let return budget"),
    _of("declaration", "test", "what must hold of a recipe, offline",
        'test "TITLE" for RECIPE { … }', "`rlm test` runs it; no model is asked.",
        see="given mock expect"),
    _of("declaration", "dataset", "", "dataset NAME { … }", see="eval"),
    _of("declaration", "metric", "a score of one's own, in Python",
        'metric NAME(got: TYPE, want: TYPE) -> Float from "file.py:function"',
        "It gives a number from 0 to 1.", example="eval", see="score from"),
    _of("declaration", "eval", "", "eval NAME for RECIPE { … }",
        "`rlm eval` runs it.", see="dataset score require"),
    _of("declaration", "tune", "",
        "tune NAME for RECIPE { … }", "`rlm tune` runs it.", see="eval knob"),
    _of("declaration", "batch", "", "batch NAME for RECIPE { … }",
        "Read and checked; not yet run.", see="each set"),
    _of("declaration", "export", "lets users of a package see a declaration",
        "export pattern NAME(…) -> TYPE { … }\nexport record NAME { … }",
        "It stands before any declaration but tests and what belongs to them. Files of one package "
        "see all of each other.", example="pattern", see="use"),
)  # fmt: skip
VERBS = (
    _of("verb", "split", "", "split X by PARTITION",
        "Pieces are ranges of the source: nothing is copied, nothing lost.",
        see="partition gather"),
    _of("verb", "map", "",
        "map XS with PROMPT(ARGUMENTS) { … }\nmap XS with RECORD(FIELD: it.FIELD, …)",
        "The item is the first argument of a prompt, recipe, pattern or `code` function. Items are "
        "worked on in parallel, and what comes keeps their order. Anything else about an item, "
        "such as a record, is made without a model; there the item is `it`.",
        see="filter reduce on_error stop"),
    _of("verb", "filter", "",
        "filter XS with PROMPT(ARGUMENTS) { … }\nfilter XS where CONDITION",
        "What passed is `exact where` the condition holds, and may be counted.", see="it where"),
    _of("verb", "reduce", "",
        "reduce XS with PROMPT(ARGUMENTS) { fanin: 8 }",
        "A tree of joins, each begun as soon as its items are there; the order is kept.",
        see="map fanin"),
    _of("verb", "search", "",
        "search X for QUERY by SEARCH(…)", "What it finds is `some` of what there is.",
        see="bm25 regex for"),
    _of("verb", "cross", "",
        "cross XS, YS by SEARCH(…)", "Each pair has a `left` and a `right`.", see="Pair filter"),
    _of("verb", "recurse", "",
        "recurse X {\n  leaf <= SIZE with PROMPT()\n  branch by tree(into: N)\n"
        "  prune with PROMPT() { keep: 1..2 }\n  join with PROMPT()\n  depth <= N\n}",
        see="leaf branch prune join depth"),
    _of("verb", "ladder", "",
        'ladder accept (CONDITION) {\n  rung "cheap" { … }\n  rung "full" { … }\n}',
        see="rung accept"),
)  # fmt: skip
LINES = (
    _of("line", "let", "a named step", "let NAME = STEP",
        "Its name is its key in the store, its line in the plan, and its DSPy predictor.",
        "recipe"),
    _of("line", "return", "the result of a recipe, pattern or rung", "return STEP",
        "The last line of a body.", "recipe"),
    _of("line", "require", "a condition that ends a run, or an eval, where it does not hold",
        "require CONDITION", see="eval check"),
    _of("line", "of", "the model, or the tool of a `repl`, that a limit is about",
        "calls of MODEL <= 50",
        "In a budget for `calls`, `tokens` and `usd`, beside the limits for all models together; "
        "in a `repl` for `calls`.",
        example="limits", see="budget model tools"),
    _of("line", "leaf", "", "leaf <= SIZE with PROMPT(…) { … }",
        example="recurse", see="recurse"),
    _of("line", "branch", "says how a part is cut further", "branch by tree(into: N)",
        example="recurse", see="recurse"),
    _of("line", "prune", "",
        "prune with PROMPT(…) { keep: 1..2 }", example="recurse", see="recurse"),
    _of("line", "join", "", "join with PROMPT(…) { … }",
        example="recurse", see="recurse"),
    _of("line", "depth", "bounds the levels of a recursion", "depth <= N", example="recurse",
        see="recurse budget"),
    _of("line", "rung", "one way of a ladder to a result", 'rung "NAME" { … return STEP }',
        example="ladder", see="ladder"),
    _of("line", "repl", "", "repl { … }",
        see="prompt --sandbox"),
    _of("line", "assume", "says why a list may be counted though it is not known to be whole",
        'assume exact because "REASON"',
        "What is lost is known, and why it does not matter; both stay in the receipt.",
        see="exact"),
    _of("line", "given", "an input of a test", "given PARAM: VALUE",
        example="test", see="fill file rows fixture"),
    _of("line", "mock", "what a step or prompt answers in a test", "mock NAME returns VALUE",
        example="test", see="scripted replay fails"),
    _of("line", "expect", "what must hold after a test", "expect CONDITION",
        "It may speak of `result`, `calls`, `tokens`, `usd`, `depth`, `skipped`, `steps`, "
        "`problem` and `coverage(SOURCE)`.", "test"),
    _of("line", "score", "a metric that judges answers", "score METRIC weight NUMBER",
        example="eval", see="eval weight"),
    _of("line", "knob", "what a tuning may move",
        "knob PROMPT.task in rewrite\nknob PROMPT.demos in [0, 4, 8]\n"
        "knob PARTITION.max in [2ktok, 4ktok]", example="tune", see="tune"),
    _of("line", "each", "what a batch goes over", "each PARAM in EXPRESSION", example="batch",
        see="batch"),
    _of("line", "set", "what a batch sets", "set PATH = VALUE", example="batch", see="batch"),
)  # fmt: skip
CLAUSES = (
    _of("clause", "by", "names how something is cut or looked up", "split X by PARTITION",
        example="split", see="split search cross"),
    _of("clause", "with", "names what is asked about each item", "map XS with PROMPT()",
        example="map", see="map filter reduce"),
    _of("clause", "where", "a condition that chooses items, or that a field must keep",
        "filter XS where CONDITION\nFIELD: TYPE where CONDITION", "The item, or field, is `it`. "
        "What `filter` tested not to be none is not optional in what passes.",
        "filter", "filter record it"),
    _of("clause", "for", "names what is searched for, or which recipe is meant",
        'search X for QUERY by SEARCH(…)\ntest "TITLE" for RECIPE { … }',
        "There are no loops: `map` goes over a list.", "search", "search test eval map"),
    _of("clause", "accept", "when a ladder takes the result of a rung", "ladder accept (CONDITION)",
        "The result is `it`.", "ladder", "ladder it"),
    _of("clause", "as", "another name for what a file declares", 'use "./shared.rlm" as shared',
        example="use", see="use"),
    _of("clause", "from", "names a Python file and a function in it",
        'code NAME(…) -> TYPE from "file.py:function"', example="code", see="code metric"),
    _of("clause", "because", "the reason of an assumption", 'assume exact because "REASON"',
        example="assume", see="assume"),
    _of("clause", "returns", "what a mock answers", "mock NAME returns VALUE", example="test",
        see="mock"),
    _of("clause", "weight", "how much a score counts beside others", "score METRIC weight NUMBER",
        example="eval", see="score"),
    _of("clause", "max", "the most that a value may be, in tok or in items",
        "PARAM: Text max 300tok\nROWS: [Row] max 20_000\nTAGS: [Text max 20tok] max 5",
        "It stands behind any type, also inside a list, pair or map, where it bounds each item. "
        "What it is bounded by is what the plan counts with. `max(XS)` is the function.",
        "record", "tok"),
)  # fmt: skip
EXPRESSIONS = (
    _of("expression", "if", "chooses between two values",
        "if CONDITION then VALUE else VALUE", see="ladder"),
    _of("expression", "then", "the value where a condition holds",
        "if CONDITION then VALUE else VALUE", example="if", see="if"),
    _of("expression", "else", "the value where a condition does not hold",
        "if CONDITION then VALUE else VALUE", example="if", see="if"),
    _of("expression", "match", "a value for each label",
        "match VALUE { LABEL -> VALUE  LABEL, LABEL -> VALUE  else -> VALUE }",
        "Of an enum, of `Bool`, or of what may be `none`; without `else` every case must be there.",
        see="enum if"),
    _of("expression", "group", "the rows of a group",
        "group_by(ROWS, keys: FIELD, NAME: count(group))", example="groups",
        see="group_by pivot nest"),
    _of("expression", "and", "whether both conditions hold", "CONDITION and CONDITION",
        "The second is looked at only where the first holds.", "if", "or not"),
    _of("expression", "or", "whether one of two conditions holds", "CONDITION or CONDITION",
        "The second is looked at only where the first does not hold.", "if", "and not"),
    _of("expression", "not", "whether a condition does not hold", "not CONDITION", example="if"),
    _of("expression", "in", "whether a value stands in a list", "VALUE in [VALUE, VALUE]",
        "Of a knob or of `each`, what it takes.", "if", "knob each"),
    _of("expression", "true", "yes", "true", example="if", see="Bool"),
    _of("expression", "false", "no", "false", example="if", see="Bool"),
    _of("expression", "none", "no value", "VALUE == none", "Only what is of a type with `?` may be "
        "none.", "if", "? coalesce present"),
    _of("expression", "it", "the item that a condition is about", "filter XS where it.n > 3",
        "In `where`, `stop`, `accept` and `any(xs, where: …)`; in a record, the field.", "filter",
        "where stop accept"),
    _of("expression", "result", "what a prompt has answered, or a recipe has given",
        "check: ids(result) == ids(rows)\nexpect result == \"billing\"",
        "In `check` and `expect`. A step in `return` is called `result` in the plan.", "prompt",
        "check expect"),
    _of("expression", "rewrite", "a task that an optimizer may write anew",
        "knob PROMPT.task in rewrite", example="tune", see="knob"),
)  # fmt: skip
COVERAGES = (
    _of("coverage", "exact", "every item, each once", "exact where CONDITION",
        "What `split` gives, `map` keeps and `filter` narrows. Counts and sums need it. In an "
        "eval, `exact` is also a metric.", "assume", "cover some assume"),
    _of("coverage", "cover", "every item, some perhaps twice", "",
        "What pieces that overlap give. `union` and `dedupe` take it.",
        "partitions/tokens", "exact some"),
    _of("coverage", "some", "items may be missing", "",
        "What `search`, `cross`, `prune`, `stop`, `skip` and `take` give. The answer is marked as "
        "not exhaustive.", "search", "exact cover"),
)  # fmt: skip
MARKS = (
    _of("mark", "//", "a comment, up to the end of the line", "// WORDS", example="recipe"),
    _of("mark", "///", "documentation of what stands below", "/// WORDS",
        "Of a field, label, prompt or parameter: models are told it.", "enum"),
    _of("mark", '"', "a text in one line", '"WORDS {NAME.FIELD}"',
        r'`\n`, `\r`, `\t`, `\0`, `\"` and `\\` stand for characters, a name in braces for its '
        r"value, `\{` for a brace.", "text"),
    _of("mark", 'r"', "a raw text, in which a backslash and a brace are themselves",
        r'r"\d{2}"', example="text"),
    _of("mark", '"""', "a text of several lines", '"""\n  WORDS\n"""',
        "The common margin is taken off.", "prompt"),
    _of("mark", "@", "the version of a package", 'use "acme/legal" @^3.2',
        "`^3.2` is 3.2 or more and below 4, `~3.2` below 3.3, `3.2` any 3.2, `3.2.1` that alone; "
        "also `>=3`. The lock says which version is used; this is held against it.", "use"),
    _of("mark", "?", "of a type that may be none", "Text?", example="recipe", see="none"),
    _of("mark", "->", "the type of a result", "prompt NAME(PARAM: TYPE) -> TYPE", example="recipe"),
    _of("mark", ":", "a value, or a type", "NAME: VALUE\nNAME: TYPE", example="prompt", see="<="),
    _of("mark", "=", "what a name stands for", "let NAME = STEP\nPARAM: TYPE = DEFAULT",
        example="recipe", see="=="),
    _of("mark", "<=", "a limit; at most", "calls <= 500\nVALUE <= VALUE", example="budget"),
    _of("mark", ">=", "at least", "VALUE >= VALUE", example="if"),
    _of("mark", "<", "less; also begins the types of which a type is made",
        "VALUE < VALUE\nSlice<Row>", example="if"),
    _of("mark", ">", "more; also ends the types of which a type is made",
        "VALUE > VALUE\nSlice<Row>", example="if"),
    _of("mark", "==", "whether two values are equal", "VALUE == VALUE", example="if"),
    _of("mark", "!=", "whether two values differ", "VALUE != VALUE", example="if"),
    _of("mark", "+", "a sum", "VALUE + VALUE",
        example="if"),
    _of("mark", "-", "a difference; a number below zero", "VALUE - VALUE", example="if"),
    _of("mark", "*", "a product", "VALUE * VALUE", example="if"),
    _of("mark", "/", "a quotient", "VALUE / VALUE", example="if"),
    _of("mark", "%", "what is left of a division; behind a number, hundredths",
        "VALUE % VALUE\n10%",
        example="if"),
    _of("mark", "..", "a range of whole numbers", "keep: 1..3", example="recurse", see="keep"),
    _of("mark", ".", "a field of a record, or a name of a file", "VALUE.FIELD", example="filter"),
    _of("mark", ",", "parts what stands in a list, a call or braces", "[1, 2]",
        "Behind the last one it may stand too.", "record"),
    _of("mark", "(", "begins parameters, arguments, or a part of an expression", "NAME(…)",
        example="recipe"),
    _of("mark", ")", "ends parameters, arguments, or a part of an expression", "NAME(…)",
        example="recipe"),
    _of("mark", "[", "begins a list, or the type of one", "[1, 2]\n[Text]", example="if"),
    _of("mark", "]", "ends a list, or the type of one", "[1, 2]\n[Text]", example="if"),
    _of("mark", "{", "begins a body, or a block of settings", "{ … }", example="recipe"),
    _of("mark", "}", "ends a body, or a block of settings", "{ … }", example="recipe"),
)  # fmt: skip
WORDS = (*DECLARATIONS, *VERBS, *LINES, *CLAUSES, *EXPRESSIONS, *COVERAGES, *MARKS)
