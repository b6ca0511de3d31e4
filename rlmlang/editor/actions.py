"""What mends a problem, as edits: the fixes that the checker knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.diagnostics.fix import Edit
from rlmlang.diagnostics.source import Span
from rlmlang.editor.analysis import Analysis
from rlmlang.value import Frozen, value


@value
class Action(Frozen):
    """Edits of one file under a title; `mends` are the problems that are gone once they are made.
    With `all` it mends whatever can be mended in the file."""

    title: str
    edits: tuple[Edit, ...]
    mends: tuple[Diagnostic, ...]
    all: bool = False


def actions(analysis: Analysis, start: int, end: int) -> Iterator[Action]:
    """What can be done about the problems between two places, and about all of the file."""
    fixable = [d for d in analysis.problems if d.edits and _here(d.edits, analysis)]
    for problem in fixable:
        places = [label.at for label in problem.labels] + [edit.at for edit in problem.edits]
        spans = [at for at in places if isinstance(at, Span)]
        if any(x.start <= end and start <= x.end for x in spans):
            yield Action(_title(problem), problem.edits, (problem,))
    if len(fixable) > 1:
        made, mended = _together(fixable)
        yield Action("mend all that can be mended", made, mended, all=True)


def _title(problem: Diagnostic) -> str:
    words = problem.hint.splitlines()[0] if problem.hint else "mend it"
    near = problem.edits[0].text
    return f"write `{near}`" if words.endswith("?") and near else words


def _here(edits: Iterable[Edit], analysis: Analysis) -> bool:
    """Whether all edits are of this text, as it is now."""
    return all(e.at.source.path == analysis.source.path for e in edits)


def _together(
    problems: Iterable[Diagnostic],
) -> tuple[tuple[Edit, ...], tuple[Diagnostic, ...]]:
    """The edits of as many problems as do not touch each other's, the first ones first."""
    made: list[Edit] = []
    mended: list[Diagnostic] = []
    for problem in problems:
        if not any(_touch(new, old) for new in problem.edits for old in made):
            made += problem.edits
            mended.append(problem)
    return tuple(made), tuple(mended)


def _touch(a: Edit, b: Edit) -> bool:
    return a.at.start <= b.at.end and b.at.start <= a.at.end
