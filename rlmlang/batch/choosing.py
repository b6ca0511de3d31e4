"""Which batch is meant: one that a file declares, or one that the command line spells out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rlmlang import compiler, plugins
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.source import SourceFile
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.ir.suite import Checked
from rlmlang.runtime.checking import importing
from rlmlang.runtime.files import read_source
from rlmlang.runtime.prepared import BadRecipe
from rlmlang.schema.calls import OVER
from rlmlang.schema.dimensions import SPENT

TOTAL = "batch."
"""What stands before a limit of all items together, behind `--set`."""


@dataclass(frozen=True)
class Spelled:
    """A batch of the command line: what each parameter goes over, such as `docs/*.md`,
    `lines:asked.txt` or `rows:tickets.csv`, and what is said of its items."""

    each: Mapping[str, str]
    recipe: str = ""
    name: str = ""
    output: str = ""
    zipped: bool = False


def choose_batch(path: str, name: str, spelled: Spelled) -> s.Batch:
    """The batch of that name, the only one where no name is given, or the one that is spelled out.
    Raises BadRecipe and CodedError (no-batch)."""
    source = read_source(path)
    if name and spelled.each:
        words = f"batch `{name}` is declared, and another is spelled out"
        raise failed("no-batch", words, hint="leave out the name, or what it goes over")
    if spelled.each:
        found = _checked(source)
        title = _title(found, spelled.recipe)
        made = _checked(SourceFile(source.path, f"{source.text}\n{_declared(title, spelled)}"))
        return made.suite.batches[-1]
    return _choose(_checked(source).suite.batches, name, path)


def with_budget(batch: s.Batch, sets: Mapping[str, str]) -> tuple[s.Batch, dict[str, str]]:
    """The batch with the limits of all its items that are set, and what else is set. Raises
    CodedError (wrong-input)."""
    known = {d.name: d.setting for d in SPENT}
    changes: dict[str, object] = {}
    for path, text in sets.items():
        limit = path.removeprefix(TOTAL)
        if not path.startswith(TOTAL):
            continue
        if limit not in known:
            hint = did_you_mean(limit, known)
            raise failed("wrong-input", f"a batch has no limit of `{limit}`", hint=hint)
        changes[limit] = compiler.limit(limit, text)
        if changes[limit] is None:
            raise failed("wrong-input", f"{path}={text}: {known[limit].takes} is wanted")
    budget: r.Budget = batch.budget.having(changes)
    rest = {k: v for k, v in sets.items() if not k.startswith(TOTAL)}
    return replace(batch, budget=budget), rest


def _checked(source: SourceFile) -> Checked:
    found = compiler.check(source, importing(source.path), plugins=plugins)
    if not found.ok:
        raise BadRecipe(found.diagnostics)
    return found


def _title(found: Checked, name: str) -> str:
    """The recipe that is meant. Raises CodedError (no-recipe)."""
    chosen = name or found.main
    if chosen in found.recipes:
        return chosen
    known = list(found.recipes)
    words = f"there is no recipe `{name}`" if name else "the file has several recipes"
    hint = did_you_mean(name, known) if name else f"--recipe {' | '.join(known)}"
    raise failed("no-recipe", words, hint=hint)


def _declared(recipe: str, spelled: Spelled) -> str:
    """The declaration that says the same."""
    lines = [f"  each {name} in {_over(text)}" for name, text in spelled.each.items()]
    if spelled.name:
        lines.append(f"  name: {_quoted(spelled.name)}")
    if spelled.output:
        lines.append(f"  output: {_quoted(str(Path.cwd() / spelled.output))}")
    if spelled.zipped:
        lines.append("  pairs: zip")
    return "\n".join([f"batch {recipe}_each for {recipe} {{", *lines, "}", ""])


def _over(text: str) -> str:
    word, colon, rest = text.partition(":")
    if not colon or word not in OVER:
        word, rest = "glob", text
    return f"{word}({_quoted(str(Path.cwd() / rest))})"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _choose(made: Sequence[s.Batch], name: str, path: str) -> s.Batch:
    found = [x for x in made if name in ("", x.name)]
    if len(found) == 1:
        return found[0]
    known = [x.name for x in made]
    words = f"{path} has no batch `{name}`" if name else f"{path} has {len(made)} batches"
    words = words if made else f"{path} declares no batch"
    hint = did_you_mean(name, known) if name else f"name one: {', '.join(known)}"
    hint = hint if known else "spell it out: --each PARAMETER='docs/*.md'"
    raise failed("no-batch", words, hint=hint)
