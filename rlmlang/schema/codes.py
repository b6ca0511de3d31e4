"""Every code that a problem can have, and what follows from it: the one table.

`grammar/mistakes/CODE.rlm` is the page of a code, which `rlm explain` shows. Whoever makes a
problem names its code only; what the command line returns, whether a run can be resumed and the
rest is read here.
"""

from __future__ import annotations

from typing import Literal

from rlmlang.value import Frozen, value

# What the command line returns; what stops nothing is a warning.
OK, FAILED, USAGE, RECIPE, INTERNAL, BUDGET, INTERRUPTED = 0, 1, 2, 65, 70, 75, 130

Severity = Literal["error", "warning"]
Mark = Literal["parks", "item", "unfit", "no text", "source", "computed"]
"""What else is true of a problem:

parks: the same command resumes the run; it is not the recipe that failed
item: it may befall one item of a step, which `on_error` may leave out
unfit: the recipe does not take such an input: an example of an eval counts as failed
no text: a file below a folder that has it is left out, and counted
source: it is in what a source holds; of examples it is told as a problem of their dataset
computed: it is about sizes or coverage, and told where nothing else is wrong that they come from
"""

CODES: dict[str, tuple[int, tuple[Mark, ...], str]] = {
    "after-return": (RECIPE, (), "a line behind return"),
    "align-mismatch": (FAILED, (), "rows and answers that do not go one to one"),
    "answer-broken-off": (FAILED, ("item",), "a server ended an answer for a reason of its own"),
    "answer-cut": (FAILED, ("item",), "an answer ran into its limit of tokens"),
    "answer-declined": (FAILED, ("item",), "a model declined to answer"),
    "answer-filtered": (FAILED, ("item",), "the provider's filter stopped a request or its answer"),
    "answer-refused": (FAILED, ("item",), "a model gave no usable answer"),
    "answer-tool-call": (FAILED, ("item",), "a model called a tool instead of answering"),
    "bad-api-base": (USAGE, (), "the address of an endpoint cannot be used"),
    "bad-encoding": (
        FAILED,
        ("no text", "source"),
        "a source that is not in the encoding it is declared in",
    ),
    "bad-pattern": (FAILED, (), "a regular expression that is none"),
    "bad-project": (USAGE, (), "rlm.toml cannot be used"),
    "bad-proxy": (USAGE, (), "a proxy of the environment that is none of HTTP"),
    "bad-row": (FAILED, ("source",), "a row that is not what its record says, or no row at all"),
    "bad-tokenizer": (USAGE, (), "a file that is named as a tokenizer and is none"),
    "binary-source": (FAILED, ("no text", "source"), "a file that is no text"),
    "budget-cannot-fit": (BUDGET, ("unfit",), "even the best case exceeds the budget"),
    "budget-passed": (OK, (), "more was spent than the budget allows"),
    "budget-spent": (BUDGET, ("parks",), "a limit was reached during the run"),
    "cannot-split": (RECIPE, (), "a strategy that does not cut this kind of thing"),
    "code-changed": (FAILED, (), "a pinned Python file is not what it was"),
    "code-failed": (FAILED, (), "a Python function that failed, or gave what is not of its type"),
    "code-missing": (FAILED, (), "a Python function that cannot be loaded"),
    "code-origin": (RECIPE, (), "code that names no file and function"),
    "context-tight": (
        OK,
        ("computed",),
        "a request fits its model by the estimate, but not at its worst",
    ),
    "context-too-small": (RECIPE, ("computed",), "a request that may not fit what its model reads"),
    "contract-broken": (FAILED, (), "a partition that gave other pieces than it promised"),
    "coverage-broken": (FAILED, (), "a step did not read what its type promised"),
    "dataset-changed": (FAILED, (), "a pinned dataset is not what it was"),
    "dataset-missing": (FAILED, (), "a dataset's file cannot be opened"),
    "dataset-unreadable": (FAILED, (), "a dataset's file is no table"),
    "depth-too-short": (
        RECIPE,
        ("computed",),
        "a recursion whose levels do not reach down to a leaf",
    ),
    "document-unreadable": (
        FAILED,
        ("no text", "source"),
        "a document or packed file that is damaged or encrypted",
    ),
    "document-without-text": (FAILED, ("no text", "source"), "a document in which no text stands"),
    "duplicate-column": (FAILED, (), "a table with two columns of one name"),
    "duplicate-name": (RECIPE, (), "one name declared twice"),
    "empty-list": (FAILED, (), "nothing to choose from or to join"),
    "empty-source": (FAILED, ("no text", "source"), "a source with nothing in it"),
    "extra-missing": (FAILED, (), "something that needs an optional package"),
    "file-exists": (USAGE, (), "a file that would be written over"),
    "file-unwritable": (USAGE, (), "a file that cannot be written"),
    "files-left-out": (FAILED, (), "files that cannot be read, where none may be left out"),
    "import-broken": (RECIPE, (), "the imported file cannot be read"),
    "import-missing": (RECIPE, (), "a file that is not there"),
    "impossible-partition": (RECIPE, (), "a partition that could not cut any piece"),
    "incomplete-dataset": (RECIPE, (), "a dataset without its file or its label"),
    "input-too-large": (FAILED, ("unfit",), "an input larger than its declared max"),
    "internal": (INTERNAL, (), "a mistake of rlmlang itself"),
    "interrupted": (INTERRUPTED, ("parks",), "a run stopped with Ctrl-C"),
    "key-not-sent": (OK, (), "a key that is set was made for another endpoint"),
    "loose-unit": (RECIPE, (), "a unit stands apart from its number"),
    "metric-failed": (FAILED, (), "a metric gave no score"),
    "misplaced-documentation": (RECIPE, (), "a /// line with nothing below it that can carry it"),
    "missing-argument": (RECIPE, (), "an argument that must be given is not"),
    "missing-column": (FAILED, (), "a table without a column the record names"),
    "missing-dataset": (RECIPE, (), "an eval without a dataset"),
    "missing-edition": (RECIPE, (), "the file does not say which edition it is written for"),
    "missing-eval": (RECIPE, (), "a tuning that nothing judges"),
    "missing-input": (USAGE, (), "a parameter without a value"),
    "missing-return": (RECIPE, (), "a recipe or pattern without a result"),
    "missing-task": (RECIPE, (), "a prompt that does not say what to do"),
    "mock-exhausted": (FAILED, (), "a script has fewer answers than there are calls"),
    "mocked-failure": (FAILED, ("item",), "a test made this call fail"),
    "model-context-exceeded": (FAILED, ("item",), "the provider says the request is too long"),
    "model-failed": (FAILED, ("item",), "a model failed in some other way"),
    "model-ignores-limit": (FAILED, (), "a model writes more than it is allowed"),
    "model-key-missing": (FAILED, (), "a model whose key is not in the environment"),
    "model-quota-spent": (FAILED, ("parks",), "the provider's account has no money or quota left"),
    "model-rate-limited": (
        BUDGET,
        ("parks",),
        "the provider refuses requests for too long",
    ),
    "model-refused-key": (FAILED, ("parks",), "the provider does not take the key"),
    "model-refused-request": (FAILED, ("item",), "the provider does not take the request"),
    "model-slow": (OK, (), "a server answers fewer requests at a time than are sent"),
    "model-timeout": (FAILED, ("parks", "item"), "a model did not answer in time"),
    "model-unreachable": (FAILED, ("parks", "item"), "nothing answers at the endpoint"),
    "no-eval": (USAGE, (), "no such eval or tuning"),
    "no-model": (FAILED, (), "a model that does not exist"),
    "no-project-file": (USAGE, (), "there is no rlm.toml to trust"),
    "no-recipe": (USAGE, (), "a file without the recipe that is asked for"),
    "no-test": (FAILED, (), "no test has these words"),
    "not-a-field": (RECIPE, (), "a value stands where the bare name of a field is wanted"),
    "not-a-list": (RECIPE, (), "a verb that goes over a list was given one value"),
    "not-a-value": (RECIPE, (), "a declaration used as if it were a value"),
    "not-an-amount": (RECIPE, (), "no plain number where a bound is computed from it"),
    "not-applicable": (FAILED, (), "nothing can be written back"),
    "not-callable": (RECIPE, (), "something is called that is no function"),
    "not-comparable": (RECIPE, (), "two values that have no order or equality with each other"),
    "not-comparable-evals": (USAGE, (), "two evals over different examples"),
    "not-kept": (FAILED, (), "nothing may be sent, and a call has no kept answer"),
    "not-mocked": (FAILED, (), "a test asked a model"),
    "not-recordable": (FAILED, (), "no test can be written from this run"),
    "not-recorded": (FAILED, (), "a recorded run has no such answer"),
    "not-settable": (USAGE, (), "a part of the recipe that may not be set from outside"),
    "not-tuned": (USAGE, (), "there is no tuning to show"),
    "not-utf8": (FAILED, ("no text", "source"), "a file that is not UTF-8 text"),
    "nothing-expected": (RECIPE, (), "a test or eval that cannot fail"),
    "nothing-found": (FAILED, (), "a search that found nothing, for a prompt that needs something"),
    "nothing-matches": (FAILED, (), "a glob or folder without a text file"),
    "nothing-to-quote": (RECIPE, (), "a prompt returns a Quote and is shown nothing to quote from"),
    "nothing-to-tune": (RECIPE, (), "a tuning that may move nothing"),
    "number-too-large": (RECIPE, (), "a number that cannot be held exactly"),
    "optimizer-failed": (FAILED, (), "an optimizer broke off"),
    "output-too-small": (RECIPE, ("computed",), "answers that may not fit what the model writes"),
    "package-not-locked": (RECIPE, (), "a package without an exact version and a hash"),
    "partition-form": (RECIPE, (), "what stands behind `by` is no strategy"),
    "pattern-circle": (RECIPE, (), "a pattern or recipe that calls itself"),
    "plan-incomplete": (FAILED, (), "a plan whose steps read what no edge brings"),
    "plan-unreadable": (FAILED, (), "a file that is no plan, or of another version"),
    "plan-unsound": (FAILED, (), "a changed plan whose types or coverage no longer hold"),
    "plugin-broken": (FAILED, (), "a plug-in that cannot be loaded"),
    "plugin-missing": (FAILED, (), "a name no installed package provides"),
    "predictor-failed": (FAILED, (), "a predictor of one's own that broke off"),
    "predictor-missing": (
        FAILED,
        (),
        "a program without a predictor for one of the recipe's steps",
    ),
    "price-unknown": (USAGE, (), "a limit in dollars for a model without a known price"),
    "project-untrusted": (USAGE, (), "rlm.toml says where prompts, keys or code go, untrusted"),
    "prompt-without-input": (RECIPE, (), "a prompt without parameters"),
    "recipe-missing": (USAGE, (), "a recipe file that is not there"),
    "recipe-unreadable": (RECIPE, (), "a recipe that is not UTF-8 text, or too long"),
    "recipe-untrusted": (USAGE, (), "a recipe that does more than it is trusted with"),
    "recurse-branch": (RECIPE, (), "a branch without a fixed number of parts"),
    "recurse-clauses": (RECIPE, (), "a recursion that lacks a clause or says one twice"),
    "recurse-prune": (RECIPE, (), "a prune is a question whose answer is a Bool or a number"),
    "reduce-type": (RECIPE, (), "a join whose answer is no item of the next join"),
    "request-form-learned": (OK, (), "a model takes less than its tables say"),
    "request-too-large": (FAILED, ("item",), "a request that is larger than the plan allows"),
    "requirement-failed": (FAILED, (), "a require that does not hold"),
    "reserved-word": (RECIPE, (), "a word of the language names a step or declaration"),
    "result-too-large": (FAILED, (), "a recipe returns more than it says"),
    "sandbox-unavailable": (FAILED, (), "this tier does not work on this machine"),
    "session-out-of-time": (FAILED, ("item",), "a free-form session took longer than its `wall`"),
    "setting-form": (RECIPE, (), "a limit written as a choice, or a choice as a limit"),
    "sheet-missing": (FAILED, ("source",), "a workbook without the sheet that is named"),
    "slow-pattern": (FAILED, (), "a regular expression that backtracks without end"),
    "source-changed": (FAILED, (), "a file that changed during the run"),
    "source-form": (RECIPE, (), "a source that is not opened by a call with a place"),
    "source-is-file": (FAILED, (), "a file where a folder is wanted"),
    "source-is-folder": (FAILED, ("source",), "a folder where a file is wanted"),
    "source-missing": (FAILED, (), "a file that is not there"),
    "source-too-large": (FAILED, ("no text", "source"), "a file that unpacks to more than it may"),
    "source-type": (RECIPE, (), "a source opened as another kind of thing than its type"),
    "source-unreachable": (FAILED, (), "a URL that does not answer"),
    "source-unreadable": (FAILED, ("source",), "a file that may not or cannot be read"),
    "store-damaged": (FAILED, (), "the file that keeps runs is not what was written"),
    "store-missing": (FAILED, (), "there is no store at that place"),
    "store-too-new": (FAILED, (), "a newer version wrote this store"),
    "store-unwritable": (FAILED, ("parks",), "the file that keeps runs cannot be written"),
    "template-data": (RECIPE, (), "a context put into the task"),
    "template-path": (RECIPE, (), "a task that names something the prompt does not have"),
    "template-subset": (RECIPE, (), "a task that uses more of Jinja than recipes know"),
    "template-syntax": (RECIPE, (), "a task that is no valid template"),
    "test-file": (FAILED, (), "a file of a test cannot be read"),
    "too-deep": (RECIPE, (), "an expression that is nested too deeply"),
    "too-few-examples": (FAILED, (), "a split leaves a part empty"),
    "too-many-groups": (FAILED, (), "more groups than were declared"),
    "too-many-skipped": (FAILED, (), "more items were lost than on_error allows"),
    "trial-form": (RECIPE, (), "a line of a test, eval or tuning that cannot be read"),
    "trust-unreadable": (USAGE, (), "the list of trusted files cannot be read"),
    "tuned-stale": (OK, (), "a tuning was made for another version of its recipe"),
    "tuned-unreadable": (FAILED, (), "a tuning's file cannot be read"),
    "type-arguments": (RECIPE, (), "the wrong number of types between < and >"),
    "unclosed-bracket": (RECIPE, (), "a bracket that is never closed"),
    "unclosed-text": (RECIPE, (), "text that never ends"),
    "undeclared-model": (USAGE, (), "--model for a model that the recipe does not declare"),
    "unexpected-character": (RECIPE, (), "a character that has no meaning in the language"),
    "unexpected-end": (RECIPE, (), "the file ends in the middle of something"),
    "unexpected-token": (RECIPE, (), "a word or mark stands where it cannot"),
    "unknown-argument": (RECIPE, (), "an argument the called thing does not take"),
    "unknown-budget": (RECIPE, (), "no budget of that name"),
    "unknown-code": (USAGE, (), "a code no problem has"),
    "unknown-comparison": (USAGE, (), "neither an eval nor a commit"),
    "unknown-dataset": (RECIPE, (), "no dataset of that name"),
    "unknown-declaration": (RECIPE, (), "a line in column one begins no declaration"),
    "unknown-edition": (RECIPE, (), "the edition is not one this version reads"),
    "unknown-escape": (RECIPE, (), "a backslash in text that escapes nothing known"),
    "unknown-field": (RECIPE, (), "a field the record does not have"),
    "unknown-function": (RECIPE, (), "a call of something that cannot be called"),
    "unknown-import": (RECIPE, (), "a name that the imported file does not declare"),
    "unknown-input": (USAGE, (), "a value for something the recipe does not have"),
    "unknown-knob": (RECIPE, (), "a knob for what cannot be moved"),
    "unknown-metric": (RECIPE, (), "no metric of that name"),
    "unknown-model": (RECIPE, (), "no model of that name"),
    "unknown-name": (RECIPE, (), "a name that nothing here has"),
    "unknown-node": (FAILED, (), "a run without calls in that node"),
    "unknown-optimizer": (RECIPE, (), "no optimizer of that name"),
    "unknown-partition": (RECIPE, (), "no partition of that name"),
    "unknown-prompt": (RECIPE, (), "map, filter, reduce or recurse with what is no prompt"),
    "unknown-recipe": (RECIPE, (), "a test, eval, tune or batch for a recipe that is not there"),
    "unknown-run": (FAILED, (), "no run of that name"),
    "unknown-sandbox": (RECIPE, (), "no such choice of sandboxes"),
    "unknown-search": (RECIPE, (), "no search of that name"),
    "unknown-setting": (RECIPE, (), "a setting that means nothing here"),
    "unknown-source": (RECIPE, (), "no source of that name"),
    "unknown-tier": (USAGE, (), "--sandbox or rlm.toml names no sandbox"),
    "unknown-tool": (RECIPE, (), "a tool of a free-form prompt is no prompt that code could call"),
    "unknown-type": (RECIPE, (), "a type that is not declared"),
    "unknown-unit": (RECIPE, (), "a number with a unit nobody knows"),
    "unknown-verb": (RECIPE, (), "a step begins with a word that is no verb"),
    "unlike-lists": (RECIPE, ("computed",), "lists joined that do not hold the same items"),
    "unnamed-step": (RECIPE, (), "a model is called inside an expression"),
    "unscaled-cost": (RECIPE, (), "a cost is scored without a limit"),
    "unsound-coverage": (
        RECIPE,
        ("computed",),
        "a count over a list that may miss or repeat something",
    ),
    "unused-input": (RECIPE, (), "a parameter that nothing reads"),
    "unused-step": (OK, (), "a step that nothing reads"),
    "usage-above-worst": (OK, (), "an endpoint counts more tokens than were reserved"),
    "usage-unknown": (OK, (), "an endpoint reports a usage that cannot be true"),
    "wrong-input": (USAGE, (), "a value on the command line of the wrong type"),
    "wrong-setting": (RECIPE, (), "a setting with a value it does not take"),
    "wrong-type": (RECIPE, (), "a value of the wrong type"),
    "wrong-unit": (RECIPE, (), "an amount in a unit that does not measure this"),
    "wrong-usage": (USAGE, (), "an option or argument that the command does not take"),
    "wrong-value": (FAILED, (), "a value that an operation cannot take"),
}


@value
class Entry(Frozen):
    """A row of the table."""

    code: str
    exit_code: int
    marks: tuple[Mark, ...]
    title: str

    @property
    def severity(self) -> Severity:
        """Whether it stops something."""
        return "error" if self.exit_code else "warning"

    def __contains__(self, mark: Mark) -> bool:
        return mark in self.marks


def entry(code: str) -> Entry:
    """The row of a code. Raises KeyError for one that is not in the table."""
    return Entry(code, *CODES[code])
