"""What is written beside partitions, searches and sources, most of it as a call: neighbours of
pieces, what tests give and answer."""

from __future__ import annotations

from rlmlang.schema.setting import Setting
from rlmlang.value import Frozen, value


@value
class Call(Frozen):
    """A word with its arguments; `where` says where it may stand, `example` which page of
    `grammar/examples` shows it."""

    name: str
    doc: str
    where: str
    arguments: tuple[Setting, ...]
    example: str = "test"


def _one(name: str, doc: str, where: str, kind: str, of: str, example: str = "test") -> Call:
    return Call(name, doc, where, (Setting(kind, "text", required=True, doc=of),), example)


GIVEN = "behind `given` in a test"
MOCKED = "behind `mock … returns` in a test"
OPENED = "the path, from the test's folder"
EACH = "behind `each … in` in a batch"
OVER = {
    c.name: c
    for c in (
        _one(
            "glob",
            "The files that a pattern finds, in the order of their paths.",
            EACH,
            "pattern",
            "such as docs/**/*.md, from the file's folder",
            "batch",
        ),
        _one(
            "lines",
            "The lines of a file, but for empty ones.",
            EACH,
            "path",
            "the path, from the file's folder",
            "batch",
        ),
        Call(
            "rows",
            "The rows of a source, or of a file where the name is a parameter that is a record.",
            EACH,
            (Setting("of", "given", required=True, doc="a source's name, or a path"),),
            "batch",
        ),
    )
}
WEIGHT = Setting("weight", "number", doc="how much a score counts beside others", least=0)
GATHER = Call(
    "gather",
    "Adds what stands beside a piece, shown but not counted as read.",
    "behind a partition, as `.gather(before: 50tok)`",
    (
        Setting("before", "size", doc="how much of what comes before", least=1),
        Setting("after", "size", doc="how much of what comes after", least=1),
    ),
    "gather",
)
FILL = Call(
    "fill",
    "Makes a text of so many words.",
    GIVEN,
    (
        Setting("words", "count", required=True, doc="how many words", least=0),
        Setting("insert", "text", "", doc="a text put in"),
        Setting("at", "fraction", 0.5, doc="where it is put in", least=0, most=1),
        Setting("seed", "count", 0, doc="another seed gives other words"),
    ),
)
OPENERS = {
    name: _one(name, f"Opens {what}.", GIVEN, "path", OPENED)
    for name, what in (
        ("file", "a file or folder"), ("text", "a text"), ("doc", "a document"),
        ("rows", "a file of rows"), ("fixture", "a file or folder of the tests"),
    )
}  # fmt: skip
ANSWERS = {
    c.name: c
    for c in (
        _one("scripted", "Answers from a file, in the order of the items, or by Python.", MOCKED,
             "path", "JSON lines, or `file.py:function`"),
        _one("replay", "The answers of a recorded run.", MOCKED, "path",
             "the JSON lines of `rlm export`"),
        _one("fails", "No answer comes.", MOCKED, "reason", "why"),
    )
}  # fmt: skip
SCORE = Call("score", "Judges answers by a metric.", "in an eval, as `score exact weight 1`",
             (WEIGHT,), "eval")  # fmt: skip
LEAF = Setting("leaf", "size", doc="the largest part that is read whole", least=1, limit=True)
DEPTH = Setting("depth", "count", doc="how often a part may be cut", least=1, limit=True)
CLAUSES = Call("recurse", "Says when a part is read, and how deep they lie.",
               "in its braces, as `leaf <= 20ktok with p()` and `depth <= 4`",
               (LEAF, DEPTH), "recurse")  # fmt: skip
ENV = Call(
    "env",
    "Reads a variable of the environment of whoever runs the file; a Text only where their trusted "
    "rlm.toml names it, [env] allow. What it holds is part of the run's key.",
    "as the whole value of a constant or of a parameter's default, in the file that runs",
    (
        Setting("variable", "variable", required=True, doc="its name"),
        Setting("fallback", "value", doc="what holds where it is not set; else that is an error"),
    ),
    "env",
)
CALLS = (ENV, GATHER, FILL, *OPENERS.values(), *OVER.values(), *ANSWERS.values(), SCORE, CLAUSES)
