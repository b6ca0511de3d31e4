"""What may stand in each block of the language: one table, which says all that is known of it.

What is not in it is an error that names the nearest, and so is a value of another kind, in another
unit or out of range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from rlmlang.schema.capabilities import ANSWER, TAKES, TIERS
from rlmlang.schema.dimensions import DIMENSIONS, SPENT
from rlmlang.schema.modules import MODULES
from rlmlang.schema.setting import MOMENT, Setting
from rlmlang.schema.sources import of_files
from rlmlang.value import Frozen, value


@value
class Block(Frozen):
    """A kind of block: what it is called in messages, what it is for, its settings, and whether a
    `repl` block or an `assume` may stand in it. `without` are names that one would look for in it,
    with the reason why they are not there."""

    title: str
    doc: str = ""
    settings: tuple[Setting, ...] = ()
    repl: bool = False
    assume: bool = False
    without: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its settings."""
        return tuple(s.name for s in self.settings)

    def setting(self, name: str) -> Setting:
        """The setting of that name; one that takes any value for a name that is free."""
        return next((s for s in self.settings if s.name == name), Setting(name, "value"))


NONE: Mapping[str, str] = MappingProxyType({})


def _block(
    title: str,
    doc: str,
    *settings: Setting,
    repl: bool = False,
    assume: bool = False,
    without: Mapping[str, str] = NONE,
) -> Block:
    return Block(title, doc, settings, repl, assume, tuple(without.items()))


OF_RUNS = "Each of its runs keeps to the limit of the recipe's own budget."
OF_JOINS = "A join that fails would take all that it joins with it; "
BUDGET = {d.name: d.setting for d in DIMENSIONS}
TOTALS = tuple(replace(d.setting, outside="", of_model=False) for d in SPENT)
PARALLEL = Setting("parallel", "count", doc="calls at a time; those of the run where it is not set",
                   least=1, outside="STEP")  # fmt: skip
FANIN = Setting("fanin", "count", 8, doc="how many are joined by one call", least=2, outside="STEP")
FANIN_OF_PARTS = replace(
    FANIN,
    default=None,
    outside="",
    doc="how many answers are joined by one call; as many as there are parts",
)
ON_ERROR = Setting("on_error", "expression", doc="what a failing item does: it ends the run, or is "
                   "left out", example="`fail` or `skip(at_most: 1%)`")  # fmt: skip
OF_FILES = of_files()
WHOLE = Setting("budget", "block", opens="spend", doc="limits of all its runs together")
PRICE = "dollars per million tok"


def _cap(
    name: str, kind: str, default: object, doc: str, least: float = 0, outside: str = ""
) -> Setting:
    return Setting(name, kind, default, doc=doc, least=least, limit=True, outside=outside)


