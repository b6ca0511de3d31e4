"""What a file declares about its recipes: tests, datasets, metrics, evals, tunings and batches.

Checked values only, as in `recipe.py`; a place is kept as a line for messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.diagnostics.source import Place, Span
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Code, Expr
from rlmlang.ir.types import ANY, Type
from rlmlang.value import Frozen, value


@value
class Opened(Frozen):
    """An input from a file or folder beside the recipe."""

    path: str


@value
class Fill(Frozen):
    """An input made of `words` words, seeded, with a text at a part of its length."""

    words: int
    insert: str
    at: float
    seed: int


@value
class Scripted(Frozen):
    """Answers from a file: JSON lines in the order of the items, or `file.py:function` that is
    given the prompt's inputs."""

    path: str


@value
class Replayed(Frozen):
    """The answers of a recorded run, from its exported JSON lines."""

    path: str


@value
class Failing(Frozen):
    """A call that brings no answer, for this reason."""

    reason: str


@value
class Mock(Frozen):
    """What a step or prompt answers; an expression may read the prompt's inputs."""

    name: str
    answer: Expr | Scripted | Replayed | Failing


@value
class Expect(Frozen):
    """What must hold, and the words it was written in."""

    test: Expr
    words: str
    line: int = field(default=0, compare=False)


@value
class Test(Frozen):
    """An offline test of a recipe, or of the items and the price of a `batch`, which runs nothing;
    `path` is the recipe's file, `base` the test's own, `text` how it is written."""

    name: str
    recipe: str
    given: tuple[tuple[str, Expr | Opened | Fill], ...]
    mocks: tuple[Mock, ...]
    expects: tuple[Expect, ...]
    line: int = field(default=0, compare=False)
    path: str = field(default="", compare=False)
    base: str = field(default="", compare=False)
    batch: Batch | None = None
    text: str = field(default="", compare=False)


@value
class Dataset(Frozen):
    """Labelled examples: which columns are which parameters, which is the label. `options` are the
    arguments of the source that its file is opened by."""

    name: str
    path: str
    sha256: str
    bind: tuple[tuple[str, str], ...]
    want: str
    base: str = field(default="", compare=False)
    options: tuple[tuple[str, object], ...] = ()


@value
class Metric(Frozen):
    """A score: built in (`code` is None) or a Python function of the result and the label."""

    name: str
    code: Code | None = None


@value
class Score(Frozen):
    """A metric with its weight."""

    metric: Metric
    weight: float


@value
class Eval(Frozen):
    """A recipe over a dataset, scored; `require` are conditions on the means. `path` is the
    recipe's file, `base` the eval's own."""

    name: str
    recipe: str
    over: Dataset
    scores: tuple[Score, ...]
    require: tuple[Expect, ...]
    limit: int | None = None
    budget: r.Budget = r.Budget()
    line: int = field(default=0, compare=False)
    path: str = field(default="", compare=False)
    base: str = field(default="", compare=False)


@value
class Knob(Frozen):
    """What a tuning may move: the task or demonstrations of predictors, a number, a model."""

    path: str
    kind: str  # task, demos, number or model
    choices: tuple[object, ...] = ()
    predictors: tuple[str, ...] = ()


@value
class Tune(Frozen):
    """A search for better prompts and numbers, judged by an eval."""

    name: str
    recipe: str
    eval: Eval
    optimizer: str
    knobs: tuple[Knob, ...]
    train: float
    dev: float
    test: float
    seed: int
    trials: int
    reflection: str
    budget: r.Budget
    line: int = field(default=0, compare=False)


FILE_FIELDS = ("path", "name", "stem", "folder")
"""What is known of a file that an item of a batch is about, as texts."""


@value
class Each(Frozen):
    """What a batch goes over: the files of a `glob`, the `lines` of a file, the `rows` of a file or
    `source`, or a `list` of values. It `fills` the parameter of its name, else `set` reads it;
    `type` is that of a row."""

    name: str
    over: str
    path: str = ""
    source: r.Source | None = None
    values: tuple[Expr, ...] = ()
    fills: bool = False
    type: Type = ANY


@value
class Batch(Frozen):
    """A recipe over many inputs: each of each, or with `zipped` the first of all, the second of
    all. `sets` are `params` of the recipe by expressions over an item's names, and other paths by
    their text; `called` and `output` are what an item is called and where its answer goes, `table`
    is where all go. `goes_on` past an item that failed. `path` is the recipe's file, `base` the
    batch's."""

    name: str
    recipe: str
    each: tuple[Each, ...]
    sets: tuple[tuple[str, Expr], ...] = ()
    params: tuple[str, ...] = ()
    called: Expr | None = None
    output: Expr | None = None
    table: str = ""
    zipped: bool = False
    goes_on: bool = False
    at_once: int = 8
    budget: r.Budget = r.Budget()
    line: int = field(default=0, compare=False)
    path: str = field(default="", compare=False)
    base: str = field(default="", compare=False)


@value
class Export(Frozen):
    """A declaration that users of a package see, as it is written: the word that declares it, what
    it takes (name, type, whether it has a default) and gives: a result, fields or labels. `types`
    are what it gives and takes with all that named types are made of, `form` is how it is declared,
    `task` what a prompt asks; it stands in the lines from `line` to `end`."""

    word: str
    name: str
    doc: str
    takes: tuple[tuple[str, str, bool], ...]
    gives: str
    line: int = field(default=0, compare=False)
    types: tuple[object, ...] = ()
    form: str = ""
    task: str = ""
    end: int = field(default=0, compare=False)


@dataclass
class Suite:
    """What a file declares about recipes."""

    tests: list[Test] = field(default_factory=list)
    evals: list[Eval] = field(default_factory=list)
    tunes: list[Tune] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)


@dataclass(frozen=True)
class Checked:
    """A file after checking: its recipes by name, what is wrong with it, what of it may be set,
    what is declared about its recipes, where values are put into texts, and the recipe that runs
    where none is named, empty where the file has several and says nothing; `places` are those of
    the parameters of each; `exports` is what users of its package see; `facts` is what was found
    of expressions and named steps, also where others are wrong, by their places."""

    recipes: dict[str, r.Recipe]
    diagnostics: tuple[Diagnostic, ...]
    refused: tuple[str, ...] = ()
    settable: tuple[str, ...] = ()
    suite: Suite = field(default_factory=Suite)
    filled: tuple[Span, ...] = ()
    main: str = ""
    places: Mapping[str, Mapping[str, Place]] = field(default_factory=dict)
    exports: tuple[Export, ...] = ()
    facts: Mapping[Span, r.Facts] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing stands in the way of a plan."""
        return not any(d.severity == "error" for d in self.diagnostics)
