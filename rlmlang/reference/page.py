"""What is known of a word: one value, which the terminal, the site and the editor show."""

from __future__ import annotations

from collections.abc import Mapping

from rlmlang.reference.examples import Kept, kept
from rlmlang.value import Frozen, value

GROUPS: Mapping[str, tuple[str, str]] = {
    "declaration": ("declarations", "What stands in a file: each begins a line of it."),
    "verb": ("verbs", "What a step does."),
    "line": ("lines", "What begins a line in braces."),
    "clause": ("clauses", "Words behind a verb, a declaration or a line."),
    "expression": ("expressions", "Words of expressions and conditions."),
    "coverage": ("coverage", "How much of a source a list holds."),
    "mark": ("marks", "Characters that mean something."),
    "type": ("types", "What a value may be."),
    "unit": ("units", "A unit is glued to its number: `8ktok`, `30min`. `k` and `M` multiply."),
    "function": ("functions", "Built-in functions, without a model. `rows` of the examples are the "
                 "three rows above."),
    "partition": ("partitions", "Ways of cutting, for `split` and `branch`."),
    "search": ("searches", "Ways of looking something up, for `search` and `cross`."),
    "source": ("sources", "Where text, rows and files come from."),
    "reader": ("forms of file", "What is read as the text that it holds."),
    "call": ("other calls", "What is written as a call beside functions and partitions."),
    "block": ("blocks", "Blocks of settings inside others."),
    "setting": ("settings", "What is written as `name: value` or `name <= value` in a block."),
    "argument": ("arguments", "What partitions, searches, sources and other calls take."),
    "limit": ("limits of a budget", "What a budget may limit."),
    "capability": ("capabilities", "What a model may take, in a `takes` block or in rlm.toml."),
    "tool": ("tools", "What code in a sandbox may call."),
    "sandbox": ("sandboxes", "Where code that a model writes may run."),
    "metric": ("metrics", "Scores of answers, from 0 to 1."),
    "format": ("formats", "What `--out` and `--format` write results in."),
    "export": ("exports", "Formats of `rlm export`."),
    "file": ("rlm.toml", "What a project keeps in `rlm.toml`."),
    "command": ("commands", "What `rlm` does."),
    "option": ("options", "What commands take."),
    "variable": ("variables", "Variables of the environment."),
    "exit": ("exit codes", "What a command returns."),
    "code": ("codes", "What may be wrong: the code of a problem, as its message has it."),
}  # fmt: skip
"""What a word may be: the words for several of it, and what they have in common; in order."""
ONE = {"line": "a word in braces", "clause": "a word of a clause", "expression": "a word of "
       "expressions", "coverage": "a coverage", "reader": "a form of file", "call": "a call",
       "limit": "a limit of a budget", "file": "of rlm.toml", "exit": "an exit code",
       "code": "the code of a problem", "export": "a format of runs"}  # fmt: skip


@value
class Row(Frozen):
    """A setting, argument, field or option: its name, what it takes, and what it is for."""

    name: str
    takes: str
    doc: str = ""


@value
class Page(Frozen):
    """What is known of a word. `title` says what it is, `form` how it is written, `doc` what else
    is to be known; `notes` are further facts, each below a word or below none. `call` is an example
    with its value; `place` is where examples are kept. `also` are other ways to write the word,
    `see` words that go with it, `of` what has it where several do."""

    word: str
    group: str
    title: str
    doc: str = ""
    form: str = ""
    rows: tuple[Row, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    call: tuple[str, str] = ("", "")
    place: str = ""
    also: tuple[str, ...] = ()
    see: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What the word is, in words: a verb, of rlm.toml."""
        article = "an" if self.group in ("argument", "option") else "a"
        return ONE.get(self.group, f"{article} {self.group}")

    @property
    def kept(self) -> Kept:
        """Its examples, and what is said beside them."""
        return kept(self.place)