BLOCKS: dict[str, Block] = {
    "model": _block(
        "a model", "a model that prompts name, with its limits",
        Setting("default", "model", doc="the model that fills it unless another is given",
                example='"openai/gpt-5-mini"'),
        Setting("context", "tok", 128_000, doc="the most a request and its answer may hold",
                least=1, limit=True, outside="MODEL"),
        Setting("output", "tok", 1_000, doc="the most an answer may hold", least=1, limit=True,
                outside="MODEL"),
        Setting("temperature", "number", 0.0, doc="how much answers vary", least=0, most=2,
                outside="MODEL"),
        Setting("top_p", "number", doc="of what share of the likeliest words answers are made",
                least=0, most=1, outside="MODEL"),
        Setting("seed", "count", doc="where the model takes one, the same seed draws the same "
                "answers", least=0, outside="MODEL"),
        Setting("service_tier", "choice", choices=TIERS, outside="MODEL",
                doc="the tier of the provider's service that is asked for, at a price of its own; "
                "what is paid is the tier that an answer says it was served by, and a budget sets "
                "aside the dearer of it and the usual one"),
        Setting("price", "block", opens="price", doc="its price, where the table knows none",
                example="price: { input: 0.25, output: 2.00 }"),
        replace(ANSWER, outside="MODEL"),
        Setting("takes", "block", opens="takes", doc="what it takes, where the table of models "
                "does not know it: rlm models", example="takes: { structured: json_schema }"),
    ),
    "takes": _block("what a model takes", "what a model takes, which the table of models has for "
                    "those that it knows; in rlm.toml: [takes] NAME = { … }", *TAKES),
    "price": _block(
        "a price", "what a model costs",
        Setting("input", "number", required=True, doc="what is sent", least=0, unit=PRICE),
        Setting("output", "number", required=True, doc="what is written", least=0, unit=PRICE),
    ),
    "budget": _block("a budget", "limits of a run, each of them kept exactly", *BUDGET.values()),
    "spend": _block(
        "the budget of an eval or a tuning", "limits of all its runs together", *TOTALS,
        without={d.name: OF_RUNS for d in DIMENSIONS if d not in SPENT},
    ),
    "prompt": _block(
        "a prompt", "a typed call to a model",
        Setting("model", "name", doc="the `model` that answers"),
        Setting("task", "text", required=True, doc="what to do; a template over the parameters "
                "and the prompt's own settings"),
        Setting("check", "expression", doc="what must hold of `result`, or it is asked again; may "
                "be repeated", example="a condition"),
        _cap("retry", "count", 1, "how often a refused answer is asked for again"),
        Setting("think", "truth", False, doc="whether reasons are asked for before the answer"),
        replace(ANSWER, outside="PROMPT", doc=f"{ANSWER.doc}; as its model says where it is not "
                "written"),
        Setting("module", "module", doc="the DSPy module that answers it, with calls of its own: a "
                "class, or a function that makes one, of a file beside the recipe; or one of "
                f"DSPy's: {'; '.join(f'{m.name} {m.doc}' for m in MODULES.values())}"),
        _cap("calls", "count", None, "the most calls that its `module` makes for one answer", 1),
        _cap("context", "tok", None, "the most that a request of its `module` and the answer may "
             "hold; that of the model if unset", 1),
        _cap("output", "tok", None, "the most an answer to its `module` may hold; that of the "
             "model if unset", 1),
        Setting("tools", "expression", doc="the `code` functions that its `module` may call",
                example="a list of functions"),
        repl=True,
        without={"demos": "Demonstrations are found by `rlm tune` and kept beside the recipe."},
    ),
    "code": _block(
        "a function that asks", "a function of a Python file beside the recipe",
        _cap("calls", "count", None, "the most calls of its model that it makes for one answer", 1),
    ),
    "repl": _block(
        "a repl", "a prompt that writes code over its inputs, turn by turn",
        _cap("iters", "count", 12, "turns of the model", 1, "PROMPT"),
        replace(_cap("calls", "count", 30, "calls from code, all turns together; `calls of TOOL` "
                     "are those of one tool", outside="PROMPT"), of_tool=True),
        _cap("depth", "count", 1, "levels of sessions that code may begin", outside="PROMPT"),
        _cap("errors", "count", None, "turns in a row whose code fails; one more ends the session",
             outside="PROMPT"),
        _cap("shown", "size", 2_000, "what the model sees of a turn's output", 1, "PROMPT"),
        Setting("sub", "expression", doc="the `model` of calls from code, that of the prompt if "
                "unset; of several, the first, and the others by their names: "
                "`llm_query(prompt, model=\"fast\")`", outside="PROMPT",
                example="sub: reader, or sub: [reader, fast]"),
        _cap("sub_input", "size", None, "the most a call from code may send", 1, "PROMPT"),
        Setting("session", "name", doc="the parameter that holds what an earlier session left: its "
                "variables and the conversation are there again; where it is none, none is kept"),
        _cap("conversation", "size", 2_000, "what the model sees of the conversation before", 500,
             "PROMPT"),
        Setting("tools", "expression", doc="what code may call: built-in tools, prompts, patterns "
                "and `code` functions", example="a list of tools"),
        _cap("cpu", "duration", 20.0, "time that one turn's code may compute", MOMENT),
        _cap("memory", "memory", 256_000_000, "memory of the code", 1),
        _cap("wall", "duration", None, "time by the clock of the whole session", MOMENT),
        _cap("tokens", "tok", None, "tokens of the whole session"),
        _cap("usd", "dollars", None, "dollars of the whole session"),
        Setting("sandbox", "expression", doc="where its code runs", example="sandbox: monty, "
                "sandbox: cpython, or sandbox: [monty, cpython]"),
    ),
    "step": _block("this step", "a step that computes", assume=True),
    "split": _block("split", "cuts a text, a tree or rows into pieces", assume=True),
    "search": _block("search", "finds windows without a model", assume=True),
    "cross": _block("cross", "pairs each item with those of another list that fit it best",
                    assume=True),
    "recurse": _block("recurse", "cuts into parts by `branch` until each is a `leaf`, leaves "
                      "out what `prune` says, and makes one of the answers by `join`",
                      assume=True),
    "ladder": _block("ladder", "tries rungs in order until a result is accepted", assume=True),
    "map": _block(
        "map", "asks a prompt about every item of a list, or does something else with each",
        PARALLEL, ON_ERROR,
        Setting("stop", "expression", doc="no further item is begun once this holds of an answer",
                example="a condition on `it`"),
        assume=True,
    ),
    "filter": _block(
        "filter", "keeps the items that a prompt or a condition says yes to", PARALLEL, ON_ERROR,
        Setting("keep_rest", "truth", False, doc="gives both halves, as `.kept` and `.rest`"),
        assume=True,
    ),
    "reduce": _block(
        "reduce", "joins a list by a prompt, a few items at a time, the order kept", FANIN,
        PARALLEL, assume=True,
        without={"on_error": f"{OF_JOINS}items are lost before, in a map or filter."},
    ),
    "leaf": _block("leaf", "the clause of `recurse` that reads a part", ON_ERROR),
    "prune": _block(
        "prune", "the clause of `recurse` that chooses among parts",
        Setting("see", "size", 1_000, doc="how much of a part's beginning is judged", least=1),
        Setting("keep", "expression", required=True, doc="how many parts are kept, at least and "
                "at most", example="keep: 1..3"),
    ),
    "join": _block(
        "join", "the clause of `recurse` that joins the parts' answers", FANIN_OF_PARTS,
        without={"on_error": OF_JOINS
                 + "leaves may be lost: `leaf <= n with p() { on_error: … }`."},
    ),
    "batch": _block(
        "a batch", "one recipe over many inputs",
        Setting("name", "text", doc="what an item is called; names and fields of what it goes over "
                "stand in braces", example='"{page.stem}"'),
        Setting("output", "path", doc="the file of an item's answer; its ending says in which "
                "format", example='"answers/{name}.json"'),
        Setting("table", "path", doc="one file for all answers", example='"answers.csv"'),
        Setting("pairs", "choice", "product", choices=("product", "zip"), doc="whether several "
                "`each` give each with each, which is usual, or the first of all, then the second"),
        Setting("on_error", "choice", "fail", choices=("fail", "skip"), doc="whether an item that "
                "fails ends the batch once those in work are done, which is usual, or does not"),
        Setting("at_once", "count", 8, doc="items in work at a time", least=1, most=256),
        replace(WHOLE, opens="spend"),
    ),
    "dataset": _block(
        "a dataset", "labelled examples",
        Setting("path", "path", required=True, doc="a file of rows",
                example='"data/dev.jsonl"'),
        Setting("sha256", "hash", doc="the beginning of the file's hash, which must agree"),
        Setting("bind", "block", doc="which column fills which parameter",
                example="bind: { parameter: column }"),
        Setting("want", "name", required=True, doc="the column that holds the label"),
        *OF_FILES,
    ),
    "eval": _block(
        "an eval", "scores a recipe over a dataset",
        Setting("over", "name", required=True, doc="the `dataset`"),
        Setting("limit", "count", doc="only so many examples", least=1),
        WHOLE,
    ),
    "tune": _block(
        "a tuning", "searches for better prompts and numbers",
        Setting("optimizer", "name", "gepa", doc="how it searches",
                choices=("gepa", "bootstrap", "mipro", "grid")),
        Setting("split", "block", opens="shares", doc="which examples are for what"),
        Setting("eval", "name", doc="what says which is better; the recipe's only eval if unset"),
        Setting("trials", "count", 200, doc="the most candidates that are tried", least=1),
        Setting("reflection", "model", doc="the model that proposes new tasks",
                example='"openai/gpt-5"'),
        WHOLE,
    ),
    "shares": _block(
        "a split of examples", "shares of the examples, together at most 100%",
        Setting("train", "fraction", 0.4, doc="for what prompts are made of", least=0, most=1),
        Setting("dev", "fraction", 0.2, doc="for choosing between candidates", least=0, most=1),
        Setting("test", "fraction", 0.4, doc="for the score in the end", least=0, most=1),
        Setting("seed", "count", 0, doc="another seed deals them out otherwise"),
    ),
}  # fmt: skip
